"""Which models are combined for which horizon, and how.

The logarithms of their forecasts are averaged with equal weights. Weights that followed past losses, and scales that
followed past errors, were tried on the first 70 % of the shared bars and lost at every horizon. The members were
chosen there too, by walk-forward QLIKE over four years of both assets and over older daily bars. For a month, models
that hold on to a fixed level won by a few percent there and were left out all the same: levels drift, and what was
normal in 2018 is not now.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ml.bars import Floats
from ml.models.learned import RelativeGamma, RelativeRidge, Ridge
from ml.models.mixture import Mixture, SlowMean, YearMean

COMBINATION = "combination"
"""Name of the combined forecast."""
_SHORT = (Ridge, RelativeGamma, Mixture)
_WEEK = (Ridge, RelativeRidge, Mixture)
_MONTH = (RelativeRidge, Mixture, YearMean, SlowMean)
IMPLIED_SHARE = 0.5
"""Weight of an implied volatility at its own maturity, a month. The shared file of one lies wholly in the last 30 %, so
nothing was fitted: about a half is what published encompassing regressions find."""
_IMPLIED_DAYS = 30


def members(days: int) -> tuple[str, ...]:
    """Names of the models that are combined for a horizon."""
    return tuple(model.name for model in (_SHORT if days <= 3 else _WEEK if days <= 14 else _MONTH))


def implied_share(days: int) -> float:
    """Weight of the implied volatility for a horizon: of a month, it says less of a week and little of a day."""
    return IMPLIED_SHARE * min(1.0, float(np.sqrt(days / _IMPLIED_DAYS)))


def combine(forecasts: Mapping[str, Floats], days: int) -> Floats:
    """The combined forecast: of the horizon's members where all are there, otherwise of all models there are."""
    names = members(days)
    if not set(names) <= set(forecasts):
        names = tuple(forecasts)
    return np.asarray(np.exp(np.mean(np.log(np.stack([forecasts[name] for name in names])), axis=0)), dtype=np.float64)
