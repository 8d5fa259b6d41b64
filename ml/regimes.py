"""Which regime a market is in: calm, trending or stressed.

A first version that says what it is: scores of two plain measures, turned into shares that add up to one. Nothing has
been calibrated against outcomes yet, so the shares are not frequencies, and the answer says so.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ml.bars import BARS_PER_DAY, BARS_PER_YEAR, VarianceSeries
from ml.features import trailing_mean

TREND_DAYS = 7
_SHARPNESS = 3.0


@dataclass(frozen=True)
class Driver:
    """One input of a regime and what it was."""

    name: str
    value: float
    meaning: str


@dataclass(frozen=True)
class Regime:
    """Shares of the three regimes, the largest of them, and what drove them."""

    name: str
    probabilities: dict[str, float]
    drivers: tuple[Driver, ...]
    calibrated: bool = False


def classify(series: VarianceSeries) -> Regime:
    """The regime at the end of a series.

    Stress is the rank of the last day's volatility among all days of up to a year; trend is the last week's return over
    its own volatility, which is beyond 1.6 one week in ten without a trend.
    """
    daily = trailing_mean(series.variance, 1)[-BARS_PER_YEAR:]
    latest = float(daily[-1])
    rank = float(np.mean(daily <= latest))
    window = TREND_DAYS * BARS_PER_DAY
    moves = series.returns[-window:]
    realised = float(np.sqrt(np.sum(series.variance[-window:])))
    trend = float(np.sum(moves)) / realised if realised > 0 else 0.0
    scores = {
        "calm": _SHARPNESS * (0.6 - rank),
        "trending": _SHARPNESS * (abs(trend) / 1.6 - 0.75),
        "stressed": _SHARPNESS * (rank - 0.75) * 2,
    }
    top = max(scores.values())
    weights = {name: float(np.exp(score - top)) for name, score in scores.items()}
    total = sum(weights.values())
    probabilities = {name: round(weight / total, 4) for name, weight in weights.items()}
    return Regime(
        max(probabilities, key=probabilities.__getitem__),
        probabilities,
        (
            Driver("volatility_1d", float(np.sqrt(latest * BARS_PER_YEAR)), "annual volatility of the last day"),
            Driver("volatility_rank", rank, "share of the last year's days that were no more volatile"),
            Driver("trend_7d", trend, "last week's log return over its own realised volatility"),
        ),
    )
