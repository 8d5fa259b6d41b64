"""`optionix risk`: serve, ask for a forecast; what works on files is in `optionix.cli.modelling`."""

from __future__ import annotations

import sys

import click
from rich.console import Console
from rich.table import Table

from optionix.cli.asking import ask
from optionix.cli.modelling import backtest, fit_surface, train
from optionix.cli.output import emit_json, json_option
from optionix.cli.riskreport import exceedances, report
from optionix.cli.riskscenarios import scenarios
from optionix.cli.riskview import account, portfolio


@click.group()
def risk() -> None:
    """The AI risk service: forecasts, surfaces, back-tests."""


@risk.command()
def serve() -> None:
    """Run the risk service until it is told to stop."""
    from ml.__main__ import run
    from optionix.service import main

    sys.exit(main("risk", run))


@risk.command()
@click.argument("market", type=int)
@click.option("--horizons", default="1,7,30", show_default=True, help="Days, separated by commas.")
@json_option
def forecast(market: int, horizons: str, as_json: bool) -> None:
    """Ask the running service for the forecasts of a market."""
    answer = ask(f"/forecasts/{market}?horizons={horizons}")
    if as_json:
        emit_json(answer)
        return
    table = Table("days", "volatility", "10 %", "50 %", "90 %", "model")
    for row in answer["horizons"]:
        annual = [(row[key] * 365 / row["days"]) ** 0.5 for key in ("q10", "q50", "q90")]
        table.add_row(str(row["days"]), f"{row['volatility']:.1%}", *(f"{value:.1%}" for value in annual), row["model"])
    Console().print(table)
    for problem in answer["problems"]:
        click.echo(problem)


for command in (account, backtest, exceedances, fit_surface, portfolio, report, scenarios, train):
    risk.add_command(command)
