"""Thirty-minute price bars, and what is wrong with them.

Everything that the risk service says starts from bars. They come from files and from the feeds' rounds; both have
defects. `clean` mends what can be mended without inventing prices and counts the rest, and its report travels with
every answer.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

BAR_SECONDS = 1800
"""Length of a bar, seconds."""
BARS_PER_DAY = 86_400 // BAR_SECONDS
BARS_PER_YEAR = 365 * BARS_PER_DAY
"""Bars in a year of 365 days, the year of every volatility in Optionix."""
MIN_BARS = 7 * BARS_PER_DAY
"""A forecast needs a week of bars."""
STALE_BARS = 2
"""Newest bar older than this many bars: the input is stale."""
GAP_LIMIT_BARS = 12
"""More missing bars than this in the last week: the input is gappy."""
_SPIKE = 15.0
"""A bar is a bad tick when it leaves and comes straight back by this many times the median move before it ..."""
_SPIKE_FLOOR = 0.05
"""... and by at least this log return."""


class BadBars(ValueError):
    """Bars that no forecast can be made of; the message says why."""


@dataclass(frozen=True)
class Bars:
    """Closed bars in order of time, each once.

    Attributes
    ----------
    asset : symbol on screen, `ETH`.
    start : seconds since 1970 at which each bar opened, multiples of `step`.
    close : last price in each bar, quote per base.
    high, low, volume : the extremes of each bar and what was traded in it, base coin; None where they are not known.
    step : length of a bar, seconds: half an hour, or a multiple of it for files that have nothing finer.
    """

    asset: str
    start: Ints
    close: Floats
    high: Floats | None = None
    low: Floats | None = None
    volume: Floats | None = None
    step: int = BAR_SECONDS

    def __len__(self) -> int:
        return len(self.start)

    @property
    def end(self) -> int:
        """When the last bar closed, seconds."""
        return int(self.start[-1]) + self.step

    def until(self, moment: int) -> Bars:
        """The bars that were closed at `moment`: what was known then."""
        known = int(np.searchsorted(self.start + self.step, moment, side="right"))
        return self._where(slice(known))

    def hash(self) -> str:
        """SHA-256 of all that the bars hold, hexadecimal."""
        digest = hashlib.sha256(f"{self.asset}/{self.step}".encode())
        digest.update(np.ascontiguousarray(self.start, dtype="<i8").tobytes())
        for column in (self.close, self.high, self.low, self.volume):
            if column is not None:
                digest.update(np.ascontiguousarray(column, dtype="<f8").tobytes())
        return digest.hexdigest()

    def _where(self, rows: slice | npt.NDArray[np.bool_] | Ints) -> Bars:
        high, low, volume = (None if column is None else column[rows] for column in (self.high, self.low, self.volume))
        return Bars(self.asset, self.start[rows], self.close[rows], high, low, volume, self.step)


@dataclass(frozen=True)
class InputReport:
    """What an answer was made of.

    Attributes
    ----------
    bars : number of bars used.
    first_bar, last_bar : when the first opened and the last closed, seconds.
    gaps : bars missing in the whole history; `recent_gaps` in its last week.
    duplicates, bad_ticks : bars dropped for those reasons.
    age_seconds : market time since the last bar closed.
    stale, gappy : whether the input is too old or too full of holes to be trusted.
    """

    bars: int
    first_bar: int
    last_bar: int
    gaps: int
    recent_gaps: int
    duplicates: int
    bad_ticks: int
    age_seconds: int
    stale: bool
    gappy: bool
    sources: dict[str, int] = field(default_factory=dict)

    @property
    def problems(self) -> list[str]:
        """What is wrong, in words; empty when nothing is."""
        found = []
        if self.stale:
            found.append(f"stale: the newest bar closed {self.age_seconds} s of market time ago")
        if self.gappy:
            found.append(f"gappy: {self.recent_gaps} bars of the last week are missing")
        return found


def clean(
    asset: str,
    start: Ints,
    close: Floats,
    now: int,
    *,
    high: Floats | None = None,
    low: Floats | None = None,
    volume: Floats | None = None,
    step: int = BAR_SECONDS,
) -> tuple[Bars, InputReport]:
    """Order bars, drop repeated and impossible ones and those not closed at `now`, and report what was found.

    Parameters
    ----------
    start : opening times, seconds, in any order.
    close : closing prices beside them.
    now : market time, seconds. Nothing that closed later is looked at.
    high, low, volume, step : see `Bars`.

    Raises
    ------
    BadBars
        Fewer than a week of usable bars, or opening times that are not multiples of the step.
    """
    given = Bars(
        asset, np.asarray(start, dtype=np.int64), np.asarray(close, dtype=np.float64), high, low, volume, step=step
    )
    given = given._where(given.start + step <= now)
    if np.any(given.start % step):
        offender = int(given.start[np.argmax(given.start % step != 0)])
        word = "the half hour: use 30-minute bars" if step == BAR_SECONDS else f"a multiple of {step} s"
        raise BadBars(f"{asset}: a bar opens at {offender}, which is not on {word}")
    given = given._where(np.argsort(given.start, kind="stable").astype(np.int64))
    # Of bars with one time the last given wins: a later source corrects an earlier one.
    last_of_time = np.append(given.start[1:] != given.start[:-1], True) if len(given) else np.zeros(0, dtype=bool)
    duplicates = int(len(given) - last_of_time.sum())
    given = given._where(last_of_time)
    possible = np.isfinite(given.close) & (given.close > 0)
    impossible = int(len(given) - possible.sum())
    given = given._where(possible)
    spikes = _spikes(given.close)
    bars = given._where(~spikes)
    needed = MIN_BARS * BAR_SECONDS // step
    if len(bars) < needed:
        raise BadBars(f"{asset}: {len(bars)} usable bars before {now}; a forecast needs {needed} (a week)")
    bars, wicks = _without_wicks(bars)
    missing = np.diff(bars.start) // step - 1
    week = bars.start[1:] > bars.end - 7 * 86_400
    recent = int(missing[week].sum())
    age = now - bars.end
    return bars, InputReport(
        bars=len(bars),
        first_bar=int(bars.start[0]),
        last_bar=bars.end,
        gaps=int(missing.sum()),
        recent_gaps=recent,
        duplicates=duplicates,
        bad_ticks=impossible + int(spikes.sum()) + wicks,
        age_seconds=age,
        stale=age > STALE_BARS * step,
        gappy=recent * step > GAP_LIMIT_BARS * BAR_SECONDS,
    )


def _without_wicks(bars: Bars) -> tuple[Bars, int]:
    """Bars whose high or low nobody can have traded at lose both: what is left of them is their move.

    A range is not believed when it does not hold its close, or when it is wide (`_SPIKE_FLOOR`) and beyond `_SPIKE`
    times the median range before it while the close went almost nowhere.
    """
    if bars.high is None or bars.low is None:
        return bars, 0
    high, low = bars.high.astype(np.float64, copy=True), bars.low.astype(np.float64, copy=True)
    sound = np.isfinite(high) & np.isfinite(low) & (low > 0) & (high >= bars.close) & (low <= bars.close)
    wide = np.zeros(len(bars))
    wide[sound] = np.log(high[sound] / low[sound])
    move = np.abs(np.diff(np.log(bars.close), prepend=np.log(bars.close[0])))
    limit = np.maximum(_SPIKE * _trailing_median(wide, BARS_PER_DAY), 4 * _SPIKE_FLOOR)
    bad = ~sound | ((wide > limit) & (wide > 10 * move))
    high[bad], low[bad] = np.nan, np.nan
    return Bars(bars.asset, bars.start, bars.close, high, low, bars.volume, step=bars.step), int(bad.sum())


def _spikes(close: Floats) -> npt.NDArray[np.bool_]:
    """Bars that jump away and come straight back: bad ticks. The last bar is never one, as nothing follows it."""
    found = np.zeros(len(close), dtype=bool)
    if len(close) < 3:
        return found
    moves = np.diff(np.log(close))
    # The median of the moves before, so that nothing later than the return decides.
    typical = _trailing_median(np.abs(moves), BARS_PER_DAY)
    away, back = moves[:-1], moves[1:]
    limit = np.maximum(_SPIKE * typical[:-1], _SPIKE_FLOOR)
    size = np.minimum(np.abs(away), np.abs(back))
    found[1:-1] = (np.sign(away) != np.sign(back)) & (size > limit) & (np.abs(away + back) < 0.1 * size)
    return found


def _trailing_median(values: Floats, window: int) -> Floats:
    """Median of up to `window` values before each one; the first takes itself."""
    import pandas as pd

    result = pd.Series(values).rolling(window, min_periods=1).median().shift(1).to_numpy(dtype=np.float64, copy=True)
    if len(result):
        result[0] = values[0]
    return result


@dataclass(frozen=True)
class VarianceSeries:
    """Realised variance on a regular grid of half hours.

    Attributes
    ----------
    end : when each half hour ended, seconds.
    variance : squared log return of each. A move over a gap, or over a longer bar, is spread evenly over its half
        hours, so that sums over days stay right.
    returns : signed log return of each, spread in the same way.
    ranges : variance of each from its high and low (Parkinson, 1980), which says five times more than the square of
        one return; None without highs and lows, and the squared return where one bar has none.
    volume : traded in each, base coin; None where it is not known.
    """

    end: Ints
    variance: Floats
    returns: Floats
    ranges: Floats | None = None
    volume: Floats | None = None

    def __len__(self) -> int:
        return len(self.end)


_PARKINSON = 4 * float(np.log(2))


def realised_variance(bars: Bars) -> VarianceSeries:
    """Squared log returns of bars, close to close; of daily bars their ranges, as one return says little of a day."""
    closed = bars.start + bars.step
    steps = np.diff(closed) // BAR_SECONDS
    moves = np.diff(np.log(bars.close))
    end = np.arange(int(closed[0]), int(closed[-1]), BAR_SECONDS, dtype=np.int64) + BAR_SECONDS
    variance = moves**2 / steps
    ranges: Floats | None = None
    if bars.high is not None and bars.low is not None:
        wide = np.log(bars.high[1:] / bars.low[1:]) ** 2 / _PARKINSON
        # A bar after a gap has a range of its own length only.
        ranges = np.where(np.isfinite(wide) & (steps == bars.step // BAR_SECONDS), wide / steps, variance)
        if bars.step >= 86_400:
            variance = ranges
        ranges = np.repeat(ranges, steps)
    volume = None if bars.volume is None else np.repeat(np.nan_to_num(bars.volume[1:]) / steps, steps)
    return VarianceSeries(end, np.repeat(variance, steps), np.repeat(moves / steps, steps), ranges, volume)
