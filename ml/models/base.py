"""What every model of future variance offers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ml.bars import Floats, Ints
from ml.features import FLOOR, Features

Parameters = Mapping[str, list[float]]
"""What a fitted model can be made from again: names and numbers, as they stand in JSON."""


@dataclass(frozen=True)
class Sample:
    """Rows to learn from, of one asset: the features that were known, and the variance per half hour that followed."""

    features: Features
    rows: Ints
    target: Floats


class VarianceModel(ABC):
    """Forecasts the mean variance per half hour over one horizon.

    A model sees only the rows that it is given: who calls decides what was known.

    Attributes
    ----------
    name : in tables and records.
    window_days : how far back rows are given to it; None is all of them.
    rhythmic : its targets are freed of the week's rhythm, and its forecasts get it back.
    refit_days : days between two fits in a walk.
    learns : it cannot forecast before it was given rows, or a prior.
    """

    name: ClassVar[str]
    window_days: ClassVar[int | None] = 730
    rhythmic: ClassVar[bool] = False
    refit_days: ClassVar[int] = 30
    learns: ClassVar[bool] = True

    def __init__(self, days: int) -> None:
        self.days = days

    @abstractmethod
    def fit(self, samples: Sequence[Sample], prior: Parameters | None = None) -> None:
        """Learn from the rows of one asset or more; `prior` is what other data taught, if anything.

        Without rows the prior alone speaks.
        """

    @abstractmethod
    def predict(self, features: Features, rows: Ints) -> Floats:
        """Forecast of the variance per half hour at each row, above zero."""

    def parameters(self) -> Parameters:
        """What it learned, for a prior; nothing for a model that takes none."""
        return {}


class ScaledModel(VarianceModel):
    """A model of one asset whose forecasts are scaled so that realised over forecast averages one on its rows.

    That is the condition under which QLIKE is least.
    """

    _scale: float = 1.0

    def fit(self, samples: Sequence[Sample], prior: Parameters | None = None) -> None:
        """See `VarianceModel.fit`; the first asset's rows only."""
        features, rows, target = samples[0].features, samples[0].rows, samples[0].target
        self._fit(features, rows, target)
        self._scale = float(np.clip(np.mean(target / self._predict(features, rows)), 0.2, 5.0))

    def predict(self, features: Features, rows: Ints) -> Floats:
        """See `VarianceModel.predict`."""
        return np.maximum(self._scale * self._predict(features, rows), FLOOR)

    @abstractmethod
    def _fit(self, features: Features, rows: Ints, target: Floats) -> None: ...

    @abstractmethod
    def _predict(self, features: Features, rows: Ints) -> Floats: ...


def qlike(target: Floats, forecast: Floats) -> Floats:
    """Loss of each forecast: y/f - ln(y/f) - 1, zero where it is right (Patton, 2011)."""
    ratio = target / forecast
    return np.asarray(ratio - np.log(ratio) - 1, dtype=np.float64)
