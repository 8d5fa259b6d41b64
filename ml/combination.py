"""Which models are combined for which horizon, and how.

The logarithms of their forecasts are averaged with equal weights. Weights that followed past losses, and scales that
followed past errors, were tried on the first 70 % of the shared bars and lost at every horizon. The members were
chosen there too, by walk-forward QLIKE over four years of both assets and over older daily bars; docs/forecasts.md has
the figures. For a month, a regression that knows a level from other markets won by one or two percent there and was
left out all the same: it takes a market that always moved little to move as others did. What a month's members come
back to is the market's own: the last two years, the level of all its returns, or none.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ml.bars import Floats
from ml.models.classical import Garch, RiskMetrics97
from ml.models.learned import LONG_DAYS, RelativeGamma, RelativeRidge, Ridge, TwoYearRidge
from ml.models.mixture import Mixture

COMBINATION = "combination"
"""Name of the combined forecast."""
_SHORT = (Ridge, RelativeGamma, Mixture)
_WEEK = (Ridge, RelativeRidge, Mixture)
_MONTH = (TwoYearRidge, Garch, RiskMetrics97)
_FEWEST = 2
"""One model alone is no combination."""
IMPLIED_SHARE = 0.5
"""Weight of an implied volatility at its own maturity, a month. The shared file of one lies wholly in the last 30 %, so
nothing was fitted: about a half is what published encompassing regressions find."""
_IMPLIED_DAYS = 30


def members(days: int) -> tuple[str, ...]:
    """Names of the models that are combined for a horizon."""
    return tuple(model.name for model in (_SHORT if days <= 3 else _WEEK if days <= LONG_DAYS else _MONTH))


def implied_share(days: int) -> float:
    """Weight of the implied volatility for a horizon: of a month, it says less of a week and little of a day."""
    return IMPLIED_SHARE * min(1.0, float(np.sqrt(days / _IMPLIED_DAYS)))


def combine(forecasts: Mapping[str, Floats], days: int) -> Floats:
    """The combined forecast: of the horizon's members that there are, or of all models where those are not two.

    NaN where fewer than two of them could be fitted.
    """
    names = [name for name in members(days) if name in forecasts]
    if len(names) < _FEWEST:
        names = list(forecasts)
    logs = np.log(np.stack([forecasts[name] for name in names]))
    there = ~np.isnan(logs)
    count = there.sum(axis=0)
    mean = np.where(there, logs, 0.0).sum(axis=0) / np.maximum(count, 1)
    return np.asarray(np.where(count >= min(_FEWEST, len(names)), np.exp(mean), np.nan), dtype=np.float64)
