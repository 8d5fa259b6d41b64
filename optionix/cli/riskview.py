"""`optionix risk account` and `optionix risk portfolio`: what somebody stands to lose, as a table or as JSON."""

from __future__ import annotations

from typing import Any

import click
from rich.console import Console
from rich.table import Table

from optionix.cli.asking import ask
from optionix.cli.legs import split_leg
from optionix.cli.output import emit_json, json_option


@click.command()
@click.argument("address")
@json_option
def account(address: str, as_json: bool) -> None:
    """Risk of an account or a vault: greeks, scenarios, value at risk, worst losses, findings."""
    _tell("/risk/account", {"account": address}, as_json)


@click.command()
@click.argument("legs", nargs=-1, required=True, metavar="INSTRUMENT=AMOUNT...")
@json_option
def portfolio(legs: tuple[str, ...], as_json: bool) -> None:
    """Risk of options that you might have: ETH-27NOV26-3000-C=2 ETH-27NOV26-3400-C=-2 (negative: written)."""
    _tell("/risk/portfolio", {"legs": [_leg(text) for text in legs]}, as_json)


def _leg(text: str) -> dict[str, str]:
    instrument, amount = split_leg(text)
    return {"instrument": instrument, "amount": amount}


def _tell(path: str, body: dict[str, Any], as_json: bool) -> None:
    from optionix.chain.networks import network
    from optionix.settings import settings

    answer = ask(path, {"chain_id": network(settings().network).chain_id} | body)
    if as_json:
        emit_json(answer)
        return
    console = Console()
    for finding in answer["findings"]:
        console.print(f"[bold]{finding['severity']:9}[/bold]{finding['text']}", highlight=False)
    if answer["exposures"]:
        console.print(_exposures(answer["exposures"]))
    for scenario in answer["scenarios"]:
        console.print(_scenario(scenario))
    if answer["tails"]:
        console.print(_tails(answer["tails"]))
    if answer["worst_cases"]:
        console.print(_worst(answer["worst_cases"]))
    click.echo(f"At block {answer['block']}, market time {answer['as_of']}. Values in quote.")


def _exposures(rows: list[dict[str, Any]]) -> Table:
    table = Table("market", "expiry", "value", "delta", "gamma", "vega", "theta", title="Greeks")
    for row in rows:
        figures = [f"{row[name]:,.2f}" for name in ("value", "delta")]
        figures += [f"{row['gamma']:.5f}", *(f"{row[name]:,.2f}" for name in ("vega", "theta"))]
        table.add_row(row["symbol"], _day(row["expiry"]), *figures)
    return table


def _scenario(row: dict[str, Any]) -> Table:
    table = Table("volatility", *(f"{move:+.0%}" for move in row["spot_moves"]), title=f"{row['symbol']} by spot move")
    for move, changes in zip(row["volatility_moves"], row["changes"], strict=True):
        table.add_row(f"{move:+.0%}", *(f"{change:,.0f}" for change in changes))
    return table


def _tails(rows: list[dict[str, Any]]) -> Table:
    table = Table("days", "level", "value at risk", "expected shortfall", "history", title="Tails")
    for row in rows:
        table.add_row(
            str(row["days"]), f"{row['level']:.0%}", f"{row['value_at_risk']:,.2f}",
            f"{row['expected_shortfall']:,.2f}", f"{row['history_days']} days",
        )  # fmt: skip
    return table


def _worst(rows: list[dict[str, Any]]) -> Table:
    table = Table("market", "side", "expiry", "locked", "worst loss", "at price", title="Worst losses of books")
    for row in rows:
        unit = 10 ** row["decimals"]
        price = (
            "without end" if row["unbounded"] else "-" if row["price"] is None else f"{int(row['price']) / 1e18:,.2f}"
        )
        table.add_row(
            str(row["market"]), row["side"], _day(row["expiry"]), f"{int(row['locked']) / unit:,.6g}",
            f"{int(row['loss']) / unit:,.6g}", "without end" if row["unbounded"] else price,
        )  # fmt: skip
    return table


def _day(expiry: int) -> str:
    from optionix.instruments import format_expiry

    return format_expiry(expiry)
