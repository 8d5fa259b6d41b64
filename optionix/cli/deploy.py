"""`optionix deploy`, `seed` and `verify`: a chain brought to what the networks file describes, filled, and checked."""

from __future__ import annotations

import asyncio
from decimal import Decimal, InvalidOperation
from typing import Any

import click

from optionix.chain import deployment as deployments
from optionix.chain.networks import default_network, network
from optionix.cli.output import emit_json, json_option
from optionix.errors import UserError
from optionix.settings import settings

network_option = click.option(
    "--network", "name", default=default_network, metavar="NAME", help="Network of networks.toml. Default: local."
)
"""The `--network` option; the command takes it as `name`."""


def endpoint(name: str) -> str:
    """The HTTP endpoint of a network: the settings' own for the local one, else its environment variable."""
    entry = network(name)
    return settings().rpc_url if entry.is_local else entry.rpc_url()


@click.command("deploy")
@network_option
@click.option("--account", metavar="ALIAS", help="ape account that signs. Not needed locally.")
@click.option("--admin", metavar="ADDRESS", help="First admin, a part of every address. Default: the signing account.")
@json_option
def deploy_command(name: str, account: str | None, admin: str | None, as_json: bool) -> None:
    """Deploy what is missing, register markets and feeds, set roles and parameters."""
    from optionix.chain.scripting import deploy_network

    report = deploy_network(name, endpoint(name), account=account, admin=admin)
    if as_json:
        emit_json(
            {
                "network": name,
                "created": report.created,
                "configured": report.configured,
                "deployment": report.deployment,
                "file": str(deployments.path_of(name, settings())),
            }
        )
        return
    for line in report.created:
        click.echo(f"created     {line}")
    for line in report.configured:
        click.echo(f"configured  {line}")
    if not report.created and not report.configured:
        click.echo(f"{name}: everything is deployed and set already; nothing was sent")
    click.echo(f"addresses in {deployments.path_of(name, settings())}")


@click.command("seed")
@network_option
@click.option(
    "--spot",
    "spots",
    multiple=True,
    metavar="SYMBOL=PRICE",
    help="First price of a feed that has none, such as ETH=1565.2.",
)
@json_option
def seed_command(name: str, spots: tuple[str, ...], as_json: bool) -> None:
    """Fill a local chain: signers, listings, liquidity, demo accounts."""
    from optionix.chain.scripting import seed_network

    report = asyncio.run(seed_network(name, endpoint(name), dict(map(parse_spot, spots))))
    values: dict[str, Any] = vars(report)
    if as_json:
        emit_json(values)
        return
    click.echo(
        f"{name}: listed {report.expiries} expiries and {report.series} series,"
        f" minted {report.minted} times, requested {len(report.requested)} deposits"
    )


@click.command("verify")
@network_option
@click.option("--fresh", is_flag=True, help="Compile anew instead of taking the result kept for these sources.")
@json_option
def verify_command(name: str, fresh: bool, as_json: bool) -> None:
    """Compare the contracts on chain with the sources; exit code 1 when one differs."""
    from optionix.chain.scripting import verify_network

    findings = verify_network(name, endpoint(name), fresh=fresh)
    wrong = [finding for finding in findings if not finding.ok]
    if as_json:
        emit_json(
            {
                "network": name,
                "ok": not wrong,
                "contracts": [
                    {"contract": entry.contract, "address": entry.address, "ok": entry.ok, "detail": entry.detail}
                    for entry in findings
                ],
            }
        )
    else:
        for finding in findings:
            verdict = "same   " if finding.ok else "DIFFERS"
            click.echo(f"{verdict}  {finding.contract} {finding.address} {finding.detail}".rstrip())
        click.echo(f"{name}: {len(findings)} contracts compared, {len(wrong)} differ")
    if wrong:
        raise SystemExit(1)


def parse_spot(text: str) -> tuple[str, Decimal]:
    """Read `ETH=1565.2`."""
    symbol, _, price = text.partition("=")
    try:
        value = Decimal(price)
    except InvalidOperation:
        value = Decimal(0)
    if not symbol or not value > 0:
        raise UserError(f"--spot {text!r} is not SYMBOL=PRICE with a price above zero, such as ETH=1565.2")
    return symbol.upper(), value
