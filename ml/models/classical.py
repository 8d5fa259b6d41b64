"""The field's standard models: what every other one is measured against."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from scipy.optimize import minimize, nnls
from scipy.signal import lfilter

from ml.bars import BARS_PER_DAY, Floats, Ints
from ml.features import FLOOR, HALF_LIFE_DAYS, WINDOW_DAYS, Features
from ml.models.base import Parameters, Sample, ScaledModel, VarianceModel, qlike


class _Plain(VarianceModel):
    """A column of the features, as it is."""

    learns: ClassVar[bool] = False

    def fit(self, samples: Sequence[Sample], prior: Parameters | None = None) -> None:
        """Nothing is learned."""

    @abstractmethod
    def _column(self) -> str:
        """The name of the column."""

    def predict(self, features: Features, rows: Ints) -> Floats:
        """See `VarianceModel.predict`."""
        return features[self._column()][rows]


class RandomWalk(_Plain):
    """The variance of the last days, as many as are to come."""

    name: ClassVar[str] = "random-walk"

    def _column(self) -> str:
        return f"mean_{min(WINDOW_DAYS, key=lambda days: abs(days - self.days)):g}"


class RiskMetrics(VarianceModel):
    """Exponential smoothing of daily realised variance with weight 0.94 on the past, as RiskMetrics (1996) set it."""

    name: ClassVar[str] = "riskmetrics"
    learns: ClassVar[bool] = False
    _keep: ClassVar[float] = 0.94

    def fit(self, samples: Sequence[Sample], prior: Parameters | None = None) -> None:
        """Nothing is learned."""

    def predict(self, features: Features, rows: Ints) -> Floats:
        """See `VarianceModel.predict`: at each row the days that end with it."""
        result = np.empty(len(rows))
        daily = features["mean_1"]
        phases = rows % BARS_PER_DAY
        for phase in np.unique(phases):
            days = daily[phase::BARS_PER_DAY]
            smooth, _ = lfilter([1 - self._keep], [1, -self._keep], days, zi=[self._keep * days[0]])
            chosen = phases == phase
            result[chosen] = smooth[rows[chosen] // BARS_PER_DAY]
        return result


class RiskMetrics97(RiskMetrics):
    """The same with 0.97, the weight that RiskMetrics set for a month."""

    name: ClassVar[str] = "riskmetrics-97"
    _keep: ClassVar[float] = 0.97


class Ewma(ScaledModel):
    """Exponentially weighted realised variance; the half-life with the least QLIKE on the training rows."""

    name: ClassVar[str] = "ewma"
    _column: str = "ewma_4"

    def _fit(self, features: Features, rows: Ints, target: Floats) -> None:
        losses = {}
        for days in HALF_LIFE_DAYS:
            column = f"ewma_{days:g}"
            past = features[column][rows]
            losses[column] = float(np.mean(qlike(target, past * np.mean(target / past))))
        self._column = min(losses, key=losses.__getitem__)

    def _predict(self, features: Features, rows: Ints) -> Floats:
        return features[self._column][rows]


class Ewma32(_Plain):
    """Exponentially weighted realised variance with a half-life of 32 days, not scaled."""

    name: ClassVar[str] = "ewma-32"

    def _column(self) -> str:
        return "ewma_32"


class Har(ScaledModel):
    """Variance on its own means over a day, a week and a month (Corsi 2009), by least squares."""

    name: ClassVar[str] = "har"
    _names: ClassVar[tuple[str, ...]] = ("mean_1", "mean_7", "mean_30")
    _least: float = FLOOR

    def _fit(self, features: Features, rows: Ints, target: Floats) -> None:
        self._unit = float(np.mean(target))
        self._weights = np.linalg.lstsq(self._design(features, rows), target, rcond=None)[0]
        self._least = float(np.min(target))

    def _predict(self, features: Features, rows: Ints) -> Floats:
        # A forecast below all that was ever seen is a line drawn too far.
        forecast = (self._design(features, rows) * self._weights).sum(axis=1)
        return np.asarray(np.maximum(forecast, self._least), dtype=np.float64)

    def _design(self, features: Features, rows: Ints) -> Floats:
        columns = [features[name][rows] for name in self._names]
        return np.column_stack([*columns, np.full(len(rows), self._unit)])


class HarYear(Har):
    """HAR over the last year."""

    name: ClassVar[str] = "har-365"
    window_days: ClassVar[int | None] = 365


class HarAll(Har):
    """HAR over all history."""

    name: ClassVar[str] = "har-all"
    window_days: ClassVar[int | None] = None


class WeightedHar(Har):
    """HAR with weights that cannot be negative, rows weighed by the inverse of their monthly variance."""

    name: ClassVar[str] = "har-weighted"

    def _fit(self, features: Features, rows: Ints, target: Floats) -> None:
        self._unit = float(np.mean(target))
        weight = 1 / features["mean_30"][rows]
        self._weights, _ = nnls(self._design(features, rows) * weight[:, None], target * weight)


class LogHar(ScaledModel):
    """HAR in logarithms, over windows from six hours to a month, by least squares."""

    name: ClassVar[str] = "log-har"
    _names: ClassVar[tuple[str, ...]] = ("mean_0.25", "mean_1", "mean_3", "mean_7", "mean_30")

    def _fit(self, features: Features, rows: Ints, target: Floats) -> None:
        self._weights = np.linalg.lstsq(self._design(features, rows), np.log(target), rcond=None)[0]

    def _predict(self, features: Features, rows: Ints) -> Floats:
        # A regression may not forecast what lies far outside all that it has seen.
        logs = np.clip((self._design(features, rows) * self._weights).sum(axis=1), np.log(FLOOR), 0.0)
        return np.asarray(np.exp(logs), dtype=np.float64)

    def _design(self, features: Features, rows: Ints) -> Floats:
        return np.column_stack([features.logs(self._names, rows), np.ones(len(rows))])


class LogHarYear(LogHar):
    """Log-HAR over the last year."""

    name: ClassVar[str] = "log-har-365"
    window_days: ClassVar[int | None] = 365


class LogHarAll(LogHar):
    """Log-HAR over all history."""

    name: ClassVar[str] = "log-har-all"
    window_days: ClassVar[int | None] = None


class Garch(VarianceModel):
    """GARCH(1,1) of daily returns by normal maximum likelihood (Bollerslev 1986), over all history."""

    name: ClassVar[str] = "garch"
    window_days: ClassVar[int | None] = None
    _alpha, _beta, _long_run = 0.1, 0.85, 0.0
    refit_days: ClassVar[int] = 90

    def fit(self, samples: Sequence[Sample], prior: Parameters | None = None) -> None:
        """The likelihood of the returns of whole days up to the last row given."""
        features, rows = samples[0].features, samples[0].rows
        # The last row's target ends later: its horizon is known, and so are the returns of those days.
        last = int(rows[-1]) + self.days * BARS_PER_DAY
        returns = self._returns(features, last)
        start = float(np.var(returns))

        def loss(values: Floats) -> float:
            alpha, beta = _shares(values)
            long_run = start * float(np.exp(np.clip(values[2], -3, 3)))
            expected = _filter(returns, alpha, beta, long_run * (1 - alpha - beta), start)
            return float(np.sum(np.log(expected) + returns**2 / expected))

        best = minimize(loss, np.array([-1.5, 2.0, 0.0]), method="Nelder-Mead", options={"maxiter": 400}).x
        self._alpha, self._beta = _shares(best)
        self._long_run = start * float(np.exp(np.clip(best[2], -3, 3)))

    def predict(self, features: Features, rows: Ints) -> Floats:
        """See `VarianceModel.predict`: at each row the days that end with it."""
        result = np.empty(len(rows))
        persistence = self._alpha + self._beta
        for phase in np.unique(rows % BARS_PER_DAY):
            chosen = np.flatnonzero(rows % BARS_PER_DAY == phase)
            returns = self._returns(features, int(rows[chosen[-1]]))
            constant = self._long_run * (1 - persistence)
            following = _filter(np.append(returns, 0.0), self._alpha, self._beta, constant, self._long_run)
            # Each row's place among the days counted back from the last row.
            next_day = following[len(returns) - (rows[chosen[-1]] - rows[chosen]) // BARS_PER_DAY]
            mean = (1 - persistence**self.days) / (self.days * (1 - persistence)) if persistence < 1 else 1.0
            result[chosen] = (self._long_run + (next_day - self._long_run) * mean) / BARS_PER_DAY
        return np.asarray(np.maximum(result, FLOOR), dtype=np.float64)

    def _returns(self, features: Features, last: int) -> Floats:
        """Returns of the days that end with a row, oldest first."""
        ends = np.arange(last, BARS_PER_DAY - 1, -BARS_PER_DAY)[::-1]
        return np.asarray(features["day_return"][ends], dtype=np.float64)


def _shares(values: Floats) -> tuple[float, float]:
    alpha = 0.5 / (1 + float(np.exp(-np.clip(values[0], -30, 30))))
    return alpha, 0.9995 * (1 - alpha) / (1 + float(np.exp(-np.clip(values[1], -30, 30))))


def _filter(returns: Floats, alpha: float, beta: float, constant: float, start: float) -> Floats:
    """Variance expected for each day, by the days before it."""
    pushed = np.concatenate([[start], constant + alpha * returns[:-1] ** 2])
    return np.asarray(lfilter([1.0], [1.0, -beta], pushed), dtype=np.float64)
