"""Quantiles of what is realised, as distances in logarithms from the forecast, that learn from their own misses.

The distance starts from the quantiles of past errors, newer ones weighing more, and an assumed spread that counts as
two months of them. On that stands a correction that moves against the share of outcomes that fell below so far
(adaptive conformal inference, Gibbs and Candes 2021; Angelopoulos, Candes and Tibshirani 2023): whatever the errors do,
that share is pulled to what it should be. Outcomes of long horizons come late; those under way are counted by what they
have shown, with the chance that the rest still turns them.
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, ndtri

from ml.bars import Floats
from ml.validation import Walk

LEVELS = (0.1, 0.5, 0.9)
_SIGMA = {1: 0.85, 7: 0.6, 30: 0.5}
"""Spread of ln(realised / forecast) that is assumed, by days: what classical models show over years."""
PRIOR_ORIGINS = 60.0
_HALF_LIFE = 730.0
"""Origins after which an error weighs half."""
_STEP = 0.08
"""How far one miss moves a quantile, in logarithms: the least that kept years of the first 70 % within three points."""
_FARTHEST = 1.0
_POINTS = 50


def sigma(days: int) -> float:
    """The assumed spread of a horizon."""
    return _by_days(_SIGMA, days)


def assumed(days: int) -> tuple[float, float, float]:
    """Distances without any outcome: of a log-normal whose mean is the forecast."""
    spread = sigma(days)
    low, middle, high = (-(spread**2) / 2 + spread * float(ndtri(level)) for level in LEVELS)
    return low, middle, high


def adaptive(walk: Walk, name: str) -> Floats:
    """Distances at every origin of a walk, made of what was known at it; shape (origins, 3), ascending.

    Parameters
    ----------
    walk : origins a day apart.
    name : of the forecast whose errors are counted.
    """
    days, count = walk.horizon_days, len(walk.end)
    spread = sigma(days)
    levels = np.array(LEVELS)
    errors, forecast = walk.log_errors(name), walk.forecasts[name]
    shown = np.concatenate([[0.0], np.cumsum(np.nan_to_num(walk.next_day))])
    prior = -(spread**2) / 2 + spread * ndtri((np.arange(_POINTS) + 0.5) / _POINTS)
    prior_weight = np.full(_POINTS, PRIOR_ORIGINS / _POINTS)
    distances, moved = np.empty((count, 3)), np.zeros(3)
    for now in range(count):
        known = max(now - days + 1, 0)
        if known:
            moved = moved + _STEP * ((errors[known - 1] > distances[known - 1]) - (1 - levels))
        weights = 0.5 ** (np.arange(known)[::-1] / _HALF_LIFE)
        base = _weighted(np.concatenate([errors[:known], prior]), np.concatenate([weights, prior_weight]), levels)
        pending = np.arange(known, now)
        under_way = np.zeros(3)
        if len(pending):
            elapsed = now - pending
            rest = (days - elapsed) * forecast[now]
            total = shown[now] - shown[pending] + rest
            expected = np.log(total / days / forecast[pending])
            left = spread * np.sqrt((days - elapsed) / days) * rest / total + 1e-6
            above = ndtr((expected[:, None] - distances[pending]) / left[:, None])
            under_way = _STEP * (above - (1 - levels)).sum(axis=0)
        distances[now] = np.sort(base + np.clip(moved + under_way, -_FARTHEST, _FARTHEST))
    return distances


def coverage(errors: Floats, distances: Floats) -> tuple[float, float, float]:
    """Share of known outcomes at or below each quantile; NaN without any."""
    known = ~np.isnan(errors)
    if not known.any():
        return float("nan"), float("nan"), float("nan")
    low, middle, high = (float(share) for share in np.mean(errors[known, None] <= distances[known], axis=0))
    return low, middle, high


def _weighted(values: Floats, weights: Floats, levels: Floats) -> Floats:
    order = np.argsort(values, kind="stable")
    sums = np.cumsum(weights[order])
    return np.asarray(np.interp(levels, (sums - weights[order] / 2) / sums[-1], values[order]), dtype=np.float64)


def _by_days(table: dict[int, float], days: int) -> float:
    known = sorted(table)
    return float(np.interp(np.log(days), np.log(known), [table[day] for day in known]))
