"""Regressions of the logarithm of variance, and boosted trees, by scikit-learn.

All learn the logarithm of what came over a slow average of what was (the anchor), so that a new level is no new world:
the relative ones do not even see the level. What other markets taught (a prior) is what they shrink towards, in place
of nothing.

scikit-learn is imported when a model is fitted: the service answers before it is needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from threadpoolctl import threadpool_limits

from ml.bars import Floats, Ints
from ml.features import FLOOR, Features
from ml.models.base import Parameters, Sample, VarianceModel

PRIOR_ROWS = 1000.0
"""A prior counts as so many rows, the better part of a year of origins ..."""
_LONG_PRIOR = 4.0
"""... and as so many times more of them for a month: its rows share nearly all their target with their neighbours."""
LONG_DAYS = 14
"""Horizons beyond these are long."""
_SHRINK = 0.02
"""Ridge penalty, as a share of the rows."""
_SPREAD = 3.0
"""A forecast lies within e to this power of its anchor."""
_OUTLIER = 20.0
"""One outcome is counted as at most so many times its forecast where a mean of ratios is taken."""


class _LogLinear(VarianceModel):
    """A line in logarithms: columns over the anchor, and others as they are.

    The columns are put on a fixed scale, the prior's where there is one. `_coefficients` starts with the constant.
    """

    window_days: ClassVar[int | None] = None
    rhythmic: ClassVar[bool] = True
    _anchor: ClassVar[str] = "level_ewma_8"
    _variances: ClassVar[tuple[str, ...]] = ("range_ewma_0.5", "range_ewma_2", "range_ewma_8", "range_ewma_32")
    _others: ClassVar[tuple[str, ...]] = ()
    _level: ClassVar[bool] = False
    _coefficients: Floats
    _middle: Floats
    _width: Floats

    def fit(self, samples: Sequence[Sample], prior: Parameters | None = None) -> None:
        """See `VarianceModel.fit`."""
        if prior is not None and not samples:
            self._middle, self._width, self._coefficients = (
                np.array(prior[name]) for name in ("middle", "width", "coefficients")
            )
            return
        raw = np.concatenate([self._columns(sample.features, sample.rows) for sample in samples])
        anchors = np.concatenate([sample.features[self._anchor][sample.rows] for sample in samples])
        ratio = np.concatenate([sample.target for sample in samples]) / anchors
        if prior is None:
            self._middle, self._width = raw.mean(axis=0), raw.std(axis=0) + 1e-9
            start = np.zeros(raw.shape[1] + 1)
            start[0] = self._constant(ratio)
        else:
            self._middle, self._width = np.array(prior["middle"]), np.array(prior["width"])
            start = np.array(prior["coefficients"])
        penalty = _SHRINK * len(raw) + (0.0 if prior is None else self._prior_rows())
        design = self._scaled(raw)
        self._coefficients = start
        with threadpool_limits(1):
            self._coefficients = self._regress(design, ratio, start, penalty, prior is not None)

    def predict(self, features: Features, rows: Ints) -> Floats:
        """See `VarianceModel.predict`."""
        anchor = features[self._anchor][rows]
        # Row by row: a sum must not depend on how many rows are asked for together.
        logs = (self._scaled(self._columns(features, rows)) * self._coefficients).sum(axis=1)
        forecast = anchor * np.exp(np.clip(logs, -_SPREAD, _SPREAD))
        return np.asarray(np.maximum(forecast, FLOOR), dtype=np.float64)

    def parameters(self) -> Parameters:
        """See `VarianceModel.parameters`."""
        return {
            "middle": self._middle.tolist(),
            "width": self._width.tolist(),
            "coefficients": self._coefficients.tolist(),
        }

    def _prior_rows(self) -> float:
        return PRIOR_ROWS * (_LONG_PRIOR if self.days > LONG_DAYS else 1.0)

    def _columns(self, features: Features, rows: Ints) -> Floats:
        anchor = np.log(features[self._anchor][rows])
        columns = [np.log(features[name][rows]) - anchor for name in self._variances]
        columns += [features[name][rows] for name in self._others]
        return np.column_stack([*columns, anchor] if self._level else columns)

    def _scaled(self, raw: Floats) -> Floats:
        return np.column_stack([np.ones(len(raw)), (raw - self._middle) / self._width])

    def _constant(self, ratio: Floats) -> float:
        return float(np.mean(np.log(ratio)))

    def _regress(self, design: Floats, ratio: Floats, start: Floats, penalty: float, keep_constant: bool) -> Floats:
        """Coefficients that explain the logarithm of `ratio`, held to `start`."""
        from sklearn.linear_model import Ridge as RidgeRegression

        rest = np.log(ratio) - design @ start
        weights = RidgeRegression(alpha=penalty, fit_intercept=False).fit(design, rest).coef_
        found = start + weights
        # The mean of a ratio is not the exponential of its mean logarithm.
        smear = float(np.mean(np.minimum(ratio * np.exp(-design @ found), _OUTLIER)))
        if keep_constant:
            share = len(ratio) / (len(ratio) + penalty)
            found[0] += share * np.log(smear)
        else:
            found[0] += np.log(smear)
        return np.asarray(found, dtype=np.float64)


class Ridge(_LogLinear):
    """Ridge regression on ranges, activity and falls, that knows the level and so where it comes back to."""

    name: ClassVar[str] = "ridge"
    _others: ClassVar[tuple[str, ...]] = ("activity_1", "activity_7", "fall_1", "fall_7")
    _level: ClassVar[bool] = True


class RelativeRidge(_LogLinear):
    """Ridge regression on ranges over their own last year: nothing in it knows what level is normal."""

    name: ClassVar[str] = "ridge-relative"
    _variances: ClassVar[tuple[str, ...]] = (*_LogLinear._variances, "level_ewma_128", "level_365")


class TwoYearRidge(_LogLinear):
    """The same over its own last two years, which drift with the market: what a month comes back to."""

    name: ClassVar[str] = "ridge-two-years"
    _variances: ClassVar[tuple[str, ...]] = (*_LogLinear._variances, "level_ewma_128", "level_730")


class RelativeGamma(RelativeRidge):
    """The same columns with activity and falls, fitted to the gamma deviance, which is QLIKE itself."""

    name: ClassVar[str] = "gamma-relative"
    _others: ClassVar[tuple[str, ...]] = ("activity_1", "activity_7", "fall_1", "fall_7")

    def _constant(self, ratio: Floats) -> float:
        return float(np.log(np.mean(np.minimum(ratio, np.exp(6.0)))))

    def _regress(self, design: Floats, ratio: Floats, start: Floats, penalty: float, keep_constant: bool) -> Floats:
        from sklearn.linear_model import GammaRegressor

        # The deviance does not change when outcome and forecast are divided by one number: this is an offset.
        rest = np.clip(ratio * np.exp(-design @ start), np.exp(-6.0), np.exp(6.0))
        fitted = GammaRegressor(
            alpha=penalty / len(ratio), fit_intercept=not keep_constant, solver="newton-cholesky", max_iter=100
        ).fit(design if keep_constant else design[:, 1:], rest)
        weights = fitted.coef_ if keep_constant else np.concatenate([[fitted.intercept_], fitted.coef_])
        return np.asarray(start + weights, dtype=np.float64)


class Boosted(VarianceModel):
    """Gradient-boosted shallow trees on the gamma deviance, seeded: equal data gives an equal model."""

    name: ClassVar[str] = "boosted"
    window_days: ClassVar[int | None] = None
    rhythmic: ClassVar[bool] = True
    refit_days: ClassVar[int] = 90
    _anchor: ClassVar[str] = "range_ewma_4"

    def fit(self, samples: Sequence[Sample], prior: Parameters | None = None) -> None:
        """See `VarianceModel.fit`."""
        from sklearn.ensemble import HistGradientBoostingRegressor

        design = np.concatenate([self._columns(sample.features, sample.rows) for sample in samples])
        ratio = np.concatenate([sample.target / sample.features[self._anchor][sample.rows] for sample in samples])
        self._trees = HistGradientBoostingRegressor(
            loss="gamma",
            max_iter=60,
            learning_rate=0.05,
            max_leaf_nodes=6,
            min_samples_leaf=min(200, max(20, len(ratio) // 12)),
            l2_regularization=5.0,
            random_state=0,
        )
        # The rows are few: threads would only wait for one another, and for the other services of the machine.
        with threadpool_limits(1):
            self._trees.fit(design, np.clip(ratio, 1e-3, 8.0))

    def predict(self, features: Features, rows: Ints) -> Floats:
        """See `VarianceModel.predict`."""
        with threadpool_limits(1):
            ratio = self._trees.predict(self._columns(features, rows))
        return np.asarray(np.maximum(features[self._anchor][rows] * ratio, FLOOR), dtype=np.float64)

    def _columns(self, features: Features, rows: Ints) -> Floats:
        anchor = np.log(features[self._anchor][rows])
        names = ("range_ewma_0.5", "range_ewma_1", "range_ewma_2", "range_ewma_8", "range_ewma_32", "level_365")
        columns = [np.log(features[name][rows]) - anchor for name in names]
        others = ("activity_1", "activity_7", "fall_1", "fall_7", "downside", "momentum")
        return np.column_stack([*columns, *(features[name][rows] for name in others)])
