"""Keys that the keeper signs with: encrypted keystore files, and on the local chain the known accounts."""

from __future__ import annotations

import json
from pathlib import Path

from eth_account import Account
from eth_account.signers.local import LocalAccount

from optionix.chain.networks import Network
from optionix.chain.transactions import local_account
from optionix.errors import UserError
from optionix.settings import Settings

LOCAL_CHAIN_ID = 31337
LOCAL_KEEPER = 1
LOCAL_SIGNER = 2


class KeyMissing(UserError):
    """A key is not configured or cannot be opened. The message never holds a secret."""


def sending_account(settings: Settings, network: Network) -> LocalAccount:
    """The account that pays for the keeper's transactions.

    Raises
    ------
    KeyMissing
        Naming the setting or the file.
    """
    if settings.keeper_keystore is not None:
        return open_keystore(settings.keeper_keystore, settings.keystore_password_file)
    return _local(network, LOCAL_KEEPER, "OPTIONIX_KEEPER_KEYSTORE")


def surface_signers(settings: Settings, network: Network) -> list[LocalAccount]:
    """The accounts that sign surfaces here, each once; errors as for `sending_account`."""
    if settings.surface_keystores:
        paths = [Path(part.strip()) for part in settings.surface_keystores.split(",") if part.strip()]
        return [open_keystore(path, settings.keystore_password_file) for path in paths]
    return [_local(network, LOCAL_SIGNER, "OPTIONIX_SURFACE_KEYSTORES")]


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


def _local(network: Network, index: int, setting: str) -> LocalAccount:
    if not network.is_local or network.chain_id != LOCAL_CHAIN_ID:
        raise KeyMissing(f"no key is configured for {network.title}.", f"Set {setting} to an encrypted keystore file.")
    return local_account(index)
