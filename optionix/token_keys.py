"""The keys that sign access tokens: a folder of PEM files that every replica of the API reads.

A file goes by the time it was made. The newest key signs and all of them verify, so that a rotation signs nobody out;
older keys are removed when no token of theirs lives any more.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from optionix.errors import UserError

ALGORITHM = "ES256"
_STAMP = "%Y%m%dT%H%M%S%fZ"
_BYTES = 32


class TokenKeysMissing(UserError):
    """There is no key to sign with, or one that cannot be read."""


@dataclass(frozen=True)
class TokenKey:
    """One key.

    Attributes
    ----------
    kid : thumbprint of the public half (RFC 7638): what a token names it by.
    """

    kid: str
    private: ec.EllipticCurvePrivateKey

    def jwk(self) -> dict[str, str]:
        """The public half, for others to verify with (RFC 7517)."""
        return _thumbprint_members(self.private) | {"kid": self.kid, "use": "sig", "alg": ALGORITHM}


class TokenKeys:
    """The keys of a folder, read again when the folder changes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: tuple[tuple[str, int], ...] = ()
        self._keys: dict[str, TokenKey] = {}

    @property
    def signing(self) -> TokenKey:
        """The newest.

        Raises
        ------
        TokenKeysMissing
        """
        return next(reversed(self.all().values()))

    def find(self, kid: str) -> TokenKey | None:
        """The key that a token names."""
        return self.all().get(kid)

    def all(self) -> dict[str, TokenKey]:
        """By their names, the newest last.

        Raises
        ------
        TokenKeysMissing
            No key, or a file that holds none.
        """
        files = sorted(self._folder.glob("*.pem"))
        seen = tuple((path.name, path.stat().st_mtime_ns) for path in files)
        if seen != self._seen:
            keys = [_read(path) for path in files]
            self._keys, self._seen = {key.kid: key for key in keys}, seen
        if not self._keys:
            raise TokenKeysMissing(f"no key signs access tokens in {self._folder}: run `optionix token-keys rotate`")
        return self._keys


def rotate(folder: Path, *, keep: int = 2) -> TokenKey:
    """Make a new key, which signs from now on, and remove all but the newest `keep`."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = _key_of(ec.generate_private_key(ec.SECP256R1()))
    path = folder / f"{datetime.now(UTC).strftime(_STAMP)}.pem"
    # Whole or not at all, and never readable by others: replicas read the folder at any time.
    half = path.with_suffix(".half")
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(
            key.private.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
    half.rename(path)
    for old in sorted(folder.glob("*.pem"))[:-keep]:
        old.unlink()
    return key


def _read(path: Path) -> TokenKey:
    try:
        private = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm, OSError) as error:
        raise TokenKeysMissing(f"{path} holds no private key ({error}): remove it and rotate") from error
    if not isinstance(private, ec.EllipticCurvePrivateKey) or not isinstance(private.curve, ec.SECP256R1):
        raise TokenKeysMissing(f"{path} is not a P-256 key, which {ALGORITHM} takes: remove it and rotate")
    return _key_of(private)


def _key_of(private: ec.EllipticCurvePrivateKey) -> TokenKey:
    members = json.dumps(_thumbprint_members(private), separators=(",", ":"), sort_keys=True)
    return TokenKey(_base64(hashlib.sha256(members.encode()).digest()), private)


def _thumbprint_members(private: ec.EllipticCurvePrivateKey) -> dict[str, str]:
    point = private.public_key().public_numbers()
    x, y = (_base64(number.to_bytes(_BYTES, "big")) for number in (point.x, point.y))
    return {"crv": "P-256", "kty": "EC", "x": x, "y": y}


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
