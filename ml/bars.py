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
    start : seconds since 1970 at which each bar opened, multiples of `BAR_SECONDS`.
    close : last price in each bar, quote per base.
    """

    asset: str
    start: Ints
    close: Floats

    def __len__(self) -> int:
        return len(self.start)

    @property
    def end(self) -> int:
        """When the last bar closed, seconds."""
        return int(self.start[-1]) + BAR_SECONDS

    def until(self, moment: int) -> Bars:
        """The bars that were closed at `moment`: what was known then."""
        known = int(np.searchsorted(self.start + BAR_SECONDS, moment, side="right"))
        return Bars(self.asset, self.start[:known], self.close[:known])

    def hash(self) -> str:
        """SHA-256 of times and closes, hexadecimal."""
        digest = hashlib.sha256(self.asset.encode())
        digest.update(np.ascontiguousarray(self.start, dtype="<i8").tobytes())
        digest.update(np.ascontiguousarray(self.close, dtype="<f8").tobytes())
        return digest.hexdigest()


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


def clean(asset: str, start: Ints, close: Floats, now: int) -> tuple[Bars, InputReport]:
    """Order bars, drop repeated and impossible ones and those not closed at `now`, and report what was found.

    Parameters
    ----------
    start : opening times, seconds, in any order.
    close : closing prices beside them.
    now : market time, seconds. Nothing that closed later is looked at.

    Raises
    ------
    BadBars
        Fewer than a week of usable bars, or opening times that are not on the half hour.
    """
    start, close = np.asarray(start, dtype=np.int64), np.asarray(close, dtype=np.float64)
    known = start + BAR_SECONDS <= now
    start, close = start[known], close[known]
    if np.any(start % BAR_SECONDS):
        offender = int(start[np.argmax(start % BAR_SECONDS != 0)])
        raise BadBars(f"{asset}: a bar opens at {offender}, which is not on the half hour: use 30-minute bars")
    order = np.argsort(start, kind="stable")
    start, close = start[order], close[order]
    # Of bars with one time the last given wins: a later source corrects an earlier one.
    last_of_time = np.append(start[1:] != start[:-1], True) if len(start) else np.zeros(0, dtype=bool)
    duplicates = int(len(start) - last_of_time.sum())
    start, close = start[last_of_time], close[last_of_time]
    possible = np.isfinite(close) & (close > 0)
    impossible = int(len(start) - possible.sum())
    start, close = start[possible], close[possible]
    spikes = _spikes(close)
    start, close = start[~spikes], close[~spikes]
    if len(start) < MIN_BARS:
        raise BadBars(f"{asset}: {len(start)} usable bars before {now}; a forecast needs {MIN_BARS} (a week)")
    bars = Bars(asset, start, close)
    missing = np.diff(start) // BAR_SECONDS - 1
    week = start[1:] > bars.end - 7 * 86_400
    recent = int(missing[week].sum())
    age = now - bars.end
    return bars, InputReport(
        bars=len(bars),
        first_bar=int(start[0]),
        last_bar=bars.end,
        gaps=int(missing.sum()),
        recent_gaps=recent,
        duplicates=duplicates,
        bad_ticks=impossible + int(spikes.sum()),
        age_seconds=age,
        stale=age > STALE_BARS * BAR_SECONDS,
        gappy=recent > GAP_LIMIT_BARS,
    )


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
    """Realised variance on a regular grid of bars.

    Attributes
    ----------
    end : when each bar closed, seconds.
    variance : squared log return of each bar. A move over a gap is spread evenly over the missing bars, so that sums
        over days stay right.
    returns : signed log return of each bar, spread in the same way.
    """

    end: Ints
    variance: Floats
    returns: Floats

    def __len__(self) -> int:
        return len(self.end)


def realised_variance(bars: Bars) -> VarianceSeries:
    """Squared log returns of bars, close to close."""
    steps = np.diff(bars.start) // BAR_SECONDS
    moves = np.diff(np.log(bars.close))
    end = np.arange(int(bars.start[0]) + BAR_SECONDS, bars.end, BAR_SECONDS, dtype=np.int64) + BAR_SECONDS
    return VarianceSeries(end, np.repeat(moves**2 / steps, steps), np.repeat(moves / steps, steps))
