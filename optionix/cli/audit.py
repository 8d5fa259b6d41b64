"""`optionix audit`: compare the tables with the contracts."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

from optionix.cli.output import emit_json, json_option
from optionix.settings import override, settings
from optionix.store import migrate

if TYPE_CHECKING:
    from indexer.audit.run import AuditResult


def _block(_: click.Context, __: click.Parameter, value: str) -> int | str:
    if value in ("finalized", "indexed"):
        return value
    if not value.isdecimal():
        raise click.BadParameter("give a block number, 'finalized' or 'indexed'")
    return int(value)


@click.command("audit")
@click.option("--network", metavar="NAME", help="The network to audit. Default: that of the settings.")
@click.option(
    "--block",
    "at",
    default="finalized",
    show_default=True,
    callback=_block,
    metavar="N",
    help="A block from the newest final to the newest indexed one, or one of these two words.",
)
@json_option
def audit_command(network: str | None, at: int | str, as_json: bool) -> None:
    """Ask the contracts for every balance, book, leg, supply, vault total, request, fee pot, order and setting.

    What differs from the tables is counted and named. So are sums of the tables that do not come to what they should:
    open interest, realised profit, and the tokens that the Clearinghouse owes beside those that it has.

    The exit code is 1 when anything does.
    """
    override(network=network)
    migrate.require_current(settings().database_url)
    result = asyncio.run(_audit(at))
    if as_json:
        emit_json(result.as_json())
    else:
        _show(result)
    if result.drift:
        sys.exit(1)


async def _audit(at: int | str) -> AuditResult:
    # The services import the ground floor; only this command goes the other way, when it is called.
    from indexer.audit.run import audit, store
    from indexer.setup import from_deployment
    from optionix.chain.deployment import load
    from optionix.chain.rpc import Rpc
    from optionix.store.engine import conninfo

    config = settings()
    where = conninfo(config.database_url, application="audit")
    async with Rpc(config.rpc_url) as rpc:
        result = await audit(rpc, await from_deployment(load(config.network, config), rpc), where, at)
    await asyncio.to_thread(store, where, result)
    return result


def _show(result: AuditResult) -> None:
    table = Table(title=f"audit at block {result.block.number}", title_justify="left")
    table.add_column("kind")
    table.add_column("compared", justify="right")
    table.add_column("drift", justify="right")
    for kind, drift in result.drift_by_kind().items():
        table.add_row(kind, str(result.checked[kind]), str(drift))
    table.add_row("all", str(sum(result.checked.values())), str(result.drift))
    console = Console()
    console.print(table)
    for entry in result.as_json()["differences"]:
        console.print(f"{entry['kind']} {entry['subject']}: tables {entry['tables']}, contract {entry['contract']}")
