"""Walk-forward validation: each forecast is made by a model that was fitted on what was known before it, no more."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ml.bars import BARS_PER_DAY, Bars, Floats, Ints, VarianceSeries, realised_variance
from ml.combination import COMBINATION, combine
from ml.features import Features, future_mean, make_features
from ml.models import Sample, VarianceModel
from ml.models.base import qlike
from ml.prior import Prior

HORIZON_DAYS = (1, 7, 30)
TRAINING_STEP_BARS = BARS_PER_DAY // 4
"""Models learn from four origins a day, at 00, 06, 12 and 18 UTC: neighbours share most of their target."""
MIN_TRAIN_ROWS = 120
"""A model is not fitted on fewer rows (a month of origins)."""
WARM_UP_DAYS = 30
"""Features look back a month: no forecast is made before."""
_DAY = 86_400
_SHORTEST_BLOCK = 5 * _DAY

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Walk:
    """Forecasts of every model at every validated origin of one horizon: one a day, at 00:00 UTC.

    Attributes
    ----------
    horizon_days : the horizon.
    end : when the last bar known to each forecast closed, seconds.
    target : realised variance per half hour that followed; NaN where the future is not known yet.
    forecasts : variance per half hour by model name, the same length; NaN before a model could be fitted.
    next_day : realised variance per half hour of the day after each origin, NaN where not known yet: what a horizon
        that is under way has shown so far.
    """

    horizon_days: int
    end: Ints
    target: Floats
    forecasts: dict[str, Floats]
    next_day: Floats

    @property
    def comparable(self) -> npt.NDArray[np.bool_]:
        """Origins whose future is known and that every model forecast."""
        known: npt.NDArray[np.bool_] = ~np.isnan(self.target)
        for values in self.forecasts.values():
            known = known & ~np.isnan(values)
        return known

    def scores(self, where: npt.NDArray[np.bool_] | None = None) -> dict[str, float]:
        """Mean QLIKE by model name over the comparable origins, or some of them."""
        known = self.comparable if where is None else where
        return {name: float(np.mean(losses)) for name, losses in self.losses(known).items()}

    def losses(self, where: npt.NDArray[np.bool_]) -> dict[str, Floats]:
        """QLIKE of some origins by model name."""
        return {name: qlike(self.target[where], values[where]) for name, values in self.forecasts.items()}

    def log_errors(self, name: str) -> Floats:
        """ln(realised / forecast) of a model, NaN where the future is not known yet."""
        return np.asarray(np.log(self.target / self.forecasts[name]), dtype=np.float64)

    def since(self, moment: int) -> Walk:
        """The part from an origin on."""
        kept = self.end >= moment
        forecasts = {name: values[kept] for name, values in self.forecasts.items()}
        return Walk(self.horizon_days, self.end[kept], self.target[kept], forecasts, self.next_day[kept])

    def with_forecast(self, name: str, values: Floats) -> Walk:
        """The same with one more forecast."""
        return replace(self, forecasts={**self.forecasts, name: values})


@dataclass(frozen=True)
class Prepared:
    """What a walk looks at: made once for all its models and horizons."""

    asset: str
    series: VarianceSeries
    features: Features


def prepare(bars: Bars) -> Prepared:
    """Series and features of bars."""
    series = realised_variance(bars)
    return Prepared(bars.asset, series, make_features(series))


def origin_rows(features: Features) -> Ints:
    """Rows at which forecasts are made: those that close a day."""
    return np.flatnonzero(features.end % _DAY == 0).astype(np.int64)


def training_rows(features: Features, horizon_bars: int, until: int, window_days: int | None) -> Ints:
    """Rows to learn from: those whose whole future was known at `until` (seconds), of the last `window_days`."""
    rows = np.flatnonzero(features.end % (TRAINING_STEP_BARS * 1800) == 0).astype(np.int64)
    known = (rows >= WARM_UP_DAYS * BARS_PER_DAY) & (features.end[rows] + horizon_bars * 1800 <= until)
    if window_days is not None:
        known &= features.end[rows] >= until - window_days * _DAY
    return rows[known]


def sample(prepared: Prepared, model: type[VarianceModel], days: int, until: int) -> Sample:
    """What a model may learn from at a moment; the target without the week's rhythm where the model wants it so."""
    horizon = days * BARS_PER_DAY
    rows = training_rows(prepared.features, horizon, until, model.window_days)
    target = future_mean(prepared.series.variance, horizon)[rows]
    if model.rhythmic:
        target = target / prepared.features.rhythm.ahead(rows, horizon)
    return Sample(prepared.features, rows, target)


