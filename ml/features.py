"""What a model may look at: averages of past variance, each known when its half hour ended.

Columns come in two kinds. `mean_7` and `ewma_8` are plain averages of realised variance, as the field's standard models
use them. All others are freed of the week's rhythm first (`ml.rhythm`): a quiet Sunday is then no calm market.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.signal import lfilter

from ml.bars import BARS_PER_DAY, Floats, Ints, VarianceSeries
from ml.rhythm import Rhythm, weekly_rhythm

WINDOW_DAYS = (0.25, 1, 3, 7, 14, 30)
HALF_LIFE_DAYS = (0.5, 1, 2, 4, 8, 16, 32)
LEVEL_DAYS = (90, 365, 730)
RANGE_WINDOW_DAYS = (0.25, 1, 3, 7, 30)
RANGE_HALF_LIFE_DAYS = (0.25, 0.5, 1, 2, 4, 8, 16, 32, 64, 128, 256)
FLOOR = 1e-9
"""Least variance of a half hour (about 0.4 % a year): a logarithm needs one."""
_RANGE_OF_VARIANCE = 1.13
"""The range variance of these markets over their squared returns: what stands in where a series has no ranges."""


@dataclass(frozen=True)
class Features:
    """Columns of features; row i is known when half hour i ends.

    Attributes
    ----------
    end : when each row's half hour ended, seconds.
    columns : by name. Variances per half hour, averaged in different ways: `mean_7`, `ewma_4` (as they are), and
        without the week's rhythm `level_365` and `level_ewma_128` (realised, over a long time), `level_all` and
        `range_all` (since the first bar), `range_mean_7`, `range_ewma_8` (from highs and lows). Then `activity_1` and
        `activity_7`, the volume of a day over its month and of a week over its quarter, in logarithms; `day_return`;
        `fall_1` and `fall_7`, the last return where it was a loss, and `downside`, `momentum` of the last week, each
        over its own volatility.
    rhythm : the weekly rhythm, known before each day.
    """

    end: Ints
    columns: dict[str, Floats]
    rhythm: Rhythm

    def __len__(self) -> int:
        return len(self.end)

    def __getitem__(self, name: str) -> Floats:
        return self.columns[name]

    def logs(self, names: tuple[str, ...], rows: Ints) -> Floats:
        """Logarithms of variance columns, shape (rows, names)."""
        return np.log(np.column_stack([self.columns[name][rows] for name in names]))


def make_features(series: VarianceSeries) -> Features:
    """All columns of a series. Windows that reach back before its first bar take what there is."""
    variance = np.maximum(series.variance, FLOOR)
    rhythm = weekly_rhythm(series)
    plain = np.maximum(variance / rhythm.factor, FLOOR)
    ranges = variance * _RANGE_OF_VARIANCE if series.ranges is None else series.ranges
    ranges = np.maximum(ranges / rhythm.factor, FLOOR)
    columns = {f"mean_{days:g}": trailing_mean(variance, days) for days in WINDOW_DAYS}
    columns |= {f"ewma_{days:g}": ewma(variance, days) for days in HALF_LIFE_DAYS}
    columns |= {f"level_{days}": trailing_mean(plain, days) for days in LEVEL_DAYS}
    columns |= {f"level_ewma_{days}": ewma(plain, days) for days in (8, 128)}
    columns |= {f"range_mean_{days:g}": trailing_mean(ranges, days) for days in RANGE_WINDOW_DAYS}
    columns |= {f"range_ewma_{days:g}": ewma(ranges, days) for days in RANGE_HALF_LIFE_DAYS}
    columns["level_all"] = _mean_since_start(plain)
    columns["range_all"] = _mean_since_start(ranges)
    if series.volume is None or not np.any(series.volume > 0):
        columns["activity_1"] = columns["activity_7"] = np.zeros(len(variance))
    else:
        volume = np.maximum(series.volume, 1e-3 * float(np.mean(series.volume[: 7 * BARS_PER_DAY])) + 1e-12)
        columns["activity_1"] = np.log(trailing_mean(volume, 1) / trailing_mean(volume, 30))
        columns["activity_7"] = np.log(trailing_mean(volume, 7) / trailing_mean(volume, 90))
    weekly = np.maximum(trailing_mean(series.variance, 7), FLOOR)
    columns["day_return"] = trailing_mean(series.returns, 1) * BARS_PER_DAY
    for days in (1, 7):
        moved = trailing_mean(series.returns, days) * days * BARS_PER_DAY
        columns[f"fall_{days}"] = np.minimum(moved / np.sqrt(weekly * days * BARS_PER_DAY), 0.0)
    falls = trailing_mean(np.where(series.returns < 0, series.variance, 0.0), 7)
    columns["downside"] = falls / weekly
    columns["momentum"] = trailing_mean(series.returns, 7) * 7 * BARS_PER_DAY / np.sqrt(weekly * 7 * BARS_PER_DAY)
    return Features(series.end, columns, rhythm)


def trailing_mean(values: Floats, days: float) -> Floats:
    """Mean of the last `days` of values up to each one, of fewer where there are fewer."""
    window = max(1, round(days * BARS_PER_DAY))
    sums = np.concatenate([[0.0], np.cumsum(values)])
    last = np.arange(1, len(values) + 1)
    first = np.maximum(0, last - window)
    return np.asarray((sums[last] - sums[first]) / (last - first), dtype=np.float64)


def _mean_since_start(values: Floats) -> Floats:
    return np.asarray(np.cumsum(values) / np.arange(1, len(values) + 1), dtype=np.float64)


def ewma(values: Floats, half_life_days: float) -> Floats:
    """Exponentially weighted mean, begun at the mean of the first day."""
    keep = 0.5 ** (1 / (half_life_days * BARS_PER_DAY))
    begin = float(np.mean(values[:BARS_PER_DAY]))
    smoothed, _ = lfilter([1 - keep], [1, -keep], values, zi=[keep * begin])
    return np.asarray(smoothed, dtype=np.float64)


def future_mean(variance: Floats, horizon_bars: int) -> Floats:
    """What a forecast at each row is judged by: mean variance of the next `horizon_bars`; NaN until known."""
    sums = np.concatenate([[0.0], np.cumsum(variance)])
    result = np.full(len(variance), np.nan)
    known = len(variance) - horizon_bars
    if known > 0:
        result[:known] = (sums[horizon_bars + 1 :] - sums[1 : known + 1]) / horizon_bars
    return np.maximum(result, FLOOR, where=~np.isnan(result), out=result)
