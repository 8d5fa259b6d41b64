"""Forecasts of realised variance for 1, 7 and 30 days, by the models that a selection chose."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ml.bars import BARS_PER_DAY, BARS_PER_YEAR, Bars, Floats, Ints, VarianceSeries, realised_variance
from ml.features import Features, future_mean, make_features
from ml.models import BY_NAME, VarianceModel
from ml.registry import HorizonChoice, ModelRecord
from ml.selection import DEFAULT_MODEL
from ml.validation import COMBINATION, MIN_TRAIN_ROWS, training_rows


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


class Forecaster:
    """Forecasts of one asset; fits are kept for a day of market time."""

    def __init__(self, record: ModelRecord) -> None:
        self.record = record
        self._fitted: dict[int, tuple[int, list[VarianceModel]]] = {}

    def forecast(self, bars: Bars) -> list[HorizonForecast]:
        """Forecasts at the end of the last bar, made of these bars only."""
        series = realised_variance(bars)
        features = make_features(series)
        return [self._horizon(choice, series, features) for choice in self.record.horizons]

    def _horizon(self, choice: HorizonChoice, series: VarianceSeries, features: Features) -> HorizonForecast:
        last = np.array([len(features) - 1], dtype=np.int64)
        horizon = choice.days * BARS_PER_DAY
        models = self._models(choice, series, features)
        if models:
            per_bar = float(np.exp(np.mean([np.log(model.predict(features, last)[0]) for model in models])))
        else:
            per_bar = float(features["ewma_8"][last[0]])
        total = per_bar * horizon
        low, middle, high = (total * float(np.exp(error)) for error in choice.log_errors)
        return HorizonForecast(choice.days, total, low, middle, high, choice.model, choice.validated and bool(models))

    def _models(self, choice: HorizonChoice, series: VarianceSeries, features: Features) -> list[VarianceModel]:
        """The fitted models of a horizon; none where there is too little history to fit."""
        day = int(features.end[-1]) // 86_400
        cached = self._fitted.get(choice.days)
        if cached is not None and cached[0] == day:
            return cached[1]
        names = self.record.candidates if choice.model == COMBINATION else (choice.model,)
        models = fit(names, series, features, choice.days)
        self._fitted[choice.days] = (day, models)
        return models


def fit(names: tuple[str, ...], series: VarianceSeries, features: Features, days: int) -> list[VarianceModel]:
    """Models fitted on all that was known when the last bar closed; none where that is too little."""
    horizon = days * BARS_PER_DAY
    rows: Ints = training_rows(features, horizon, len(features) - 1)
    if len(rows) < MIN_TRAIN_ROWS:
        return []
    target: Floats = future_mean(series.variance, horizon)[rows]
    models = [BY_NAME[name]() for name in names]
    for model in models:
        model.fit(features, rows, target)
    return models


def long_run_variance(series: VarianceSeries) -> float:
    """Mean annual variance of the last year: where forecasts beyond 30 days tend."""
    return float(np.mean(series.variance[-BARS_PER_YEAR:])) * BARS_PER_YEAR


__all__ = ["DEFAULT_MODEL", "Forecaster", "HorizonForecast", "fit", "long_run_variance"]
