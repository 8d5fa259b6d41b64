"""`optionix risk report` and `optionix risk exceedances`: forecasts, smiles, scenarios and values at risk, judged."""

from __future__ import annotations

import math
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.table import Table

from optionix.cli.modeloptions import FILE, asset_files, engine_options, horizon_days, progress
from optionix.cli.output import emit_json, json_option
from optionix.errors import UserError

if TYPE_CHECKING:
    from ml.bars import Bars
    from ml.compute import Engine
    from ml.exceedances import Exceedances
    from ml.page import Plot


@click.command()
@click.option("--out", required=True, type=FILE, help="Folder for index.html and the plots as PNG files.")
@click.option("--bars", "paths", multiple=True, metavar="ASSET=FILE", help="Bars to back-test; again for more assets.")
@click.option("--chain", "chains", multiple=True, type=FILE, help="Option quotes; the newest snapshot is drawn.")
@click.option("--horizons", default="1,7,30", show_default=True, help="Days, separated by commas.")
@engine_options
@json_option
def report(
    out: Path,
    paths: tuple[str, ...],
    chains: tuple[Path, ...],
    horizons: str,
    engine: Engine,
    scheduler: str | None,
    as_json: bool,
) -> None:
    """Write a page of plots: forecasts and values at risk from --bars, smiles, surfaces, scenarios from --chain."""
    days = horizon_days(horizons)
    if not paths and not chains:
        raise UserError("There is nothing to report on.", "Give --bars ASSET=FILE or --chain FILE, or both.")
    if out.exists() and not out.is_dir():
        raise UserError(f"{out} is not a folder.", "Give another --out.")
    given = asset_files(paths)
    from ml import page
    from ml.calibration.quotes import read_chain

    # Files are read before anything is fitted: a bad one is told at once.
    tables = [read_chain(path) for path in chains]
    shown: list[Plot] = []
    for one in _bars(given):
        shown += _forecasts(one, days, engine, scheduler, as_json)
    for path, table in zip(chains, tables, strict=True):
        from ml.calibration.quotes import snapshots
        from ml.chain_report import chain_plots

        newest = list(snapshots(table[table.ts == table.ts.max()]))
        drawn = [plot for snapshot in newest for plot in chain_plots(snapshot)]
        if not drawn:
            raise UserError(f"{path} has no expiry in its newest snapshot with enough usable quotes.")
        shown += drawn
    with progress("drawing", as_json) as done:
        written = page.write(shown, out, done)
    if as_json:
        emit_json({"page": str(written), "plots": [f"{plot.name}.png" for plot in shown]})
        return
    click.echo(f"{len(shown)} plots: {written}")


def _forecasts(bars: Bars, days: list[int], engine: Engine, scheduler: str | None, as_json: bool) -> list[Plot]:
    # What judges forecasts takes seconds to load: a report of a chain alone does without.
    from ml.backtest import backtest
    from ml.bars import BadBars
    from ml.forecast_report import exceedance_plots, forecast_plots

    try:
        with progress(f"{bars.asset}: fitting", as_json) as done:
            result = backtest(bars, days, engine=engine, scheduler=scheduler, done=done)
    except BadBars as error:
        raise UserError(f"{error}.") from error
    return [*forecast_plots(result), *exceedance_plots(bars)]


def _bars(given: list[tuple[str, Path]]) -> list[Bars]:
    if not given:
        return []
    from ml.bars import BadBars
    from ml.files import read_bars_file

    try:
        return [read_bars_file(path, asset)[0] for asset, path in given]
    except BadBars as error:
        raise UserError(f"{error}.") from error


@click.command()
@click.option("--bars", "paths", required=True, multiple=True, metavar="ASSET=FILE", help="Again for more assets.")
@json_option
def exceedances(paths: tuple[str, ...], as_json: bool) -> None:
    """Say whether values at risk hold on bars: how often losses were beyond them, and whether in clusters.

    One-day values at risk at 95 and 99 % of a coin held, a coin sold short and a short straddle of a week, each from
    the 250 days before it, against what came; tests of Kupiec (frequency) and Christoffersen (with independence).
    """
    from ml.exceedances import of_bars
    from ml.paths import TooFewDays

    judged = {}
    for bars in _bars(asset_files(paths)):
        try:
            judged[bars.asset] = of_bars(bars)
        except TooFewDays as error:
            raise UserError(f"{error}.", "Give a longer history.") from error
    rows = [
        _row(asset, portfolio, one)
        for asset, levels in judged.items()
        for portfolios in levels.values()
        for portfolio, one in portfolios.items()
    ]
    if as_json:
        emit_json({"exceedances": rows})
        return
    shown = Table("asset", "portfolio", "level", "days", "exceeded", "expected", "Kupiec p", "Christoffersen p")
    for row in rows:
        shown.add_row(
            row["asset"], row["portfolio"], f"{row['level']:.0%}", f"{row['days']:,}", str(row["count"]),
            f"{row['expected']:.1f}", f"{row['kupiec_p']:.3f}", f"{row['christoffersen_p']:.3f}",
        )  # fmt: skip
    Console().print(shown)


def _row(asset: str, portfolio: str, one: Exceedances) -> dict[str, Any]:
    """As JSON, which has no nan: null where there is nothing to be independent."""
    figures = {name: None if math.isnan(value) else value for name, value in asdict(one).items()}
    return {"asset": asset, "portfolio": portfolio, "expected": one.expected} | figures
