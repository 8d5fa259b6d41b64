"""Whether a value at risk is exceeded as often as it says (Kupiec 1995) and not in clusters (Christoffersen 1998)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import xlogy
from scipy.stats import chi2

from ml.bars import Bars, Floats, realised_variance
from ml.paths import PER_DAY, FilteredDays, Paths, TooFewDays, filtered_days, follow
from ml.tail import LEVELS, tail
from optionix.instruments import Side
from optionix.pricing import black76

Hits = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Exceedances:
    """How a value at risk fared.

    Attributes
    ----------
    kupiec_p : probability of so far-off a frequency where the level is right.
    independence_p : of so much clustering where exceedances are independent; nan where there were none.
    christoffersen_p : of both together.
    """

    level: float
    days: int
    count: int
    kupiec_p: float
    independence_p: float
    christoffersen_p: float

    @property
    def expected(self) -> float:
        """How many a value at risk of this level has on average."""
        return self.days * (1 - self.level)


def judge(hits: Hits, level: float) -> Exceedances:
    """Test a row of days, each whether the loss was beyond the value at risk.

    Raises
    ------
    ValueError
        Fewer than two days.
    """
    days = len(hits)
    if days < 2:
        raise ValueError(f"{days} days are too few to test a value at risk")
    count, share = int(hits.sum()), 1 - level
    frequency = 2 * (_bernoulli(count, days, count / days) - _bernoulli(count, days, share))
    before, after = hits[:-1], hits[1:]
    # Transitions: n01 is a quiet day with an exceedance behind it.
    n01, n11 = int((~before & after).sum()), int((before & after).sum())
    n0, n1 = int((~before).sum()), int(before.sum())
    pooled = (n01 + n11) / (days - 1)
    apart = _bernoulli(n01, n0, n01 / n0 if n0 else 0.0) + _bernoulli(n11, n1, n11 / n1 if n1 else 0.0)
    clustering = 2 * (apart - _bernoulli(n01 + n11, days - 1, pooled))
    none = count == 0
    return Exceedances(
        level=level,
        days=days,
        count=count,
        kupiec_p=float(chi2.sf(max(frequency, 0.0), 1)),
        independence_p=float("nan") if none else float(chi2.sf(max(clustering, 0.0), 1)),
        christoffersen_p=float(chi2.sf(max(frequency + (0.0 if none else clustering), 0.0), 1 if none else 2)),
    )


def _bernoulli(hits: int, of: int, share: float) -> float:
    """Log likelihood."""
    return float(xlogy(hits, share) + xlogy(of - hits, 1 - share))


WINDOW_DAYS = 250
"""Past days that each value at risk of the back-test sees."""
LEAST_JUDGED = 60
"""Fewer days against which values at risk are held say nothing."""
_WEEK_YEARS = 7 / 365


def backtest(history: FilteredDays, level: float, window: int = WINDOW_DAYS) -> dict[str, Exceedances]:
    """One-day values at risk of three portfolios on each day behind the window against what came; days do not overlap.

    A coin held, a coin sold short, and a short straddle of a week at the money, valued at the volatility that the
    filter foresees: revalued in full, the volatility moving with the day.
    """
    hits: dict[str, list[bool]] = {}
    for place in range((window + 1) * PER_DAY, len(history.end) - PER_DAY, PER_DAY):
        seen = history.before(place, window)
        future = follow(seen, np.arange(len(seen.end)).reshape(-1, 1))
        scenarios = _changes(seen, future.spot[:, 0], future.variance[:, 0])
        came = np.exp(history.residual[place : place + 1] * np.sqrt(history.variance[place]))
        outcome = _changes(seen, came, history.variance[place + PER_DAY : place + PER_DAY + 1])
        for name, changes in scenarios.items():
            hits.setdefault(name, []).append(bool(-outcome[name][0] > tail(changes, level)[0]))
    return {name: judge(np.array(each, dtype=np.bool_), level) for name, each in hits.items()}


def of_bars(bars: Bars) -> dict[float, dict[str, Exceedances]]:
    """The back-test at every level of an asset's bars.

    Raises
    ------
    TooFewDays
        No day lies behind the window.
    """
    history = filtered_days(realised_variance(bars))
    if history.days < WINDOW_DAYS + LEAST_JUDGED:
        raise TooFewDays(
            f"{bars.asset}: {history.days} days: a back-test of values at risk needs {WINDOW_DAYS + LEAST_JUDGED}"
        )
    return {level: backtest(history, level) for level in LEVELS}


def _changes(days: FilteredDays, spot: Floats, variance: Floats) -> dict[str, Floats]:
    """Profit of each portfolio on a coin of price 1, by its price and the foreseen variance a day later."""
    future = Paths(spot.reshape(-1, 1), variance.reshape(-1, 1), days)
    volatility = np.sqrt(365 * days.next_variance)
    left = _WEEK_YEARS - 1 / 365
    moved = volatility * future.volatility_factor(1, left)
    before = sum(float(black76.price(1.0, 1.0, volatility, _WEEK_YEARS, side)) for side in Side)
    after = black76.price(spot, 1.0, moved, left, Side.CALL) + black76.price(spot, 1.0, moved, left, Side.PUT)
    return {"long": spot - 1, "short": 1 - spot, "short straddle": before - after}
