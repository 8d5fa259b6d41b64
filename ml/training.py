"""Training the prior: one fit of every model that can start from one, on the bars of several markets together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ml import regimes
from ml.bars import BadBars, Bars, Floats, VarianceSeries, realised_variance
from ml.combination import members
from ml.features import make_features
from ml.models import BY_NAME, OWN, Parameters
from ml.prior import PRIOR_HORIZONS, Learned, Prior
from ml.validation import COMBINATION, Prepared, Progress, assemble, sample, walk_model, walk_rows

MIN_ROWS = 120
"""Fewer rows of an asset (a month of origins) teach nothing that another market should hear."""


def joined(bars: Sequence[Bars]) -> Prepared:
    """Bars of one asset as one series, each file until the next begins: hourly history before half-hourly, say."""
    ordered = sorted(bars, key=lambda one: int(one.start[0]))
    series = realised_variance(ordered[0])
    for later in ordered[1:]:
        series = _append(series, realised_variance(later))
    return Prepared(ordered[0].asset, series, make_features(series))


def train(assets: Mapping[str, Sequence[Bars]], moments: Sequence[int], progress: Progress | None = None) -> Prior:
    """What several markets had taught by each of some moments."""
    return Prior(tuple(learn(assets, until, progress) for until in sorted(moments)))


def learn(assets: Mapping[str, Sequence[Bars]], until: int, progress: Progress | None = None) -> Learned:
    """What several markets had taught by a moment.

    Parameters
    ----------
    assets : bars of each asset, cleaned; one file or more.
    until : nothing that was known later is looked at, seconds.

    Raises
    ------
    BadBars
        An asset has no bars before, or too few.
    """
    known = {asset: [cut for one in bars if len(cut := one.until(until)) > 1] for asset, bars in assets.items()}
    if silent := [asset for asset, bars in known.items() if not bars]:
        raise BadBars(f"{', '.join(silent)}: no bars before {until}")
    prepared = [joined(bars) for bars in known.values()]
    models: dict[str, dict[int, Mapping[str, list[float]]]] = {}
    for model in OWN:
        for days in PRIOR_HORIZONS:
            if progress:
                progress(f"{model.name}, {days} d")
            fitted = model(days)
            samples = [sample(one, model, days, until) for one in prepared]
            if short := [one.asset for one, part in zip(prepared, samples, strict=True) if len(part.rows) < MIN_ROWS]:
                raise BadBars(
                    f"{', '.join(short)}: too few days before {until} to learn {days} d; give a longer history"
                )
            fitted.fit(samples)
            if parameters := fitted.parameters():
                models.setdefault(model.name, {})[days] = parameters
    for days in regimes.HORIZON_DAYS:
        if progress:
            progress(f"{regimes.MODEL}, {days} d")
        models.setdefault(regimes.MODEL, {})[days] = _regimes(prepared, days)
    return Learned(until, {asset: "+".join(one.hash()[:16] for one in bars) for asset, bars in known.items()}, models)


def _regimes(prepared: Sequence[Prepared], days: int) -> Parameters:
    """The regression of what followed forecasts that were walked forward without any prior."""
    designs, found = [], []
    for one in prepared:
        rows = walk_rows(one, 0, None)
        walk = assemble(one, days, rows, {name: walk_model(one, days, BY_NAME[name], rows) for name in members(days)})
        places = np.searchsorted(one.features.end, walk.end)
        seen = regimes.setting(one.series, one.features, places, walk.forecasts[COMBINATION], days)
        designs.append(seen.design)
        found.append(regimes.outcomes(one.series, places, seen.threshold, days))
    design, outcome = np.concatenate(designs), np.concatenate(found)
    return regimes.regress(design[outcome >= 0], outcome[outcome >= 0])


def _append(before: VarianceSeries, after: VarianceSeries) -> VarianceSeries:
    """One series after the other; what lies between them, if anything, is filled with the mean of the day before."""
    kept = before.end < after.end[0]
    missing = np.arange(int(before.end[kept][-1]) + 1800, int(after.end[0]), 1800, dtype=np.int64)
    last_day = float(np.mean(before.variance[kept][-48:]))

    def column(early: Floats, late: Floats, fill: float) -> Floats:
        return np.concatenate([early[kept], np.full(len(missing), fill), late])

    ranges = volume = None
    if before.ranges is not None and after.ranges is not None:
        ranges = column(before.ranges, after.ranges, last_day)
    if before.volume is not None and after.volume is not None:
        volume = column(before.volume, after.volume, float(np.mean(before.volume[kept][-48:])))
    return VarianceSeries(
        np.concatenate([before.end[kept], missing, after.end]),
        column(before.variance, after.variance, last_day),
        column(before.returns, after.returns, 0.0),
        ranges,
        volume,
    )