def predict(model: VarianceModel, features: Features, rows: Ints) -> Floats:
    """A fitted model's forecast at rows, with the rhythm of the days that follow where it was taken out."""
    forecast = model.predict(features, rows)
    if model.rhythmic:
        forecast = forecast * features.rhythm.ahead(rows, model.days * BARS_PER_DAY)
    return forecast


def walk_model(
    prepared: Prepared,
    days: int,
    model: type[VarianceModel],
    rows: Ints,
    prior: Prior | None = None,
    also: Sequence[Prepared] = (),
) -> Floats:
    """One model's forecasts at rows, each fitted on what was known when its block of the calendar began; NaN before.

    `also` is learned from as well. Blocks begin at fixed moments, so that neither a longer history nor another first
    row moves a fit.
    """
    forecasts = np.full(len(rows), np.nan)
    end = prepared.features.end[rows]

    def walk(places: Ints, seconds: int) -> None:
        for part in _blocks(end[places], seconds):
            block = places[part]
            until = int(end[block[0]]) // seconds * seconds
            known = prior.parameters(model.name, days, until) if prior else None
            samples = [sample(one, model, days, until) for one in (prepared, *also)]
            samples = [one for one in samples if len(one.rows)]
            if known is None and model.learns and sum(len(one.rows) for one in samples) < MIN_TRAIN_ROWS:
                # History begins within this block: shorter ones wait less long for their first fit.
                if seconds > _SHORTEST_BLOCK:
                    walk(block, _SHORTEST_BLOCK)
                continue
            fitted = model(days)
            fitted.fit(samples, known)
            forecasts[block] = predict(fitted, prepared.features, rows[block])

    walk(np.arange(len(rows)), model.refit_days * _DAY)
    return forecasts


def walk_rows(prepared: Prepared, first_end: int, last_end: int | None) -> Ints:
    """The origins of a walk: days that close between two moments, after the features' warm-up."""
    end = prepared.features.end
    rows = origin_rows(prepared.features)
    last = int(end[-1]) if last_end is None else last_end
    return rows[(rows >= WARM_UP_DAYS * BARS_PER_DAY) & (end[rows] >= first_end) & (end[rows] <= last)]


def assemble(prepared: Prepared, days: int, rows: Ints, forecasts: dict[str, Floats]) -> Walk:
    """A walk of the origins that could be forecast, with the combination when there are two models or more.

    Models that start from nothing begin later than those that start from a prior: NaN until then.
    """
    kept = dict(forecasts)
    if len(kept) > 1:
        kept[COMBINATION] = combine(kept, days)
    able = ~np.isnan(list(kept.values())[-1])
    kept = {name: values[able] for name, values in kept.items()}
    taken = rows[able]
    target = future_mean(prepared.series.variance, days * BARS_PER_DAY)[taken]
    return Walk(
        days,
        prepared.features.end[taken],
        target,
        kept if len(taken) else {},
        future_mean(prepared.series.variance, BARS_PER_DAY)[taken],
    )


def walk_forward(
    bars: Bars,
    horizon_days: int,
    models: Sequence[type[VarianceModel]],
    *,
    first_end: int = 0,
    last_end: int | None = None,
    prior: Prior | None = None,
    progress: Progress | None = None,
) -> Walk:
    """Forecast one horizon day after day along history, refitting each model at its own pace.

    Parameters
    ----------
    bars : cleaned bars.
    models : classes to compare; their combination is added when there are two or more.
    first_end, last_end : times of the first and last origin, seconds; by default all that can be.
    prior : what other markets taught, used only after the time that it knows.

    Returns
    -------
    Walk
        Empty when there is too little history for one fit.
    """
    prepared = prepare(bars)
    rows = walk_rows(prepared, first_end, last_end)
    forecasts = {}
    for model in models:
        if progress:
            progress(f"{bars.asset} {horizon_days} d: {model.name}")
        forecasts[model.name] = walk_model(prepared, horizon_days, model, rows, prior)
    return assemble(prepared, horizon_days, rows, forecasts)


def _blocks(end: Ints, seconds: int) -> Iterator[Ints]:
    """Places of the rows of each block of the calendar."""
    if len(end):
        yield from np.split(np.arange(len(end)), np.flatnonzero(np.diff(end // seconds)) + 1)


__all__ = ["COMBINATION", "Walk", "walk_forward"]
