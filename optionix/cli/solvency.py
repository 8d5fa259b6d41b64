"""`optionix prove-solvency`: prove from a node alone that nobody is owed more than there is."""

from __future__ import annotations

import asyncio
import sys
from decimal import Decimal
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

from optionix.cli.output import emit_json, json_option
from optionix.settings import override, settings

if TYPE_CHECKING:
    from optionix.solvency.prove import Proof

_TAGS = ("finalized", "safe", "latest")
_SHOWN_ACCOUNTS = 20


def _block(_: click.Context, __: click.Parameter, value: str) -> int | str:
    if value in _TAGS:
        return value
    if not value.isdecimal():
        raise click.BadParameter(f"give a block number, or one of {', '.join(_TAGS)}")
    return int(value)


@click.command("prove-solvency")
@click.option("--rpc", "rpc_url", metavar="URL", help="The node to ask. Default: that of the network's settings.")
@click.option("--network", metavar="NAME", help="The network whose deployment it is. Default: that of the settings.")
@click.option(
    "--block", "at", default="finalized", show_default=True, callback=_block, metavar="N", help="Which block."
)
@click.option("--proof", "account", metavar="ACCOUNT", help="Print this account's way to the root instead, as JSON.")
@json_option
def prove_solvency_command(
    rpc_url: str | None, network: str | None, at: int | str, account: str | None, as_json: bool
) -> None:
    """Prove that the contracts hold what they owe, from logs and their answers alone.

    No database and no indexer take part. The logs say who there is, the contracts what each has; every book's worst
    loss over all prices is computed anew. What does not hold is named, and the exit code is 1.
    """
    override(network=network, rpc_url=rpc_url)
    proof = asyncio.run(_prove(at))
    if account is not None:
        emit_json(proof.inclusion(account))
    elif as_json:
        emit_json(proof.as_json())
    else:
        _show(proof)
    if not proof.holds:
        sys.exit(1)


async def _prove(at: int | str) -> Proof:
    from optionix.chain.deployment import load
    from optionix.chain.rpc import Rpc
    from optionix.solvency.prove import prove

    config = settings()
    with Console(stderr=True).status("reading") as status:
        async with Rpc(config.rpc_url) as rpc:
            return await prove(rpc, load(config.network, config), at, status.update)


def _show(proof: Proof) -> None:
    from optionix.chain.deployment import load

    tokens = {token.address.lower(): token for token in load(proof.network, settings()).tokens}
    console = Console()

    def whole(token: str, units: int) -> str:
        known = tokens.get(token)
        return f"{Decimal(units).scaleb(-known.decimals):f}" if known else str(units)

    def name(token: str) -> str:
        return tokens[token].symbol if token in tokens else token

    table = Table(title=f"{proof.network} at block {proof.block}", title_justify="left")
    for column in ("token", "assets", "liabilities", "free", "locked", "fee pots", "settling", "surplus"):
        table.add_column(column, justify="left" if column == "token" else "right")
    for each in proof.balances:
        figures = (each.held, each.liabilities, each.free, each.locked, each.pots, each.settling, each.surplus)
        table.add_row(name(each.token), *(whole(each.token, figure) for figure in figures))
    console.print(table)
    owed = Table(title=f"{len(proof.accounts)} accounts are owed something", title_justify="left")
    for column in ("account", "token", "free", "locked", "claims"):
        owed.add_column(column, justify="left" if column in ("account", "token") else "right")
    for account in proof.accounts[:_SHOWN_ACCOUNTS]:
        for part in account.owed:
            figures_of = (whole(part.token, figure) for figure in (part.free, part.locked, part.claims))
            owed.add_row(account.address, name(part.token), *figures_of)
    console.print(owed)
    if len(proof.accounts) > _SHOWN_ACCOUNTS:
        console.print(f"{len(proof.accounts) - _SHOWN_ACCOUNTS} more with --json")
    for identity in proof.identities:
        mark = "holds" if identity.holds else "FAILS"
        console.print(f"{mark}  {identity.name}: {identity.statement} ({identity.cases})", highlight=False)
        for failure in identity.failures:
            console.print(f"       {failure.subject}: {failure.why}", highlight=False)
    console.print(f"root of the accounts: {proof.root}", highlight=False)
