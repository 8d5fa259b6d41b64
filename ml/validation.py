"""Walk-forward validation: each forecast is made by a model that was fitted on what was known before it, no more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ml.bars import BARS_PER_DAY, Bars, Floats, Ints, realised_variance
from ml.features import Features, future_mean, make_features
from ml.models import VarianceModel
from ml.models.base import qlike

COMBINATION = "log-mean"
"""Name of the forecast that averages the logarithms of all models' forecasts."""
HORIZON_DAYS = (1, 7, 30)
ORIGIN_STEP_BARS = BARS_PER_DAY // 4
"""Four origins a day, at 00, 06, 12 and 18 UTC: neighbours share most of their target."""
TRAIN_DAYS = 730
"""A fit looks back two years at most: older markets mislead more than they teach."""
MIN_TRAIN_ROWS = 120
"""A model is not fitted on fewer rows (a month of origins)."""

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Walk:
    """Forecasts of every model at every validated origin of one horizon.

    Attributes
    ----------
    horizon_days : the horizon.
    end : when the last bar known to each forecast closed, seconds.
    target : realised variance per bar that followed; NaN where the future is not known yet.
    forecasts : variance per bar by model name, the same length.
    """

    horizon_days: int
    end: Ints
    target: Floats
    forecasts: dict[str, Floats]

    def scores(self) -> dict[str, float]:
        """Mean QLIKE by model name over the origins whose future is known."""
        known = ~np.isnan(self.target)
        return {
            name: float(np.mean(qlike(self.target[known], forecast[known])))
            for name, forecast in self.forecasts.items()
        }

    def log_errors(self, name: str) -> Floats:
        """ln(realised / forecast) of a model over the origins whose future is known."""
        known = ~np.isnan(self.target)
        return np.asarray(np.log(self.target[known] / self.forecasts[name][known]), dtype=np.float64)


def origin_rows(features: Features) -> Ints:
    """Rows at which forecasts are made and learned from: those that close on a quarter of a day."""
    return np.flatnonzero(features.end % (ORIGIN_STEP_BARS * 1800) == 0).astype(np.int64)


def training_rows(features: Features, horizon_bars: int, last_row: int) -> Ints:
    """Origins whose whole future was known when `last_row` closed, of at most the last two years."""
    rows = origin_rows(features)
    first = max(BARS_PER_DAY, last_row - TRAIN_DAYS * BARS_PER_DAY)
    return rows[(rows >= first) & (rows + horizon_bars <= last_row)]


def walk_forward(
    bars: Bars,
    horizon_days: int,
    models: Sequence[type[VarianceModel]],
    *,
    first_end: int = 0,
    last_end: int | None = None,
    refit_days: int = 30,
    progress: Progress | None = None,
) -> Walk:
    """Forecast one horizon again and again along history, refitting every `refit_days`.

    Parameters
    ----------
    bars : cleaned bars.
    models : classes to compare; their log-mean is added when there are two or more.
    first_end, last_end : times of the first and last origin, seconds; by default all that can be.
    refit_days : days between two fits of each model.

    Returns
    -------
    Walk
        Empty when there is too little history for one fit.
    """
    series = realised_variance(bars)
    features = make_features(series)
    horizon = horizon_days * BARS_PER_DAY
    target = future_mean(series.variance, horizon)
    rows = origin_rows(features)
    rows = rows[(features.end[rows] >= first_end) & (features.end[rows] <= (last_end or bars.end))]
    chosen: list[Ints] = []
    parts: dict[str, list[Floats]] = {model.name: [] for model in models}
    refit = refit_days * BARS_PER_DAY
    # Fits happen at fixed calendar moments, so that a longer history does not move the earlier ones.
    for block in _blocks(rows, features.end, refit * 1800):
        training = training_rows(features, horizon, int(block[0]))
        if len(training) < MIN_TRAIN_ROWS:
            continue
        chosen.append(block)
        for model in models:
            fitted = model()
            fitted.fit(features, training, target[training])
            parts[model.name].append(fitted.predict(features, block))
        if progress:
            progress(f"{bars.asset} {horizon_days} d: {len(np.concatenate(chosen))}/{len(rows)} origins")
    if not chosen:
        return Walk(horizon_days, rows[:0], target[:0], {})
    forecasts = {name: np.concatenate(values) for name, values in parts.items()}
    if len(models) > 1:
        stacked = np.log(np.stack(list(forecasts.values())))
        forecasts[COMBINATION] = np.exp(stacked.mean(axis=0))
    taken = np.concatenate(chosen)
    return Walk(horizon_days, features.end[taken], target[taken], forecasts)


def _blocks(rows: Ints, end: Ints, seconds: int) -> list[Ints]:
    if not len(rows):
        return []
    period = end[rows] // seconds
    return [block for block in np.split(rows, np.flatnonzero(np.diff(period)) + 1) if len(block)]
