"""scikit-learn models on the logarithms of all features.

scikit-learn is imported when a model is made: the service answers before it is needed.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from ml.bars import Floats, Ints
from ml.features import FLOOR, HALF_LIFE_DAYS, WINDOW_DAYS, Features
from ml.models.base import VarianceModel

_VARIANCES = tuple(f"mean_{days:g}" for days in WINDOW_DAYS) + tuple(f"ewma_{days:g}" for days in HALF_LIFE_DAYS)


class _Learned(VarianceModel):
    """Learns the logarithm of future variance over the slow exponential mean, so that a new level is no new world."""

    _anchor: ClassVar[str] = "ewma_8"

    def _fit(self, features: Features, rows: Ints, target: Floats) -> None:
        self._regressor = self._make()
        # The rows are few: threads would only wait for one another, and for the other services of the machine.
        with threadpool_limits(1):
            self._regressor.fit(self._design(features, rows), np.log(target / features[self._anchor][rows]))

    def _predict(self, features: Features, rows: Ints) -> Floats:
        with threadpool_limits(1):
            logs = self._regressor.predict(self._design(features, rows)) + np.log(features[self._anchor][rows])
        return np.asarray(np.exp(np.clip(logs, np.log(FLOOR), 0.0)), dtype=np.float64)

    def _design(self, features: Features, rows: Ints) -> Floats:
        anchor = np.log(features[self._anchor][rows])
        columns = [np.log(features[name][rows]) - anchor for name in _VARIANCES if name != self._anchor]
        return np.column_stack([*columns, anchor, features["downside"][rows], features["momentum"][rows]])

    @abstractmethod
    def _make(self) -> Any: ...


class Ridge(_Learned):
    """Ridge regression, strongly held back: the features are close to one another."""

    name: ClassVar[str] = "ridge"

    def _make(self) -> Any:
        from sklearn.linear_model import Ridge as RidgeRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        return make_pipeline(StandardScaler(), RidgeRegression(alpha=300.0))


class Boosted(_Learned):
    """Gradient-boosted shallow trees, seeded: equal data gives an equal model."""

    name: ClassVar[str] = "boosted"

    def _make(self) -> Any:
        from sklearn.ensemble import HistGradientBoostingRegressor

        return HistGradientBoostingRegressor(
            max_iter=60,
            learning_rate=0.06,
            max_leaf_nodes=6,
            min_samples_leaf=60,
            l2_regularization=5.0,
            random_state=0,
        )
