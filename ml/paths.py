"""Filtered historical simulation: what spots and volatilities may do, by what they did in units of their volatility.

Barone-Adesi, Giannopoulos and Vosper (1999), with the day's realised variance as the filter's news. Of each past day
two numbers are kept: the return over the volatility foreseen for it, and the realised over the foreseen variance. They
are drawn together, and for all assets from the same day, so that crashes come with their jump of volatility and hit
all assets at once. A day may begin at any fourth hour: days overlap, and a short history says more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ml.bars import BAR_SECONDS, BARS_PER_DAY, Floats, Ints, VarianceSeries

DAY = 86_400
PER_DAY = 6
"""Days begin so many times a day."""
DECAY = 0.94
"""Weight of the days before in tomorrow's variance, RiskMetrics' for daily news."""
LEAST_DAYS = 60
"""Fewer past days say nothing of a tail."""
_STEP = BARS_PER_DAY // PER_DAY
_WARM_UP_DAYS = 10
_PERSISTENCE_DAYS = 7
_PERSISTENCE = (0.3, 0.97)
"""Bounds of what a week leaves of the distance of the variance from its long-run level."""


class TooFewDays(ValueError):
    """Too short a history for the tail of a distribution."""


@dataclass(frozen=True)
class FilteredDays:
    """An asset's past days, overlapping, in units of their foreseen variance.

    Attributes
    ----------
    end : when each ended, seconds, `PER_DAY` of them a day.
    residual : log return over the foreseen volatility.
    surprise : realised over foreseen variance.
    variance : foreseen for each.
    next_variance : foreseen now for the day that begins.
    long_run : mean daily variance.
    persistence : a day's share of the distance from the long-run variance that is left a day later.
    """

    end: Ints
    residual: Floats
    surprise: Floats
    variance: Floats
    next_variance: float
    long_run: float
    persistence: float

    @property
    def days(self) -> int:
        """Days that do not overlap."""
        return len(self.end) // PER_DAY

    def before(self, place: int, days: int) -> FilteredDays:
        """So many days that had ended when the day at a place began, as they were known then."""
        last = place - PER_DAY + 1
        cut = slice(last - days * PER_DAY, last)
        realised = self.surprise[cut] * self.variance[cut]
        return FilteredDays(
            end=self.end[cut],
            residual=self.residual[cut],
            surprise=self.surprise[cut],
            variance=self.variance[cut],
            next_variance=float(self.variance[place]),
            long_run=float(realised.mean()),
            persistence=_persistence(realised[PER_DAY - 1 :: PER_DAY]),
        )


@dataclass(frozen=True)
class Paths:
    """Drawn futures of one asset, day by day.

    Attributes
    ----------
    spot : factor of the spot at the end of each day; shape (paths, days).
    variance : foreseen for the day after each; the same shape.
    """

    spot: Floats
    variance: Floats
    source: FilteredDays

    def volatility_factor(self, day: int, years: float) -> Floats:
        """Factor of the implied volatility of a maturity at the end of a day (counted from 1), by mean reversion.

        The mean variance over a maturity is the long-run level and what is left on average of the distance to it.
        """
        speed = -np.log(self.source.persistence) * 365.0
        share = 1.0 if years <= 0 else float(-np.expm1(-speed * years) / (speed * years))
        level = self.source.long_run
        before = level + (self.source.next_variance - level) * share
        after: Floats = level + (self.variance[:, day - 1] - level) * share
        return np.asarray(np.sqrt(after / before), dtype=np.float64)


def filtered_days(series: VarianceSeries) -> FilteredDays:
    """An asset's days, each with only what was known before it.

    Raises
    ------
    TooFewDays
        Fewer than `LEAST_DAYS` whole days behind the filter's start, or none that moved.
    """
    least = LEAST_DAYS + _WARM_UP_DAYS
    # The grid is that of the clock, so that assets share it.
    behind = int(-(series.end[0] // BAR_SECONDS) % _STEP)
    places = np.arange(behind, len(series), _STEP)
    if len(places) <= least * PER_DAY:
        raise TooFewDays(f"{len(series) // BARS_PER_DAY} whole days of history: a tail needs {least}")
    moved = np.concatenate(([0.0], np.cumsum(series.returns)))[places + 1]
    summed = np.concatenate(([0.0], np.cumsum(series.variance)))[places + 1]
    returns, realised = moved[PER_DAY:] - moved[:-PER_DAY], summed[PER_DAY:] - summed[:-PER_DAY]
    if not np.any(realised > 0):
        raise TooFewDays("a history in which no day moved: a tail needs days that did")
    # A day without a move is a feed that stood still: it counts as the calmest one seen.
    realised = np.maximum(realised, realised[realised > 0].min())
    decay = DECAY ** (1 / PER_DAY)
    foreseen = np.empty(len(realised))
    foreseen[0] = realised[: _WARM_UP_DAYS * PER_DAY].mean()
    for place in range(1, len(realised)):
        foreseen[place] = decay * foreseen[place - 1] + (1 - decay) * realised[place]
    # What is foreseen at the end of one day is for the day that begins then.
    first = _WARM_UP_DAYS * PER_DAY
    variance = foreseen[first - PER_DAY : -PER_DAY]
    return FilteredDays(
        end=series.end[places[PER_DAY:]][first:],
        residual=returns[first:] / np.sqrt(variance),
        surprise=realised[first:] / variance,
        variance=variance,
        next_variance=float(foreseen[-1]),
        long_run=float(realised.mean()),
        persistence=_persistence(realised[PER_DAY - 1 :: PER_DAY]),
    )


def _persistence(realised: Floats) -> float:
    """Per day, from how much of a week's log variance is left in the next."""
    weeks = len(realised) // _PERSISTENCE_DAYS
    logs = np.log(realised[-weeks * _PERSISTENCE_DAYS :].reshape(weeks, _PERSISTENCE_DAYS).mean(axis=1))
    weekly = float(np.corrcoef(logs[:-1], logs[1:])[0, 1])
    low, high = _PERSISTENCE
    return float(np.clip(weekly if np.isfinite(weekly) else low, low, high) ** (1 / _PERSISTENCE_DAYS))


