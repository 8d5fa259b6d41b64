"""The field's standard models: exponential smoothing and the heterogeneous autoregression (HAR, Corsi 2009)."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from scipy.optimize import nnls

from ml.bars import Floats, Ints
from ml.features import FLOOR, HALF_LIFE_DAYS, Features
from ml.models.base import VarianceModel, qlike


class Ewma(VarianceModel):
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


class Har(VarianceModel):
    """Variance on its own means over a day, a week and a month, with weights that cannot be negative.

    Rows are weighed by the inverse of their monthly variance: the error of a variance grows with its level.
    """

    name: ClassVar[str] = "har"
    _names: ClassVar[tuple[str, ...]] = ("mean_1", "mean_7", "mean_30")

    def _fit(self, features: Features, rows: Ints, target: Floats) -> None:
        self._constant = float(np.mean(target))
        weight = 1 / features["mean_30"][rows]
        self._weights, _ = nnls(self._design(features, rows) * weight[:, None], target * weight)

    def _predict(self, features: Features, rows: Ints) -> Floats:
        return np.asarray(np.maximum(self._design(features, rows) @ self._weights, FLOOR), dtype=np.float64)

    def _design(self, features: Features, rows: Ints) -> Floats:
        columns = [features[name][rows] for name in self._names]
        return np.column_stack([*columns, np.full(len(rows), self._constant)])


class LogHar(VarianceModel):
    """HAR in logarithms, over half a dozen windows from six hours to a month, by least squares."""

    name: ClassVar[str] = "log-har"
    _names: ClassVar[tuple[str, ...]] = ("mean_0.25", "mean_1", "mean_3", "mean_7", "mean_30")

    def _fit(self, features: Features, rows: Ints, target: Floats) -> None:
        self._weights = np.linalg.lstsq(self._design(features, rows), np.log(target), rcond=None)[0]

    def _predict(self, features: Features, rows: Ints) -> Floats:
        # A regression may not forecast what lies far outside all that it has seen.
        logs = np.clip(self._design(features, rows) @ self._weights, np.log(FLOOR), 0.0)
        return np.asarray(np.exp(logs), dtype=np.float64)

    def _design(self, features: Features, rows: Ints) -> Floats:
        return np.column_stack([features.logs(self._names, rows), np.ones(len(rows))])
