"""Is one forecast better than another, or was it luck?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

from ml.bars import Floats


@dataclass(frozen=True)
class Difference:
    """Two forecasts over the same origins.

    Attributes
    ----------
    mean : mean loss of the first less that of the second: below zero the first is better.
    p_value : of a mean this far from zero, either way, when they were equally good.
    """

    mean: float
    p_value: float


def diebold_mariano(first: Floats, second: Floats, horizon: int) -> Difference:
    """The test of Diebold and Mariano (1995) on losses of successive origins, whose targets overlap.

    The variance of the mean is Newey and West's with `horizon - 1` lags and a little more; the correction for short
    series is that of Harvey, Leybourne and Newbold (1997).

    Parameters
    ----------
    first, second : losses, one an origin, in order of time.
    horizon : origins that a target spans.
    """
    difference = first - second
    count = len(difference)
    mean = float(np.mean(difference)) if count else float("nan")
    lags = min(horizon - 1 + int(count ** (1 / 3)), count - 1)
    if count < 2 * horizon or count < 10:
        return Difference(mean, float("nan"))
    if np.ptp(difference) < 1e-12:
        return Difference(mean, 0.0 if abs(mean) > 1e-12 else 1.0)
    centred = difference - mean
    alone = variance = float(np.mean(centred**2))
    for lag in range(1, lags + 1):
        variance += 2 * (1 - lag / (lags + 1)) * float(np.mean(centred[lag:] * centred[:-lag])) * (1 - lag / count)
    variance = variance if variance > 0 else alone
    correction = max((count + 1 - 2 * horizon + horizon * (horizon - 1) / count) / count, 1e-6)
    statistic = mean / np.sqrt(variance / count) * np.sqrt(correction)
    return Difference(mean, float(2 * student.sf(abs(statistic), count - 1)))


def block_bootstrap(
    values: Floats, block: int, *, draws: int = 2000, seed: int = 7, level: float = 0.95
) -> tuple[float, float]:
    """Interval of the mean of a series whose neighbours are alike: circular blocks, drawn with a fixed seed."""
    count = len(values)
    dice = np.random.default_rng(seed)
    starts = dice.integers(0, count, (draws, -(-count // block)))
    doubled = np.concatenate([[0.0], np.cumsum(np.concatenate([values, values[: min(block, count)]]))])
    size = min(block, count)
    means = ((doubled[starts + size] - doubled[starts]) / size).mean(axis=1)
    low, high = np.quantile(means, ((1 - level) / 2, (1 + level) / 2))
    return float(low), float(high)
