"""What a model may look at: averages of past realised variance, each known when its bar closed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ml.bars import BARS_PER_DAY, Floats, Ints, VarianceSeries

WINDOW_DAYS = (0.25, 1, 3, 7, 14, 30)
HALF_LIFE_DAYS = (0.5, 1, 2, 4, 8, 16, 32)
FLOOR = 1e-9
"""Least variance of a bar (about 0.4 % a year): a logarithm needs one."""


@dataclass(frozen=True)
class Features:
    """Columns of features; row i is known when bar i closes.

    Attributes
    ----------
    end : when each row's bar closed, seconds.
    columns : variance per bar, averaged in different ways, by name: `mean_7`, `ewma_4`; `downside` is the share of the
        last week's variance that came from falls, `momentum` the last week's return over its own volatility.
    """

    end: Ints
    columns: dict[str, Floats]

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
    columns = {f"mean_{days:g}": trailing_mean(variance, days) for days in WINDOW_DAYS}
    columns |= {f"ewma_{days:g}": ewma(variance, days) for days in HALF_LIFE_DAYS}
    falls = trailing_mean(np.where(series.returns < 0, series.variance, 0.0), 7)
    weekly = np.maximum(trailing_mean(series.variance, 7), FLOOR)
    columns["downside"] = falls / weekly
    columns["momentum"] = trailing_mean(series.returns, 7) * 7 * BARS_PER_DAY / np.sqrt(weekly * 7 * BARS_PER_DAY)
    return Features(series.end, columns)


def trailing_mean(values: Floats, days: float) -> Floats:
    """Mean of the last `days` of values up to each one, of fewer where there are fewer."""
    window = max(1, round(days * BARS_PER_DAY))
    return pd.Series(values).rolling(window, min_periods=1).mean().to_numpy(dtype=np.float64)


def ewma(values: Floats, half_life_days: float) -> Floats:
    """Exponentially weighted mean, begun at the mean of the first day."""
    keep = 0.5 ** (1 / (half_life_days * BARS_PER_DAY))
    begin = float(np.mean(values[:BARS_PER_DAY]))
    smoothed = pd.Series(np.concatenate([[begin], values])).ewm(alpha=1 - keep, adjust=False).mean()
    return smoothed.to_numpy(dtype=np.float64)[1:]


def future_mean(variance: Floats, horizon_bars: int) -> Floats:
    """What a forecast at each bar is judged by: mean variance of the next `horizon_bars` bars; NaN until known."""
    sums = np.concatenate([[0.0], np.cumsum(variance)])
    result = np.full(len(variance), np.nan)
    known = len(variance) - horizon_bars
    if known > 0:
        result[:known] = (sums[horizon_bars + 1 :] - sums[1 : known + 1]) / horizon_bars
    return np.maximum(result, FLOOR, where=~np.isnan(result), out=result)
