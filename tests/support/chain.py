"""The chain that suites share."""

from optionix.local.chain import (
    ADMIN,
    EXPIRY,
    FEED_OWNER,
    LISTER,
    NOTICE,
    SIGNER,
    START,
    STRIKES,
    TRADERS,
    LocalChain,
    local_chain,
)

__all__ = [
    "ADMIN",
    "EXPIRY",
    "FEED_OWNER",
    "LISTER",
    "NOTICE",
    "SIGNER",
    "START",
    "STRIKES",
    "TRADERS",
    "LocalChain",
    "local_chain",
]
