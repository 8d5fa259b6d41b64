"""`optionix risk` on files: back-tests of bars, surfaces of option chains, training."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.table import Table

from optionix.cli.modeloptions import FILE, asset_files, engine_options, horizon_days, progress, seconds_of
from optionix.cli.output import emit_json, json_option
from optionix.errors import UserError

if TYPE_CHECKING:
    from ml.backtest import Judged
    from ml.calibration.surface import FittedSurface
    from ml.chain_report import Snapshot
    from ml.compute import Engine
    from ml.regimes import Skill


@click.command()
@click.option("--bars", "path", required=True, type=FILE, help="CSV or Parquet: ts, close; high, low, volume help.")
@click.option("--implied", type=FILE, help="CSV or Parquet of implied volatility: date and dvol_close, iv or implied.")
@click.option("--asset", default="ASSET", show_default=True, help="Name in the rows.")
@click.option("--from", "first", metavar="DATE", help="First origin. Default: the first possible.")
@click.option("--to", "last", metavar="DATE", help="Last origin. Default: the last bar.")
@click.option("--horizons", default="1,7,30", show_default=True, help="Days, separated by commas.")
@click.option("--out", type=FILE, help="CSV or Parquet file for one row per origin and horizon.")
@click.option("--regimes", is_flag=True, help="Say whether forecasts of the regime have skill.")
@engine_options
@json_option
def backtest(
    path: Path,
    implied: Path | None,
    asset: str,
    first: str | None,
    last: str | None,
    horizons: str,
    out: Path | None,
    regimes: bool,
    engine: Engine,
    scheduler: str | None,
    as_json: bool,
) -> None:
    """Forecast a file of bars by walking forward, a row a day, and compare the models."""
    from ml import backtest as testing
    from ml.bars import BadBars
    from ml.files import read_bars_file, read_implied_file

    days = horizon_days(horizons)
    begin, end = seconds_of(first, 0), seconds_of(last, 2**62)
    if begin > end:
        raise UserError(f"--from {first} is after --to {last}.", "Exchange them.")
    try:
        bars, report = read_bars_file(path, asset)
        volatility = None if implied is None else read_implied_file(implied)
        with progress("fitting", as_json) as done:
            result = testing.backtest(
                bars,
                days,
                implied=volatility,
                engine=engine,
                scheduler=scheduler,
                done=done,
            )
        table = testing.rows(result, begin, end)
    except BadBars as error:
        raise UserError(f"{error}.") from error
    if out is not None:
        testing.write(table, out)
    document: dict[str, Any] = {
        "asset": asset,
        "inputs": {
            name: getattr(report, name) for name in ("bars", "first_bar", "last_bar", "gaps", "duplicates", "bad_ticks")
        }
        | {"step_seconds": bars.step},
        "rows": len(table),
        "degraded_rows": int((table.degraded != "").sum()),
        "horizons": [_judged(entry) for entry in result.judged],
        "out": out,
    }
    if regimes:
        document["regimes"] = [_skill(whole) | {"after": _skill(after)} for whole, after in result.regimes]
    if as_json:
        emit_json(document)
        return
    for entry in result.judged:
        _show(asset, entry)
    for whole, after in result.regimes if regimes else ():
        click.echo(f"regimes, all origins: {whole.verdict}")
        click.echo(f"regimes, after the cut: {after.verdict}")
    if document["degraded_rows"]:
        click.echo(f"{document['degraded_rows']:,} of {len(table):,} rows are marked degraded")


@click.command("fit-surface")
@click.option("--chain", required=True, type=FILE, help="CSV or Parquet of option quotes.")
@click.option("--out", required=True, type=FILE, help="JSON file for the slices; .jsonl for lines.")
@click.option("--plots", type=FILE, help="Folder for smiles and surface of each snapshot: index.html and PNG files.")
@engine_options
@json_option
def fit_surface(
    chain: Path, out: Path, plots: Path | None, engine: Engine, scheduler: str | None, as_json: bool
) -> None:
    """Fit raw SVI and the contract's SSVI to the snapshots of a chain file, free of arbitrage."""
    from ml.calibration import report
    from ml.calibration.quotes import read_chain, snapshots
    from ml.calibration.surface import fit_surface as fit
    from ml.compute import each

    if not out.parent.is_dir():
        raise UserError(f"There is no folder {out.parent}.", "Make it first.")
    if plots is not None and plots.exists() and not plots.is_dir():
        raise UserError(f"{plots} is not a folder.", "Give another --plots.")
    taken = list(snapshots(read_chain(chain)))
    summary = report.Summary()
    with progress("fitting", as_json) as done:
        surfaces = each(
            fit,
            [expiries for _, _, expiries in taken],
            engine,
            scheduler,
            lambda count: done(count, len(taken)),
        )

    def documents() -> Iterator[dict[str, Any]]:
        for (moment, _, expiries), surface in zip(taken, surfaces, strict=True):
            summary.add(surface, expiries)
            yield from (report.slice_document(moment, entry) for entry in surface.slices)

    report.write(documents(), out)
    document = summary.document() | {"out": str(out)}
    if plots is not None:
        document["plots"] = _draw(taken, surfaces, plots, as_json)
    if as_json:
        emit_json(document)
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


