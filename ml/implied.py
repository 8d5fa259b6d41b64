"""Implied volatility as one more forecast: what the market pays, less what it pays too much."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.signal import lfilter

from ml.bars import BARS_PER_YEAR, Floats
from ml.combination import COMBINATION, implied_share
from ml.files import Implied
from ml.validation import Walk

PRIOR_RATIO = 0.75
"""Realised over implied variance that is assumed: buyers of options pay a premium."""
_PRIOR_ORIGINS = 60.0
_HALF_LIFE = 180.0
_CLIP = (0.2, 3.0)
"""One outcome counts within these ratios: a crash is not what the premium is."""


def with_implied(walk: Walk, implied: Implied, rhythm: Floats) -> tuple[Walk, npt.NDArray[np.bool_]]:
    """A walk with `implied` beside its models and the combination drawn to it where there is a value.

    Parameters
    ----------
    rhythm : mean rhythm of each horizon ahead: an index of thirty days knows no Sunday.

    Returns
    -------
    The walk, and at each origin whether an implied volatility was known.
    """
    days = walk.horizon_days
    value = implied.at(walk.end) / BARS_PER_YEAR
    known = ~np.isnan(value)
    ratio = _ratio(np.where(known, walk.target / (value * rhythm), np.nan), days)
    forecast = np.where(known, value * rhythm * ratio, walk.forecasts[COMBINATION])
    share = implied_share(days)
    logs = (1 - share) * np.log(walk.forecasts[COMBINATION]) + share * np.log(forecast)
    walk = walk.with_forecast("implied", forecast).with_forecast("without-implied", walk.forecasts[COMBINATION])
    return walk.with_forecast(COMBINATION, np.exp(logs)), known


def _ratio(outcomes: Floats, days: int) -> Floats:
    """Mean of the outcomes known at each origin, newer ones weighing more, begun at the assumed one."""
    keep = 0.5 ** (1 / _HALF_LIFE)
    there = ~np.isnan(outcomes)
    sums = lfilter([1.0], [1.0, -keep], np.where(there, np.clip(np.nan_to_num(outcomes), *_CLIP), 0.0))
    weights = lfilter([1.0], [1.0, -keep], there.astype(np.float64))
    # The outcome of an origin is known a horizon later.
    late = np.zeros(min(days, len(outcomes)))
    sums, weights = (np.concatenate([late, column[: len(column) - len(late)]]) for column in (sums, weights))
    return np.asarray((sums + _PRIOR_ORIGINS * PRIOR_RATIO) / (weights + _PRIOR_ORIGINS), dtype=np.float64)
