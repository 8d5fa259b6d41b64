"""What every model of future variance offers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np

from ml.bars import Floats, Ints
from ml.features import Features


class VarianceModel(ABC):
    """Forecasts the mean variance per bar over one horizon.

    A model sees only the rows that it is given: who calls decides what was known. After fitting, forecasts are scaled
    so that realised over forecast averages one on the training rows, the condition under which QLIKE is least.
    """

    name: ClassVar[str]
    _scale: float = 1.0

    def fit(self, features: Features, rows: Ints, target: Floats) -> None:
        """Learn from rows and the variance per bar that followed each of them."""
        self._scale = 1.0
        self._fit(features, rows, target)
        self._scale = float(np.clip(np.mean(target / self._predict(features, rows)), 0.2, 5.0))

    def predict(self, features: Features, rows: Ints) -> Floats:
        """Forecast of the variance per bar at each row, above zero."""
        return self._scale * self._predict(features, rows)

    @abstractmethod
    def _fit(self, features: Features, rows: Ints, target: Floats) -> None: ...

    @abstractmethod
    def _predict(self, features: Features, rows: Ints) -> Floats: ...


def qlike(target: Floats, forecast: Floats) -> Floats:
    """Loss of each forecast: y/f - ln(y/f) - 1, zero where it is right (Patton, 2011)."""
    ratio = target / forecast
    return np.asarray(ratio - np.log(ratio) - 1, dtype=np.float64)
