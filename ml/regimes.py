"""Which regime a market is coming into: calm, trending or stressed, with probabilities that are judged.

A regime is an outcome, so that a forecast of it can be wrong: over a horizon a market is *stressed* when its realised
variance is beyond what two thirds of the year's horizons had, otherwise *trending* when its return is beyond its own
realised volatility (a third of horizons without a trend are), and otherwise *calm*. The probabilities are those of a
multinomial regression on the variance forecast over that threshold, the week's rhythm and the signals below, walked
forward. They are set against two forecasts that need no model: how often each regime was, and how often it followed the
third of the year's volatilities that the market is in. What does not beat both says `no skill`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.bars import BARS_PER_DAY, Floats, Ints, VarianceSeries
from ml.compare import block_bootstrap
from ml.features import Features, trailing_mean
from ml.models.base import Parameters
from ml.prior import Prior
from ml.registry import RegimeChoice
from ml.validation import COMBINATION, Prepared, Walk

REGIMES = ("calm", "trending", "stressed")
HORIZON_DAYS = (1, 7)
STRESS_SHARE = 2 / 3
"""Share of the year's horizons with less variance than a stressed one."""
TREND = 1.0
"""Return over realised volatility from which a horizon trends."""
YEAR = 365 * BARS_PER_DAY
MIN_OUTCOMES = 200
"""Fewer outcomes than this teach nothing."""
PRIOR_OUTCOMES = 1000
"""Fewer outcomes of its own than this: a market's probabilities are those of the prior, where there is one."""
JUDGED_FROM = 60
"""Outcomes after which the base rate and the rule are forecasts to be measured against."""
MODEL = "regimes"
"""Name in the prior."""
_REFIT_DAYS = 30
_STRENGTH = 0.1
"""Inverse of the penalty: chosen with the columns on the first 70 % of the shared bars."""
_HISTORY_STEP = BARS_PER_DAY // 4
Classes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class RegimeWalk:
    """Probabilities at every origin that a walk could forecast, beside the plain ones; shape (origins, 3).

    Attributes
    ----------
    outcome : place in `REGIMES` of what followed; -1 while it is not known.
    probabilities, base, rule : of the regression, the base rate and the rule of thirds; NaN before there were any.
    """

    days: int
    end: Ints
    outcome: Classes
    probabilities: Floats
    base: Floats
    rule: Floats


@dataclass(frozen=True)
class Skill:
    """Mean Brier scores over the judged origins, and the intervals of the differences.

    Attributes
    ----------
    against_base, against_rule : 95 % intervals of our score less theirs, by blocks: below zero we are better.
    """

    days: int
    origins: int
    brier: float
    base: float
    rule: float
    against_base: tuple[float, float]
    against_rule: tuple[float, float]

    @property
    def skilled(self) -> bool:
        """Below both, and not by luck."""
        return self.origins > 0 and self.against_base[1] < 0 and self.against_rule[1] < 0

    @property
    def verdict(self) -> str:
        """In words."""
        if not self.origins:
            return f"no skill: too few outcomes to judge {self.days} d"
        scores = f"{self.days} d: Brier {self.brier:.3f}, base rate {self.base:.3f}, rule of thirds {self.rule:.3f}"
        spread = f"differences {_interval(self.against_base)} and {_interval(self.against_rule)}"
        return f"{'skill' if self.skilled else 'no skill'}: {scores}; {spread} over {self.origins} origins"


@dataclass(frozen=True)
class Setting:
    """What the regression looks at, at some rows."""

    design: Floats
    threshold: Floats
    third: Classes


def setting(series: VarianceSeries, features: Features, rows: Ints, forecast: Floats, days: int) -> Setting:
    """Columns, threshold of stress and third of the year's volatility at rows.

    Parameters
    ----------
    forecast : variance per half hour over the horizon, at each row.
    """
    past = trailing_mean(series.variance, days)
    threshold, third = np.empty(len(rows)), np.empty(len(rows), dtype=np.int64)
    for place, row in enumerate(rows):
        history = past[max(min(days * BARS_PER_DAY, int(row)), int(row) - YEAR) : row + 1][::-_HISTORY_STEP]
        low, high, threshold[place] = np.quantile(history, (1 / 3, 2 / 3, STRESS_SHARE))
        third[place] = int(past[row] > low) + int(past[row] > high)
    threshold = np.maximum(threshold, 1e-12)
    near = np.log(forecast / threshold)
    design = np.column_stack(
        [
            near,
            np.minimum(near, 0) ** 2,
            np.log(features["range_ewma_0.5"][rows] / features["range_ewma_8"][rows]),
            features["activity_1"][rows],
            features["fall_1"][rows],
            features["fall_7"][rows],
            np.abs(features["momentum"][rows]),
            np.log(features.rhythm.ahead(rows, days * BARS_PER_DAY)),
            np.log(features["range_ewma_8"][rows] / features["level_365"][rows]),
        ]
    )
    return Setting(design, threshold, third)


def outcomes(series: VarianceSeries, rows: Ints, threshold: Floats, days: int) -> Classes:
    """Place in `REGIMES` of what followed each row; -1 where it is not known yet."""
    bars = days * BARS_PER_DAY
    found = np.full(len(rows), -1, dtype=np.int64)
    known = rows + bars < len(series)
    returns, variance = (np.concatenate([[0.0], np.cumsum(column)]) for column in (series.returns, series.variance))
    first, last = rows[known] + 1, rows[known] + bars + 1
    realised, moved = variance[last] - variance[first], np.abs(returns[last] - returns[first])
    calm_or_trend = np.where(moved > TREND * np.sqrt(realised), 1, 0)
    found[known] = np.where(realised / bars > threshold[known], 2, calm_or_trend)
    return found


