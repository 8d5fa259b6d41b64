"""Keys that the keeper signs with: encrypted keystore files, ape's accounts, remote signers; locally the known ones.

A key is named by a place: the path of a keystore file, `ape:NAME` for an account of ape (its own keystore file), or
`ADDRESS@URL` for a remote signer. The local chain alone has keys that need no name.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils.address import is_address

from keeper.signers import LocalSigner, RemoteSigner, Signer
from optionix.chain.networks import Network
from optionix.chain.rpc import Rpc
from optionix.chain.transactions import local_account
from optionix.errors import UserError
from optionix.settings import Settings

LOCAL_CHAIN_ID = 31337
LOCAL_KEEPER = 1
LOCAL_SIGNER = 2
_REMOTE_SECONDS = 10.0


class KeyMissing(UserError):
    """A key is not configured or cannot be opened. The message never holds a secret."""


def sending_signer(settings: Settings, network: Network) -> Signer:
    """Who signs the keeper's transactions, and pays for them.

    Raises
    ------
    KeyMissing
        Naming the setting or the file.
    """
    if settings.keeper_keystore:
        return signer_at(settings.keeper_keystore, settings.keystore_password_file)
    return _local(network, LOCAL_KEEPER, "OPTIONIX_KEEPER_KEYSTORE")


def surface_signers(settings: Settings, network: Network) -> list[Signer]:
    """Who signs surfaces here, each once; errors as for `sending_signer`."""
    places = [part.strip() for part in settings.surface_keystores.split(",") if part.strip()]
    if places:
        return [signer_at(place, settings.keystore_password_file) for place in places]
    return [_local(network, LOCAL_SIGNER, "OPTIONIX_SURFACE_KEYSTORES")]


def signer_at(place: str, password_file: Path | None) -> Signer:
    """The signer that a place names; errors as for `sending_signer`."""
    address, at, url = place.partition("@")
    if at and is_address(address):
        if not url.startswith(("http://", "https://")):
            raise KeyMissing(
                f"the remote signer of {address} has no http address.", "Write it as ADDRESS@https://HOST."
            )
        return RemoteSigner(Rpc(url, timeout=_REMOTE_SECONDS), address)
    if place.startswith("ape:"):
        folder = Path(os.environ.get("APE_DATA_FOLDER") or Path.home() / ".ape")
        return LocalSigner(open_keystore(folder / "accounts" / f"{place[4:]}.json", password_file))
    return LocalSigner(open_keystore(Path(place), password_file))


def open_keystore(path: Path, password_file: Path | None) -> LocalAccount:
    """Decrypt a keystore file with the first line of a password file."""
    if password_file is None:
        raise KeyMissing(f"{path} is encrypted.", "Set OPTIONIX_KEYSTORE_PASSWORD_FILE to a file with its password.")
    try:
        password = password_file.read_text(encoding="utf-8").splitlines()[0]
        keystore = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, IndexError, ValueError) as error:
        raise KeyMissing(f"cannot read {getattr(error, 'filename', None) or path}.") from error
    try:
        account: LocalAccount = Account.from_key(Account.decrypt(keystore, password))
    except (ValueError, TypeError, KeyError):
        # Without its cause, which may quote what it was given.
        raise KeyMissing(f"the password of {password_file} does not open {path}.") from None
    return account


def _local(network: Network, index: int, setting: str) -> Signer:
    if not network.is_local or network.chain_id != LOCAL_CHAIN_ID:
        raise KeyMissing(f"no key is configured for {network.title}.", f"Set {setting} to an encrypted keystore file.")
    return LocalSigner(local_account(index))
