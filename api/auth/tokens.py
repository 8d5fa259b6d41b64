"""Access tokens: short, signed by a key of the ring, good for one account and one session."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import jwt

from api.auth.errors import Unauthorized
from optionix.token_keys import ALGORITHM, TokenKeys

ACCESS_SECONDS = 300
_REFRESH_BYTES = 32


@dataclass(frozen=True)
class Identity:
    """Who asks."""

    account: str
    session: str


class AccessTokens:
    """Makes and reads the access tokens of one place."""

    def __init__(self, keys: TokenKeys, domain: str, chain_id: int) -> None:
        self._keys = keys
        self._domain = domain
        self._chain_id = chain_id

    def make(self, identity: Identity, now: datetime) -> str:
        """A token that lives `ACCESS_SECONDS`."""
        key = self._keys.signing
        claims = {
            "iss": self._domain,
            "aud": self._domain,
            "sub": identity.account,
            "sid": identity.session,
            "chain_id": self._chain_id,
            "iat": now,
            "exp": now + timedelta(seconds=ACCESS_SECONDS),
        }
        return jwt.encode(claims, key.private, ALGORITHM, headers={"kid": key.kid})

    def read(self, token: str) -> Identity:
        """Who a token is of.

        Raises
        ------
        Unauthorized
        """
        try:
            key = self._keys.find(str(jwt.get_unverified_header(token).get("kid")))
            if key is None:
                raise Unauthorized("The key of this access token is no longer in force: refresh it.")
            claims = jwt.decode(
                token,
                key.private.public_key(),
                algorithms=[ALGORITHM],
                audience=self._domain,
                issuer=self._domain,
                options={"require": ["exp", "iat", "sub", "sid", "chain_id"]},
            )
        except jwt.ExpiredSignatureError as error:
            raise Unauthorized("The access token has expired: refresh it.") from error
        except jwt.InvalidTokenError as error:
            raise Unauthorized("This is no access token of this API: sign in.") from error
        if claims["chain_id"] != self._chain_id:
            raise Unauthorized(f"The access token is for chain {claims['chain_id']}: sign in here.")
        return Identity(str(claims["sub"]), str(claims["sid"]))


def new_refresh_token() -> str:
    """A secret that nobody guesses."""
    return secrets.token_urlsafe(_REFRESH_BYTES)


def hash_of(refresh_token: str) -> str:
    """What is stored of a refresh token: who reads the tables cannot use it."""
    return hashlib.sha256(refresh_token.encode()).hexdigest()
