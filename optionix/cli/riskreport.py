"""`optionix risk report`: forecasts, smiles, surfaces and scenarios as one page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from optionix.cli.modeloptions import FILE, asset_files, engine_options, horizon_days, progress
from optionix.cli.output import emit_json, json_option
from optionix.errors import UserError

if TYPE_CHECKING:
    from ml.compute import Engine
    from ml.report import Plot


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
    """Write a page of plots: forecasts from --bars, smiles, surfaces and scenarios from --chain."""
    from ml import report as page
    from ml.backtest import backtest
    from ml.bars import BadBars
    from ml.calibration.quotes import read_chain, snapshots
    from ml.files import read_bars_file

    days = horizon_days(horizons)
    if not paths and not chains:
        raise UserError("There is nothing to report on.", "Give --bars ASSET=FILE or --chain FILE, or both.")
    if out.exists() and not out.is_dir():
        raise UserError(f"{out} is not a folder.", "Give another --out.")
    given = asset_files(paths)
    # Files are read before anything is fitted: a bad one is told at once.
    tables = [read_chain(path) for path in chains]
    shown: list[Plot] = []
    try:
        bars = [read_bars_file(path, asset)[0] for asset, path in given]
        for one in bars:
            with progress(f"{one.asset}: fitting", as_json) as done:
                result = backtest(one, days, engine=engine, scheduler=scheduler, done=done)
            shown += page.forecast_plots(result)
    except BadBars as error:
        raise UserError(f"{error}.") from error
    for path, table in zip(chains, tables, strict=True):
        newest = list(snapshots(table[table.ts == table.ts.max()]))
        drawn = [plot for snapshot in newest for plot in page.chain_plots(snapshot)]
        if not drawn:
            raise UserError(f"{path} has no expiry in its newest snapshot with enough usable quotes.")
        shown += drawn
    with progress("drawing", as_json) as done:
        written = page.write(shown, out, done)
    if as_json:
        emit_json({"page": str(written), "plots": [f"{plot.name}.png" for plot in shown]})
        return
    click.echo(f"{len(shown)} plots: {written}")
