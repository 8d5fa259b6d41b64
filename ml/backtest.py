"""Back-tests: the walk-forward forecasts of a file of bars, one row for each origin and horizon."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from ml import regimes
from ml.bars import BAR_SECONDS, BARS_PER_DAY, GAP_LIMIT_BARS, BadBars, Bars, Floats, Ints, Mask
from ml.compare import block_bootstrap, diebold_mariano
from ml.compute import Engine, each
from ml.files import Implied
from ml.implied import with_implied
from ml.models import BASELINES, BY_NAME, MEMBERS, VarianceModel
from ml.models.learned import Boosted
from ml.prior import Prior, shipped
from ml.quantiles import adaptive, coverage
from ml.regimes import Skill
from ml.selection import preferred
from ml.validation import COMBINATION, Prepared, Walk, assemble, prepare, walk_model, walk_rows

FIRST_SHARE = 0.7
"""Models are chosen on the first 70 % of the walk; the rest judges the choice."""
OTHER_SHARES = (0.5, 0.6, 0.8)
"""Where else the walk is cut, to see whether the choice hung on the cut."""
MIN_CHOICE_ORIGINS = 30
_LEAST_BLOCK = 10
"""Origins in a block of the bootstrap, or two horizons where that is more."""
SHORT_DAYS = 180
"""Less history than this before an origin: its forecast leans on the prior, and the row says so."""
COMPARED: tuple[type[VarianceModel], ...] = tuple(dict.fromkeys((*BASELINES, *MEMBERS, Boosted)))


@dataclass(frozen=True)
class Cut:
    """A walk divided at a share of its origins; targets of the first part end before the second begins.

    Attributes
    ----------
    share : of the origins in the first part.
    chosen : the model that the first part would choose (`selection.preferred`).
    before, after : mean QLIKE by model on either part.
    rank : place of the combination on the second part among all models, from one.
    """

    share: float
    chosen: str
    before: dict[str, float]
    after: dict[str, float]
    rank: int


@dataclass(frozen=True)
class Judged:
    """A walk with its quantiles and what its later part says of its forecasts.

    Attributes
    ----------
    walk : all origins that could be forecast, also those before the first that was asked for.
    distances : of the quantiles from the forecast at each origin, in logarithms; see `ml.quantiles`.
    cuts : the main one first.
    judging : the origins of the main cut's second part.
    coverage : share of those outcomes below the 10, 50 and 90 % quantiles.
    p_value : Diebold and Mariano's, of the combination against the best baseline on the second part.
    interval : of its mean loss less the best baseline's there, 95 % by block bootstrap; NaN where there are too few.
    best_baseline : its name.
    implied : at which origins an implied volatility was known; None without a file of it.
    """

    walk: Walk
    distances: Floats
    cuts: tuple[Cut, ...]
    judging: Mask
    coverage: tuple[float, float, float]
    best_baseline: str
    p_value: float
    interval: tuple[float, float]
    implied: Mask | None

    @property
    def independent(self) -> int:
        """How many of the judged outcomes fit side by side without overlap."""
        return -(-int(self.judging.sum()) // self.walk.horizon_days)


@dataclass(frozen=True)
class Backtest:
    """The walks of a file and what its rows are marked with.

    Attributes
    ----------
    degraded : why a row is not to be trusted fully, by origin (seconds).
    regimes : how the probabilities of regimes did, over all origins and then over those after the main cut, for each
        horizon that has them.
    """

    asset: str
    judged: tuple[Judged, ...]
    degraded: Mapping[int, str]
    regimes: tuple[tuple[Skill, Skill], ...]


def backtest(
    bars: Bars,
    horizons: Sequence[int],
    *,
    implied: Implied | None = None,
    prior: Prior | None = None,
    models: Sequence[type[VarianceModel]] = COMPARED,
    engine: Engine = "local",
    scheduler: str | None = None,
    done: Callable[[int, int], None] | None = None,
) -> Backtest:
    """Walk every horizon over all models and judge the combination.

    Every row follows from what was known at its origin. The combination was chosen on the shared bars, once; what this
    file's own first part would have chosen is reported beside it and changes no row.

    Parameters
    ----------
    bars : cleaned bars.
    horizons : days.
    implied : a history of implied volatility, where there is one.
    prior : the shipped one by default.
    engine, scheduler : see `ml.compute`; a piece is one model and horizon.
    done : told the number of pieces done, and of all.

    Raises
    ------
    BadBars
        When no origin can be forecast.
    """
    prepared = prepare(bars)
    rows = walk_rows(prepared, 0, None)
    if not len(rows):
        raise BadBars(f"{bars.asset}: no day ends after a month of bars; give a longer history")
    pieces = [Piece(bars, days, model.name, prior or shipped()) for days in horizons for model in models]
    forecasts = each(_walked, pieces, engine, scheduler, (lambda count: done(count, len(pieces))) if done else None)
    judged = []
    for place, days in enumerate(horizons):
        part = forecasts[place * len(models) : (place + 1) * len(models)]
        walk = assemble(prepared, days, rows, dict(zip((model.name for model in models), part, strict=True)))
        known: Mask | None = None
        if implied is not None and len(walk.end):
            ahead = prepared.features.rhythm.ahead(
                np.searchsorted(prepared.features.end, walk.end), days * BARS_PER_DAY
            )
            walk, known = with_implied(walk, implied, ahead)
        if not len(walk.end):
            raise BadBars(f"{bars.asset}: {days} d: too few origins to learn from; give a longer history")
        judged.append(judge(walk, known))
    skills = [_regimes(prepared, entry, prior or shipped()) for entry in judged]
    return Backtest(bars.asset, tuple(judged), degraded(bars, rows, prepared), tuple(filter(None, skills)))


def _regimes(prepared: Prepared, entry: Judged, prior: Prior) -> tuple[Skill, Skill] | None:
    """Skill over all origins and after the main cut; None for a horizon without regimes."""
    if entry.walk.horizon_days not in regimes.HORIZON_DAYS:
        return None
    walk = regimes.walk_regimes(prepared, entry.walk, prior)
    after = int(entry.walk.end[entry.judging][0]) if entry.judging.any() else 2**62
    return regimes.judge(walk), regimes.judge(walk, since=after)


@dataclass(frozen=True)
class Piece:
    """One model of one horizon: what a worker is given."""

    bars: Bars
    days: int
    model: str
    prior: Prior


_prepared: dict[str, Prepared] = {}


def _walked(piece: Piece) -> Floats:
    """Forecasts of a piece at all origins; features are kept, as the next piece is likely of the same bars."""
    key = piece.bars.hash()
    if key not in _prepared:
        _prepared.clear()
        _prepared[key] = prepare(piece.bars)
    prepared = _prepared[key]
    return walk_model(prepared, piece.days, BY_NAME[piece.model], walk_rows(prepared, 0, None), piece.prior)


def judge(walk: Walk, implied: Mask | None = None) -> Judged:
    """Quantiles at every origin, and scores at every cut."""
    distances = adaptive(walk, COMBINATION)
    cuts = [cut for share in (FIRST_SHARE, *OTHER_SHARES) if (cut := divide(walk, share)) is not None]
    judging = parts(walk, FIRST_SHARE)[1] if cuts else np.zeros(len(walk.end), dtype=bool)
    later = walk.log_errors(COMBINATION)[judging]
    best, p_value, interval = "", float("nan"), (float("nan"), float("nan"))
    if judging.any():
        losses = walk.losses(judging)
        baselines = [model.name for model in BASELINES if model.name in losses]
        if baselines:
            best = min(baselines, key=lambda name: float(np.mean(losses[name])))
            p_value = diebold_mariano(losses[COMBINATION], losses[best], walk.horizon_days).p_value
            block = max(_LEAST_BLOCK, 2 * walk.horizon_days)
            if judging.sum() >= 2 * block:
                interval = block_bootstrap(losses[COMBINATION] - losses[best], block)
    covered = coverage(later, distances[judging])
    return Judged(walk, distances, tuple(cuts), judging, covered, best, p_value, interval, implied)


def parts(walk: Walk, share: float) -> tuple[Mask, Mask]:
    """Origins with a known outcome before a cut, and those after it whose targets begin when the former have ended."""
    known = walk.comparable
    before = known & (np.arange(len(walk.end)) < int(len(walk.end) * share))
    if not before.any():
        return before, np.zeros(len(known), dtype=bool)
    return before, known & (walk.end >= walk.end[before][-1] + walk.horizon_days * 86_400)


def divide(walk: Walk, share: float) -> Cut | None:
    """A cut; None where a part is too short to say anything."""
    before, after = parts(walk, share)
    if before.sum() < MIN_CHOICE_ORIGINS or not after.any():
        return None
    earlier, later = walk.scores(before), walk.scores(after)
    rank = 1 + sum(score < later[COMBINATION] for score in later.values())
    return Cut(share, preferred(walk, before), earlier, later, rank)


def degraded(bars: Bars, rows: Ints, prepared: Prepared) -> dict[int, str]:
    """Why each origin is not to be trusted fully; only those that are not are named."""
    reasons: dict[int, str] = {}
    closed = bars.start + bars.step
    for end in prepared.features.end[rows]:
        moment = int(end)
        last = int(np.searchsorted(closed, moment, side="right"))
        week = last - int(np.searchsorted(closed, moment - 7 * 86_400, side="right"))
        missing = 7 * 86_400 // bars.step - week
        found = []
        if bars.step != BAR_SECONDS:
            found.append(f"bars of {bars.step} s")
        if moment - int(closed[last - 1]) > 2 * bars.step:
            found.append(f"stale: newest bar {moment - int(closed[last - 1])} s old")
        if missing * bars.step > GAP_LIMIT_BARS * BAR_SECONDS:
            found.append(f"gappy: {missing} bars of the last week missing")
        if moment - int(closed[0]) < SHORT_DAYS * 86_400:
            found.append("short history")
        if found:
            reasons[moment] = "; ".join(found)
    return reasons


def rows(result: Backtest, first: int, last: int) -> pd.DataFrame:
    """One row for each origin from `first` to `last` (seconds) and horizon.

    Columns: asset, date (the day at whose 00:00 UTC the forecast was made and its horizon begins), horizon in days,
    variance over it, q10, q50, q90, realised (empty until known), model, part (`choose` on the first 70 % of the file's
    origins, `judge` after), degraded (why, or empty).

    Raises
    ------
    BadBars
        When there is no origin between the two.
    """
    frames = []
    for entry in result.judged:
        walk, horizon = entry.walk, entry.walk.horizon_days * BARS_PER_DAY
        forecast = walk.forecasts[COMBINATION] * horizon
        wanted = (walk.end >= first) & (walk.end <= last)
        reasons = [result.degraded.get(int(end), "") for end in walk.end]
        if entry.implied is not None:
            absent = "no implied volatility"
            reasons = [
                reason if there else f"{reason}; {absent}" if reason else absent
                for reason, there in zip(reasons, entry.implied, strict=True)
            ]
        bounds = forecast[:, None] * np.exp(entry.distances)
        frame = pd.DataFrame(
            {
                "asset": result.asset,
                "date": [datetime.fromtimestamp(int(end), UTC).strftime("%Y-%m-%d") for end in walk.end],
                "horizon": walk.horizon_days,
                "variance": forecast,
                "q10": bounds[:, 0],
                "q50": bounds[:, 1],
                "q90": bounds[:, 2],
                "realised": walk.target * horizon,
                "model": COMBINATION if entry.implied is None else "combination-implied",
                "part": np.where(np.arange(len(walk.end)) < int(len(walk.end) * FIRST_SHARE), "choose", "judge"),
                "degraded": reasons,
            }
        )
        frames.append(frame[wanted])
    table = pd.concat(frames, ignore_index=True)
    if not len(table):
        raise BadBars(f"{result.asset}: no day between --from and --to can be forecast; give a longer history")
    return table


def write(frame: pd.DataFrame, path: Path) -> None:
    """Rows as CSV, or Parquet where the name ends so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".parquet":
        frame.to_parquet(path, index=False)
    else:
        frame.to_csv(path, index=False, float_format="%.10g")
