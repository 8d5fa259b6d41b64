"""Sign-in with Ethereum (EIP-4361): nonce, verify, short access tokens, rotating refresh tokens, sign-out."""