def _draw(taken: Sequence[Snapshot], surfaces: Sequence[FittedSurface], folder: Path, as_json: bool) -> str:
    """Smiles and surface of every snapshot on one page; where it is."""
    from ml import page
    from ml.chain_report import surface_plots

    many = len(taken) > 1
    shown = [
        plot
        for (moment, currency, _), surface in zip(taken, surfaces, strict=True)
        for plot in surface_plots(moment, currency, surface, f"-{moment:%Y%m%dT%H%M}" if many else "")
    ]
    with progress("drawing", as_json) as done:
        return str(page.write(shown, folder, done))


@click.command()
@click.option("--bars", "paths", required=True, multiple=True, help="ASSET=FILE; again for more files and assets.")
@click.option(
    "--until", "moments", required=True, multiple=True, metavar="DATE", help="Learn up to here; again for more."
)
@click.option("--out", type=FILE, help="JSON file for what was learned.")
@click.option("--install", is_flag=True, help="Give it to the service of this data folder, which takes it as it runs.")
@json_option
def train(paths: tuple[str, ...], moments: tuple[str, ...], out: Path | None, install: bool, as_json: bool) -> None:
    """Fit every model to the bars of several markets together: what short histories start from."""
    from ml.bars import BadBars, Bars
    from ml.files import read_bars_file
    from ml.installed import install as install_prior
    from ml.training import train as fit
    from optionix.settings import settings

    if out is None and not install:
        raise UserError("Where should what is learned go?", "Give --out FILE, or --install.")
    assets: dict[str, list[Bars]] = {}
    for asset, path in asset_files(paths):
        try:
            assets.setdefault(asset, []).append(read_bars_file(path, asset)[0])
        except BadBars as error:
            raise UserError(f"{error}.") from error
    with Console(stderr=True).status("training") as status:
        try:
            prior = fit(assets, [seconds_of(moment, 0) for moment in moments], status.update)
        except BadBars as error:
            raise UserError(f"{error}.") from error
    if out is not None:
        out.write_text(prior.document(), encoding="utf-8")
    installed = install_prior(prior, settings().data_dir / "models") if install else None
    if as_json:
        learned = [{"until": one.until, "made_from": dict(one.made_from)} for one in prior.learned]
        models = sorted(prior.learned[0].models)
        emit_json({"learned": learned, "models": models, "out": out, "installed": installed})
        return
    where = ", ".join(str(place) for place in (out, installed) if place is not None)
    click.echo(f"{len(prior.learned[0].models)} models of {', '.join(assets)} until {', '.join(moments)}: {where}")


def _judged(entry: Judged) -> dict[str, Any]:
    main = entry.cuts[0] if entry.cuts else None
    return {
        "days": entry.walk.horizon_days,
        "origins": len(entry.walk.end),
        "used": "combination",
        "chosen": main.chosen if main else None,
        "qlike_where_chosen": main.before if main else {},
        "qlike_after": main.after if main else {},
        "rank_after": main.rank if main else None,
        "best_baseline": entry.best_baseline or None,
        "p_value_against_best_baseline": None if isnan(entry.p_value) else entry.p_value,
        "difference_from_best_baseline": None if isnan(entry.interval[0]) else entry.interval,
        "independent_outcomes": entry.independent,
        "coverage": dict(zip(("q10", "q50", "q90"), entry.coverage, strict=True)) if main else None,
        "other_cuts": [
            {"share": cut.share, "chosen": cut.chosen, "rank_after": cut.rank, "qlike_after": cut.after}
            for cut in entry.cuts[1:]
        ],
    }


def _skill(skill: Skill) -> dict[str, Any]:
    document = asdict(skill) | {"skilled": skill.skilled, "verdict": skill.verdict}
    return {name: None if value != value else value for name, value in document.items()}  # JSON has no NaN


def _show(asset: str, entry: Judged) -> None:
    title = f"{asset}, {entry.walk.horizon_days} days, {len(entry.walk.end)} origins"
    if not entry.cuts:
        click.echo(f"{title}: too few to divide and judge")
        return
    shares = [f"after {cut.share:.0%}" for cut in entry.cuts]
    table = Table("model", f"QLIKE to {entry.cuts[0].share:.0%}", *shares, title=title)
    main = entry.cuts[0]
    for name, score in sorted(main.after.items(), key=lambda item: item[1]):
        label = f"{name} (used)" if name == "combination" else name
        table.add_row(
            label, f"{main.before[name]:.4f}", f"{score:.4f}", *(f"{c.after[name]:.4f}" for c in entry.cuts[1:])
        )
    Console().print(table)
    low, middle, high = (f"{share:.1%}" for share in entry.coverage)
    click.echo(f"outcomes below the 10, 50, 90 % quantiles: {low}, {middle}, {high}")
    if entry.best_baseline:
        click.echo(f"against {entry.best_baseline}, the best baseline after the cut: p = {entry.p_value:.3f}")
        click.echo(f"outcomes there that do not overlap: {entry.independent}")