def every_day(assets: Mapping[str, FilteredDays]) -> dict[str, Paths]:
    """A day ahead, once by each past day that all assets have: nothing is drawn."""
    shared = _shared_days(assets)
    return _paths(assets, shared, np.arange(len(shared)).reshape(-1, 1))


def drawn(assets: Mapping[str, FilteredDays], days: int, count: int, seed: int) -> dict[str, Paths]:
    """`count` futures of `days` days, drawn from the past days that all assets have, equal for equal seeds."""
    shared = _shared_days(assets)
    return _paths(assets, shared, np.random.default_rng(seed).integers(len(shared), size=(count, days)))


def _shared_days(assets: Mapping[str, FilteredDays]) -> Ints:
    found: Ints | None = None
    for each in assets.values():
        found = each.end if found is None else np.intersect1d(found, each.end)
    days = 0 if found is None else len(found) // PER_DAY
    if found is None or days < LEAST_DAYS:
        raise TooFewDays(f"{days} days that all assets have: a tail needs {LEAST_DAYS}")
    return found


def _paths(assets: Mapping[str, FilteredDays], shared: Ints, chosen: Ints) -> dict[str, Paths]:
    return {name: follow(each, np.searchsorted(each.end, shared)[chosen]) for name, each in assets.items()}


def follow(days: FilteredDays, places: Ints) -> Paths:
    """The futures that repeat past days: `places` of shape (paths, days ahead)."""
    # The past's drift is no forecast; and on average the filter is right.
    residual = days.residual - days.residual.mean()
    surprise = days.surprise / days.surprise.mean()
    moves, variances = np.empty(places.shape), np.empty(places.shape)
    now = np.full(len(places), days.next_variance)
    for day in range(places.shape[1]):
        moves[:, day] = np.sqrt(now) * residual[places[:, day]]
        now = now * (DECAY + (1 - DECAY) * surprise[places[:, day]])
        variances[:, day] = now
    return Paths(np.exp(np.cumsum(moves, axis=1)), variances, days)
