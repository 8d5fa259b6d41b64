"""Forecasts of realised variance for 1, 7 and 30 days, by the models that a selection chose."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ml.bars import BARS_PER_DAY, BARS_PER_YEAR, Bars, VarianceSeries
from ml.combination import combine, members
from ml.models import BY_NAME, VarianceModel
from ml.prior import Prior, shipped
from ml.registry import HorizonChoice, ModelRecord
from ml.selection import selection_end
from ml.validation import COMBINATION, MIN_TRAIN_ROWS, WARM_UP_DAYS, Prepared, predict, prepare, sample


@dataclass(frozen=True)
class HorizonForecast:
    """What is expected of one horizon.

    Attributes
    ----------
    days : length of the horizon.
    variance : expected realised variance over the whole horizon (sum of squared 30-minute log returns).
    q10, q50, q90 : quantiles of that sum.
    model : name of the model.
    validated : whether the model was chosen by walk-forward scores.
    """

    days: int
    variance: float
    q10: float
    q50: float
    q90: float
    model: str
    validated: bool

    @property
    def volatility(self) -> float:
        """The annual volatility of `variance`."""
        return float(np.sqrt(self.variance * 365 / self.days))


def require_sound(forecasts: Sequence[HorizonForecast]) -> None:
    """ValueError naming the first forecast that is not a positive variance with its quantiles in order."""
    for one in forecasts:
        figures = (one.variance, one.q10, one.q50, one.q90)
        if not all(math.isfinite(figure) and figure > 0 for figure in figures) or not one.q10 <= one.q50 <= one.q90:
            raise ValueError(f"it forecasts nothing sound over {one.days} d")


class Forecaster:
    """Forecasts of one asset; fits are kept for a week of market time.

    Parameters
    ----------
    prior : what fits start from; the shipped one by default.
    """

    def __init__(self, record: ModelRecord, prior: Prior | None = None) -> None:
        self.record = record
        self._prior = prior or shipped()
        self._fitted: dict[int, tuple[int, list[VarianceModel]]] = {}

    def forecast(self, bars: Bars) -> list[HorizonForecast]:
        """Forecasts at the end of the last bar, made of these bars only."""
        prepared = prepare(bars)
        return [self._horizon(choice, prepared) for choice in self.record.horizons]

    def of_combination(self) -> Forecaster:
        """The same with the combination at every horizon, whatever was chosen in its place."""
        horizons = tuple(choice.model_copy(update={"model": COMBINATION}) for choice in self.record.horizons)
        return Forecaster(self.record.model_copy(update={"horizons": horizons}), self._prior)

    def _horizon(self, choice: HorizonChoice, prepared: Prepared) -> HorizonForecast:
        features = prepared.features
        last = np.array([len(features) - 1], dtype=np.int64)
        models = self._models(choice, prepared)
        if models:
            forecasts = {model.name: predict(model, features, last) for model in models}
            # A model that was fitted and says nothing is broken, not absent: the others may not hide it.
            sound = bool(np.all(np.isfinite(list(forecasts.values()))))
            per_bar = float(combine(forecasts, choice.days)[0]) if sound else float("nan")
        else:
            per_bar = float(features["ewma_8"][last[0]])
        total = per_bar * choice.days * BARS_PER_DAY
        low, middle, high = (total * float(np.exp(error)) for error in choice.log_errors)
        return HorizonForecast(choice.days, total, low, middle, high, choice.model, choice.validated and bool(models))

    def _models(self, choice: HorizonChoice, prepared: Prepared) -> list[VarianceModel]:
        """The fitted models of a horizon; none where there is too little history to fit."""
        week = selection_end(int(prepared.features.end[-1]))
        cached = self._fitted.get(choice.days)
        if cached is not None and cached[0] == week:
            return cached[1]
        names = self._names(choice)
        models = fit(names, prepared, choice.days, week, self._prior)
        self._fitted[choice.days] = (week, models)
        return models

    def _names(self, choice: HorizonChoice) -> tuple[str, ...]:
        if choice.model != COMBINATION:
            return (choice.model,)
        wanted = members(choice.days)
        return wanted if set(wanted) <= set(self.record.candidates) else self.record.candidates


def fit(
    names: tuple[str, ...], prepared: Prepared, days: int, until: int, taught: Prior | None = None
) -> list[VarianceModel]:
    """Models fitted on all that was known at a moment; those for which that is enough."""
    if len(prepared.features) <= WARM_UP_DAYS * BARS_PER_DAY:
        return []
    models = []
    for name in names:
        model = BY_NAME[name](days)
        known = sample(prepared, BY_NAME[name], days, until)
        prior = (taught or shipped()).parameters(name, days, until)
        if prior is None and model.learns and len(known.rows) < MIN_TRAIN_ROWS:
            continue
        model.fit([known] if len(known.rows) else [], prior)
        models.append(model)
    return models


def long_run_variance(series: VarianceSeries) -> float:
    """Mean annual variance of the last year: where forecasts beyond 30 days tend."""
    return float(np.mean(series.variance[-BARS_PER_YEAR:])) * BARS_PER_YEAR


__all__ = ["Forecaster", "HorizonForecast", "fit", "long_run_variance", "require_sound"]
