"""QLIKE of the volatility forecasts beside every baseline on the last 30 % of the bars, and quantile coverage."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from ml.backtest import Backtest, Judged, backtest
from ml.bars import BadBars
from ml.files import Implied, read_bars_file, read_implied_file
from ml.models import BASELINES
from ml.quantiles import LEVELS
from ml.regimes import Skill
from ml.selection import COMBINATION
from ml.validation import HORIZON_DAYS
from optionix.benchmarks import Figure, Report
from optionix.chain.abi import REPOSITORY
from optionix.errors import UserError

DATA = REPOSITORY.parent / "shared" / "data"
FILES = {"BTC": "btcusdt_30m.parquet", "ETH": "ethusdt_30m.parquet"}
COVERAGE_POINTS = 3.0
CONDITIONS = (
    "One origin a day at 00:00 UTC; realised variance is the sum of squared 30-minute log returns over the horizon."
    " Every model is refitted as it walks, on nothing that was not known at the origin.",
    "Members of the combination were chosen on data before 2022-08-09, and the last 30 % of origins (with a gap of one"
    " horizon before them) is only reported. p: Diebold and Mariano's, two-sided, against the best baseline there, with"
    " Newey and West's variance over the overlap.",
    "No implied volatility is used unless a file of it is named.",
)


def measure(words: Sequence[str]) -> Report:
    """All figures; see `CONDITIONS`.

    Raises
    ------
    UserError
        There are no bars.
    """
    options = _arguments(words)
    paths = {name: Path(path) for name, _, path in (given.partition("=") for given in options.bars)} or {
        asset: DATA / name for asset, name in FILES.items()
    }
    if missing := [str(path) for path in paths.values() if not path.exists()]:
        raise UserError(f"There is no {', '.join(missing)}.", "Name files of bars with --bars ASSET=FILE.")
    horizons = [int(part) for part in options.horizons.split(",")]
    figures: list[Figure] = []
    beside: list[Figure] = []
    worst = 0.0
    for asset, path in paths.items():
        try:
            result = backtest(read_bars_file(path, asset)[0], horizons, implied=_implied(options.implied, asset))
        except BadBars as error:
            raise UserError(f"{error}.") from error
        for entry in result.judged:
            if not entry.cuts:
                raise UserError(f"{path} is too short to divide.", "Name a longer file.")
            figures += _figures(asset, entry)
            beside += _beside(asset, entry)
            worst = max(worst, *(abs(share - level) for share, level in zip(entry.coverage, LEVELS, strict=True)))
        for _, after in result.regimes:
            figures += _regimes(asset, after)
        beside += _degraded(asset, result)
    figures.append(Figure("coverage_error_points_max", round(100 * worst, 2), COVERAGE_POINTS))
    return Report(figures, beside, CONDITIONS)


def _arguments(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="optionix bench forecast")
    parser.add_argument("--bars", action="append", default=[], metavar="ASSET=FILE", help="instead of the shared bars")
    parser.add_argument("--implied", action="append", default=[], metavar="ASSET=FILE", help="implied volatility")
    parser.add_argument("--horizons", default=",".join(map(str, HORIZON_DAYS)), help="days; 1,7,30 when not given")
    return parser.parse_args(words)


def _implied(given: Sequence[str], asset: str) -> Implied | None:
    for text in given:
        name, _, path = text.partition("=")
        if name == asset:
            return read_implied_file(Path(path))
    return None


def _figures(asset: str, entry: Judged) -> list[Figure]:
    """The combination and every baseline after the main cut, with p and coverage."""
    key = f"{asset.lower()}_{entry.walk.horizon_days}d"
    after = entry.cuts[0].after
    figures = [
        Figure(
            f"qlike_{key}",
            round(after[COMBINATION], 4),
            round(after[entry.best_baseline], 4),
            note=f"the goal is {entry.best_baseline}, the best baseline",
        ),
        Figure(
            f"p_{key}",
            round(entry.p_value, 4),
            note=f"difference {entry.interval[0]:+.3f} to {entry.interval[1]:+.3f};"
            f" {entry.independent} outcomes that do not overlap",
        ),
    ]
    figures += [
        Figure(f"qlike_{key}_{model.name}", round(after[model.name], 4)) for model in BASELINES if model.name in after
    ]
    figures += [
        Figure(f"coverage_{key}_q{level:.0%}".rstrip("%"), round(share, 4), note=f"{int(entry.judging.sum())} origins")
        for share, level in zip(entry.coverage, LEVELS, strict=True)
    ]
    return figures


def _beside(asset: str, entry: Judged) -> list[Figure]:
    """Our other models, and the loss and rank of the combination at every cut."""
    name = f"{asset} {entry.walk.horizon_days} d"
    baselines = {model.name for model in BASELINES}
    others = {model: score for model, score in entry.cuts[0].after.items() if model not in baselines | {COMBINATION}}
    count = len(entry.cuts[0].after)
    bests = [min((score, model) for model, score in cut.after.items() if model in baselines) for cut in entry.cuts]
    return [
        *(Figure(f"{name}, {model}", round(score, 4)) for model, score in sorted(others.items())),
        *(
            Figure(
                f"{name}, QLIKE after {cut.share:.0%}",
                round(cut.after[COMBINATION], 4),
                note=f"{model}, the best baseline there: {best:.4f}",
            )
            for cut, (best, model) in zip(entry.cuts, bests, strict=True)
        ),
        *(
            Figure(f"{name}, rank after {cut.share:.0%}", cut.rank, note=f"of {count}; {cut.chosen} chosen before")
            for cut in entry.cuts
        ),
    ]


def _regimes(asset: str, skill: Skill) -> list[Figure]:
    """Brier scores of the regime after the main cut; ours has to be below both."""
    key = f"{asset.lower()}_{skill.days}d"
    return [
        Figure(f"brier_{key}", round(skill.brier, 4), round(min(skill.base, skill.rule), 4), note=skill.verdict),
        Figure(f"brier_{key}_base_rate", round(skill.base, 4)),
        Figure(f"brier_{key}_rule_of_thirds", round(skill.rule, 4)),
    ]


def _degraded(asset: str, result: Backtest) -> list[Figure]:
    return [Figure(f"{asset}, origins marked degraded", len(result.degraded))]
