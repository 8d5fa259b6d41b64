"""`optionix risk`: serve, ask for a forecast, back-test."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import httpx
from rich.console import Console
from rich.progress import track
from rich.table import Table

from optionix.cli.output import emit_json, json_option
from optionix.errors import UserError


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


@risk.command()
@click.option("--bars", "path", required=True, type=click.Path(path_type=Path), help="CSV or Parquet: ts, close.")
@click.option("--asset", default="ASSET", show_default=True, help="Name in the rows.")
@click.option("--from", "first", metavar="DATE", help="First origin. Default: the first possible.")
@click.option("--to", "last", metavar="DATE", help="Last origin. Default: the last bar.")
@click.option("--horizons", default="1,7,30", show_default=True, help="Days, separated by commas.")
@click.option("--out", type=click.Path(path_type=Path), help="CSV file for one row per origin and horizon.")
@json_option
def backtest(
    path: Path, asset: str, first: str | None, last: str | None, horizons: str, out: Path | None, as_json: bool
) -> None:
    """Forecast a file of 30-minute bars by walking forward, and compare the models."""
    from ml import backtest as testing
    from ml.bars import BadBars, clean
    from ml.sources import read_file

    try:
        days = [int(part) for part in horizons.split(",")]
    except ValueError:
        raise UserError(f"--horizons {horizons} is not a list of days.", "Write it as 1,7,30.") from None
    if not all(0 < day <= 90 for day in days):
        raise UserError(f"--horizons {horizons}: use days from 1 to 90.")
    console = Console(stderr=True)
    try:
        start, close = read_file(path)
        if not len(start):
            raise BadBars(f"{path} has no bars")
        bars, report = clean(asset, start, close, int(start.max()) + 1800)
        with console.status("fitting") as status:
            judged = testing.backtest(bars, days, _seconds(first, 0), _seconds(last, bars.end), status.update)
    except BadBars as error:
        raise UserError(f"{error}.") from error
    if out is not None:
        testing.write(testing.rows(asset, judged), out)
    if as_json:
        emit_json(
            {
                "asset": asset,
                "inputs": {
                    name: getattr(report, name)
                    for name in ("bars", "first_bar", "last_bar", "gaps", "duplicates", "bad_ticks")
                },
                "degraded": report.gappy,
                "horizons": [_judged(entry) for entry in judged],
                "out": out,
            }
        )
        return
    for entry in judged:
        table = Table("model", "QLIKE where chosen", "QLIKE after", title=f"{asset}, {entry.walk.horizon_days} days")
        for name, score in sorted(entry.chosen_on.items(), key=lambda item: item[1]):
            after = f"{entry.scores[name]:.4f}" if entry.scores else "too short"
            table.add_row(f"{name} (chosen)" if name == entry.chosen else name, f"{score:.4f}", after)
        Console().print(table)


@risk.command("fit-surface")
@click.option("--chain", required=True, type=click.Path(path_type=Path), help="CSV or Parquet of option quotes.")
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), help="JSON file for the slices; .jsonl for lines."
)
@json_option
def fit_surface(chain: Path, out: Path, as_json: bool) -> None:
    """Fit raw SVI and the contract's SSVI to the snapshots of a chain file, free of arbitrage."""
    from ml.calibration import report
    from ml.calibration.quotes import read_chain, snapshots
    from ml.calibration.surface import fit_surface as fit

    if not out.parent.is_dir():
        raise UserError(f"There is no folder {out.parent}.", "Make it first.")
    table = read_chain(chain)
    total = table[["ts", "currency"]].drop_duplicates().shape[0]
    summary = report.Summary()

    def documents() -> Iterator[dict[str, Any]]:
        taken = track(snapshots(table), "fitting", total, console=Console(stderr=True), disable=as_json)
        for moment, _, expiries in taken:
            surface = fit(expiries)
            summary.add(surface, expiries)
            yield from (report.slice_document(moment, entry) for entry in surface.slices)

    report.write(documents(), out)
    document = summary.document()
    if as_json:
        emit_json(document | {"out": str(out)})
        return
    shown = Table("fit", "median", "95 %", "largest", title=f"{summary.slices} slices, errors in points of volatility")
    for name, key in (("raw SVI", "raw_svi_error_points"), ("SSVI", "ssvi_error_points")):
        if spread := document[key]:
            shown.add_row(name, *(f"{spread[column]:.3f}" for column in ("median", "p95", "max")))
    Console().print(shown)
    for reason, count in document["rejected_quotes"].items():
        click.echo(f"{count:8,} quotes left out: {reason}")
    if summary.skipped:
        click.echo(f"{summary.skipped:8,} expiries left out: too few usable quotes")
    for problem in summary.failed_checks:
        click.echo(f"failed: {problem}", err=True)


def _judged(entry: Any) -> dict[str, Any]:
    return {
        "days": entry.walk.horizon_days,
        "origins": len(entry.walk.end),
        "chosen": entry.chosen,
        "qlike_where_chosen": entry.chosen_on,
        "qlike_after": entry.scores,
        "coverage": dict(zip(("q10", "q50", "q90"), entry.coverage, strict=True)) if entry.scores else None,
    }


def ask(path: str) -> dict[str, Any]:
    """A JSON answer of the running service.

    Raises
    ------
    UserError
        When it does not answer or refuses.
    """
    from optionix.settings import settings

    url = settings().risk_url
    try:
        answer = httpx.get(f"{url}{path}", timeout=10, trust_env=False)
        body: dict[str, Any] = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise UserError(f"The risk service at {url} does not answer: {error}.", "Run `optionix up`.") from error
    if answer.status_code != 200:
        raise UserError(f"The risk service refused: {body.get('detail', body)}")
    return body


def _seconds(text: str | None, default: int) -> int:
    if text is None:
        return default
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UserError(f"{text!r} is not a date.", "Write it as 2023-03-06.") from None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
