"""Mixtures: the variance to come as a sum of averages of past variance, with weights that cannot be negative.

The weights have the least QLIKE. With past variances only, the mixture follows any level; it cannot leave the range of
what it averages. Weights come by the multiplicative rule of the Itakura-Saito distance, which is QLIKE (Fevotte, Bertin
and Durrieu 2009): each is multiplied by the square root of the ratio of the two halves of the gradient.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from ml.bars import Floats, Ints
from ml.features import FLOOR, RANGE_HALF_LIFE_DAYS, Features
from ml.models.base import Parameters, Sample, VarianceModel

PRIOR_ROWS = 1000.0
"""A prior counts as so many rows."""
_OUTLIER = 20.0
"""An outcome is counted as at most so many times the mean of its columns."""
_STEPS = 400
_LEAST = 1e-8
_SHORT = 3
"""Horizons of so many days and fewer look at averages that fade; longer ones at windows."""


class Mixture(VarianceModel):
    """Averages of range variance over all times, and the mean since the first bar."""

    name: ClassVar[str] = "mixture"
    window_days: ClassVar[int | None] = None
    rhythmic: ClassVar[bool] = True
    _weights: Floats

    def fit(self, samples: Sequence[Sample], prior: Parameters | None = None) -> None:
        """See `VarianceModel.fit`."""
        start = None if prior is None else np.array(prior["weights"])
        if start is not None and not samples:
            self._weights = start
            return
        columns = np.concatenate([self._columns(sample.features, sample.rows) for sample in samples])
        target = np.concatenate([sample.target for sample in samples])
        target = np.minimum(target, _OUTLIER * columns.mean(axis=1))
        self._weights = least_qlike_weights(columns, target, start)

    def predict(self, features: Features, rows: Ints) -> Floats:
        """See `VarianceModel.predict`."""
        forecast = (self._columns(features, rows) * self._weights).sum(axis=1)
        return np.asarray(np.maximum(forecast, FLOOR), dtype=np.float64)

    def parameters(self) -> Parameters:
        """See `VarianceModel.parameters`."""
        return {"weights": self._weights.tolist()}

    def _columns(self, features: Features, rows: Ints) -> Floats:
        if self.days <= _SHORT:
            names = (*(f"range_ewma_{days:g}" for days in RANGE_HALF_LIFE_DAYS), "range_all")
        else:
            windows = ("range_mean_0.25", "range_mean_1", "range_mean_3", "range_mean_7", "range_mean_30")
            names = (*windows, "level_90", "level_365", "level_all")
        return np.column_stack([features[name][rows] for name in names])


def least_qlike_weights(columns: Floats, target: Floats, prior: Floats | None) -> Floats:
    """Weights, not negative, with the least mean QLIKE of `columns @ weights` against `target`.

    Parameters
    ----------
    columns : shape (rows, averages), above zero.
    target : shape (rows,), above zero.
    prior : weights that count as `PRIOR_ROWS` rows; each is drawn to its own by their distance.
    """
    rows, count = columns.shape
    pull = 0.0 if prior is None else PRIOR_ROWS / rows / count
    centre = np.zeros(count) if prior is None else prior
    weights = np.full(count, 1 / count) * np.mean(target / columns.mean(axis=1)) if prior is None else prior.copy()
    weights = np.maximum(weights, _LEAST)
    for _ in range(_STEPS):
        forecast = columns @ weights
        upper = columns.T @ (target / forecast**2) / rows + pull * centre / weights**2
        lower = columns.T @ (1 / forecast) / rows + pull / weights
        better = np.maximum(weights * np.sqrt(upper / lower), _LEAST)
        done = float(np.max(np.abs(better - weights))) < 1e-6
        weights = better
        if done:
            break
    return np.asarray(weights, dtype=np.float64)
