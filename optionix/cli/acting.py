"""Who acts: the key behind a command, from a keystore file or, on the local chain, by its number."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
from eth_account import Account
from eth_account.signers.local import LocalAccount

from optionix.chain.networks import network
from optionix.chain.transactions import local_account
from optionix.cli.deploy import endpoint
from optionix.client import Client
from optionix.errors import UserError

F = TypeVar("F", bound=Callable[..., Any])

DEFAULT_LOCAL_ACCOUNT = 5


def account_options(command: F) -> F:
    """`--account` and `--keystore`; the command takes them as keywords and gives them to `open_client`."""
    keystore = click.option(
        "--keystore",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="Encrypted key file that signs.",
    )
    number = click.option(
        "--account",
        type=click.IntRange(0, 29),
        help="Number of a local account that signs. Default: 5. Local chain only.",
    )
    return number(keystore(command))


def open_client(name: str, **key: Any) -> Client:
    """A client of a network; with `account` or `keystore` among the keywords it can act, without it reads only.

    Raises
    ------
    UserError
        When a public network is to be acted on without a keystore, or the passphrase is wrong.
    """
    return Client(name, _key(name, **key) if key else None, rpc_url=endpoint(name))


def _key(name: str, *, account: int | None, keystore: Path | None) -> LocalAccount:
    if keystore is not None:
        passphrase = click.prompt("Passphrase", hide_input=True, err=True)
        try:
            opened: LocalAccount = Account.from_key(Account.decrypt(json.loads(keystore.read_text()), passphrase))
        except ValueError as error:
            raise UserError(f"{keystore} cannot be opened: {error}") from error
        return opened
    if not network(name).is_local:
        raise UserError(f"{network(name).title} needs --keystore: the numbered accounts exist on the local chain only")
    return local_account(DEFAULT_LOCAL_ACCOUNT if account is None else account)
