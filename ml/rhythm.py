"""The rhythm of a week: how much of a week's variance each of its half hours holds.

A Saturday has two thirds of a weekday's variance, and the hours of New York twice those before Asia wakes. A forecast
of one day that does not know which day it is loses a tenth of its skill. The rhythm is learned as time goes: the table
of a day is made of the days before it, so that no row knows its own future.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ml.bars import BARS_PER_DAY, Floats, Ints, Mask, VarianceSeries

WEEK_BARS = 7 * BARS_PER_DAY
_MONDAY = 4 * 86_400
"""1970-01-05, the first Monday of the epoch, seconds."""
PRIOR_WEEKS = 26.0
"""What is assumed of days before any were seen counts as so many weeks; what was seen fades by half in as many."""
PRIOR_OF_DAY = np.array([1.05, 1.08, 1.15, 1.10, 1.08, 0.75, 0.79])
"""Monday to Sunday, of any market that trades at weekends."""
_DAY_CLIP, _BAR_CLIP = 8.0, 6.0
"""One bar may weigh so many times its mean: a crash says little of its hour."""


@dataclass(frozen=True)
class Rhythm:
    """Factors of mean one.

    Attributes
    ----------
    factor : of each half hour of the series, from the table that was known when its day began.
    table : shape (days + 1, 336): the half hours from Monday 00:00 as known when each day of the series began; the
        last row is what is known after its last day.
    day : the day of each half hour, counted from the first.
    slot : the place of each half hour in its week.
    """

    factor: Floats
    table: Floats
    day: Ints
    slot: Ints

    @cached_property
    def _sums(self) -> Floats:
        """Sums of each day's table from Monday 00:00 on, over two weeks: a walk asks for them a thousand times."""
        return np.concatenate([np.zeros((len(self.table), 1)), np.cumsum(np.tile(self.table, 2), axis=1)], axis=1)

    def ahead(self, rows: Ints, horizon_bars: int) -> Floats:
        """Mean factor of the `horizon_bars` half hours after each row, by what was known at the row."""
        first = (self.slot[rows] + 1) % WEEK_BARS
        # The table of the next half hour's day: that day's own bars have no part in it.
        known = self.day[rows] + (first % BARS_PER_DAY == 0)
        weeks, rest = divmod(horizon_bars, WEEK_BARS)
        if rest == 0:
            return np.ones(len(rows))
        part = self._sums[known, first + rest] - self._sums[known, first]
        return np.asarray((weeks * WEEK_BARS + part) / horizon_bars, dtype=np.float64)


def weekly_rhythm(series: VarianceSeries) -> Rhythm:
    """The rhythm of a series: a factor of the day of the week times one of the time of day, smoothed over an hour."""
    opened = series.end - 1800
    slot = ((opened - _MONDAY) // 1800) % WEEK_BARS
    day = opened // 86_400
    day = day - day[0]
    days = int(day[-1]) + 1
    weekday = np.zeros(days, dtype=np.int64)
    weekday[day] = slot // BARS_PER_DAY
    count = np.bincount(day, minlength=days)
    sums = np.concatenate([[0.0], np.cumsum(series.variance)])
    last = np.arange(1, len(series) + 1)
    first = np.maximum(0, last - WEEK_BARS)
    week_mean = (sums[last] - sums[first]) / (last - first)
    relative = np.minimum(series.variance / np.maximum(week_mean, 1e-12), _DAY_CLIP)
    of_day = np.bincount(day, relative, minlength=days) / np.maximum(count, 1)
    day_mean = np.bincount(day, series.variance, minlength=days) / np.maximum(count, 1)
    of_bar = np.ones((days, BARS_PER_DAY))
    of_bar[day, slot % BARS_PER_DAY] = np.minimum(series.variance / np.maximum(day_mean[day], 1e-12), _BAR_CLIP)
    table = _tables(weekday, count == BARS_PER_DAY, of_day, of_bar)
    return Rhythm(table[day, slot], table, day, slot)


def _tables(weekday: Ints, whole: Mask, of_day: Floats, of_bar: Floats) -> Floats:
    """The table known when each day begins, and after the last; days with missing half hours teach nothing."""
    weekly, daily = 0.5 ** (1 / PRIOR_WEEKS), 0.5 ** (1 / (7 * PRIOR_WEEKS))
    day_weight, day_sum = np.full(7, PRIOR_WEEKS), PRIOR_WEEKS * PRIOR_OF_DAY / PRIOR_OF_DAY.mean()
    bar_weight, bar_sum = PRIOR_WEEKS, np.full(BARS_PER_DAY, PRIOR_WEEKS)
    table = np.empty((len(weekday) + 1, WEEK_BARS))
    for index in range(len(weekday) + 1):
        days = day_sum / day_weight
        bars = bar_sum / bar_weight
        bars = (np.roll(bars, 1) + 2 * bars + np.roll(bars, -1)) / 4
        table[index] = np.outer(days / days.mean(), bars / bars.mean()).reshape(-1)
        if index < len(weekday) and whole[index]:
            of = weekday[index]
            day_weight[of] = day_weight[of] * weekly + 1
            day_sum[of] = day_sum[of] * weekly + of_day[index]
            bar_weight = bar_weight * daily + 1
            bar_sum = bar_sum * daily + of_bar[index]
    return table


__all__ = ["Rhythm", "weekly_rhythm"]