def walk_regimes(prepared: Prepared, walk: Walk, prior: Prior | None = None) -> RegimeWalk:
    """Probabilities of each origin of a walk by what was known at it, refitted each month."""
    days, count = walk.horizon_days, len(walk.end)
    rows = np.searchsorted(prepared.features.end, walk.end)
    seen = setting(prepared.series, prepared.features, rows, walk.forecasts[COMBINATION], days)
    outcome = outcomes(prepared.series, rows, seen.threshold, days)
    probabilities, base, rule = (np.full((count, 3), np.nan) for _ in range(3))
    months = _months(walk.end)
    for begin, last in zip(months, [*months[1:], count], strict=True):
        past = max(begin - days + 1, 0)
        weights = _weights(seen.design[:past], outcome[:past], days, int(walk.end[begin]), prior)
        if weights is not None:
            probabilities[begin:last] = predict(weights, seen.design[begin:last])
    for place in range(count):
        known = outcome[: max(place - days + 1, 0)]
        alike = known[seen.third[: len(known)] == seen.third[place]]
        if len(known) >= JUDGED_FROM:
            base[place] = (np.bincount(known, minlength=3) + 1) / (len(known) + 3)
            rule[place] = (np.bincount(alike, minlength=3) + 1) / (len(alike) + 3)
    return RegimeWalk(days, walk.end, outcome, probabilities, base, rule)


def _weights(design: Floats, outcome: Classes, days: int, moment: int, prior: Prior | None) -> Parameters | None:
    """What is used at a moment: the prior until a market's own outcomes are many."""
    learned = prior.parameters(MODEL, days, moment) if prior else None
    if learned is not None and np.sum(outcome >= 0) < PRIOR_OUTCOMES:
        return learned
    return fit(design, outcome) or learned


def fit(design: Floats, outcome: Classes) -> Parameters | None:
    """The regression of rows with known outcomes; None where they are too few, or hold one regime only."""
    known = outcome >= 0
    if known.sum() < MIN_OUTCOMES or len(np.unique(outcome[known])) < len(REGIMES):
        return None
    return regress(design[known], outcome[known])


def regress(design: Floats, outcome: Classes) -> Parameters:
    """The same without a limit."""
    from sklearn.linear_model import LogisticRegression

    middle, width = design.mean(axis=0), design.std(axis=0) + 1e-9
    model = LogisticRegression(C=_STRENGTH, max_iter=500).fit((design - middle) / width, outcome)
    weights = np.column_stack([model.intercept_, model.coef_])
    return {"middle": middle.tolist(), "width": width.tolist(), "weights": weights.ravel().tolist()}


def predict(parameters: Parameters, design: Floats) -> Floats:
    """Probabilities, shape (rows, 3)."""
    scaled = (design - np.array(parameters["middle"])) / np.array(parameters["width"])
    weights = np.array(parameters["weights"]).reshape(len(REGIMES), -1)
    scores = np.stack([weights[k, 0] + (scaled * weights[k, 1:]).sum(axis=1) for k in range(len(REGIMES))], axis=1)
    shares = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(shares / shares.sum(axis=1, keepdims=True), dtype=np.float64)


def judge(walk: RegimeWalk, since: int = 0) -> Skill:
    """Scores over the origins from a moment on at which all three forecasts were there and the outcome is known."""
    where = (walk.outcome >= 0) & ~np.isnan(walk.probabilities[:, 0]) & ~np.isnan(walk.base[:, 0]) & (walk.end >= since)
    if not where.any():
        nothing = float("nan")
        return Skill(walk.days, 0, nothing, nothing, nothing, (nothing, nothing), (nothing, nothing))
    ours, base, rule = (
        _brier(forecast[where], walk.outcome[where]) for forecast in (walk.probabilities, walk.base, walk.rule)
    )
    block = max(10, 2 * walk.days)
    return Skill(
        walk.days,
        int(where.sum()),
        float(ours.mean()),
        float(base.mean()),
        float(rule.mean()),
        block_bootstrap(ours - base, block),
        block_bootstrap(ours - rule, block),
    )


def choose(prepared: Prepared, walk: Walk, prior: Prior | None) -> RegimeChoice | None:
    """What the newest outcomes taught and how it was judged; None where neither they nor the prior say anything."""
    days = walk.horizon_days
    if not len(walk.end):
        return None
    rows = np.searchsorted(prepared.features.end, walk.end)
    seen = setting(prepared.series, prepared.features, rows, walk.forecasts[COMBINATION], days)
    outcome = outcomes(prepared.series, rows, seen.threshold, days)
    parameters = _weights(seen.design, outcome, days, int(walk.end[-1]), prior)
    if parameters is None:
        return None
    skill = judge(walk_regimes(prepared, walk, prior))
    return RegimeChoice(days=days, parameters=dict(parameters), skill=skill.skilled, verdict=skill.verdict)


def _months(end: Ints) -> list[int]:
    """Places of the origins at which the regression is fitted anew: the same moments however long the history."""
    if not len(end):
        return []
    period = end // (_REFIT_DAYS * 86_400)
    return [0, *(np.flatnonzero(np.diff(period)) + 1).tolist()]


def _brier(probabilities: Floats, outcome: Classes) -> Floats:
    return np.asarray(((probabilities - np.eye(len(REGIMES))[outcome]) ** 2).sum(axis=1), dtype=np.float64)


def _interval(bounds: tuple[float, float]) -> str:
    return f"{bounds[0]:+.3f} .. {bounds[1]:+.3f}"
