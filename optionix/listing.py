"""Which expiries and strikes should be listed: pure functions of time, spot and volatility.

Expiries are at 08:00 UTC: the next days, Fridays, and last Fridays of months. Strikes stand on a 1-2-5 tick between two
deltas around the spot. Both the first listing of a chain and the keeper's rolling listing ask here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from statistics import NormalDist

from optionix.instruments import EXPIRY_HOUR, STRIKE_UNIT_WAD

YEAR_SECONDS = 365 * 86_400
"""The year of every formula here and on chain: 365 days."""
MAX_STRIKES = 64
"""Most series of one (market, side, expiry), fixed by the contracts."""
MIN_LEAD_SECONDS = 4 * 3600
"""An expiry nearer than this is not listed any more: the vaults would hardly trade it."""
MAX_DAILY_AGE_SECONDS = 12 * 3600
"""`Markets.MAX_DAILY_AGE`: where a feed's answers may be older, only Fridays are listed."""
_FRIDAY = 4
_MIN_YEARS = 6 * 3600 / YEAR_SECONDS


def expiries_to_list(
    now: int,
    *,
    feed_max_age: int = 0,
    dailies: int = 3,
    weeklies: int = 2,
    monthlies: int = 2,
    lead_seconds: int = MIN_LEAD_SECONDS,
) -> list[int]:
    """The expiries that should be open, ascending, each once.

    Parameters
    ----------
    now : market time, seconds.
    feed_max_age : how old the feed's answers may be, seconds; a slow feed has no dailies.
    dailies, weeklies, monthlies : how many of the next days, Fridays and last Fridays of a month.
    lead_seconds : an expiry must be at least this far ahead.
    """
    today = datetime.fromtimestamp(now, UTC).date()
    earliest = now + lead_seconds

    def first(days: Iterable[date], count: int) -> set[int]:
        chosen: list[int] = []
        for day in days:
            if len(chosen) == count:
                break
            expiry = expiry_of(day)
            if expiry >= earliest:
                chosen.append(expiry)
        return set(chosen)

    days = [today + timedelta(days=offset) for offset in range(7 * (weeklies + 2) + dailies + 2)]
    fridays = [day for day in days if day.weekday() == _FRIDAY]
    months = [last_friday(today, offset) for offset in range(monthlies + 2)]
    if feed_max_age > MAX_DAILY_AGE_SECONDS:
        dailies = 0
    return sorted(first(days, dailies) | first(fridays, weeklies) | first(months, monthlies))


def expiry_of(day: date) -> int:
    """Seconds of a day's expiry: 08:00 UTC."""
    return int(datetime.combine(day, time(EXPIRY_HOUR), UTC).timestamp())


def last_friday(day: date, months_later: int = 0) -> date:
    """The last Friday of the month of `day`, or of a later month."""
    month = day.year * 12 + day.month - 1 + months_later + 1
    last = date(month // 12, month % 12 + 1, 1) - timedelta(days=1)
    return last - timedelta(days=(last.weekday() - _FRIDAY) % 7)


def strikes_to_list(
    spot_wad: int, volatility: float, years: float, *, min_delta: float = 0.02, most: int = 24
) -> list[int]:
    """Strikes for an expiry, ascending, in units of 1e-8 quote per base.

    They are the multiples of the finest 1-2-5 tick that reach from a call delta of `1 - min_delta` to one of
    `min_delta` with at most `most` strikes.

    Parameters
    ----------
    spot_wad : quote per base, WAD.
    volatility : annual, 0.6 is 60 %.
    years : to expiry, years of 365 days; less than six hours counts as six.
    """
    if spot_wad <= 0 or not volatility > 0:
        raise ValueError(f"spot {spot_wad} and volatility {volatility} must be above zero")
    if not 0 < min_delta < 0.5 or not 3 <= most <= MAX_STRIKES:
        raise ValueError(f"min_delta {min_delta} must be inside (0, 0.5) and most {most} from 3 to {MAX_STRIKES}")
    spot = spot_wad / STRIKE_UNIT_WAD
    deviation = volatility * math.sqrt(max(years, _MIN_YEARS))
    reach = -NormalDist().inv_cdf(min_delta) * deviation
    centre = deviation * deviation / 2
    low, high = spot * math.exp(centre - reach), spot * math.exp(centre + reach)
    tick = tick_over(math.ceil((high - low) / (most - 1)))
    while math.ceil(high / tick) - math.floor(low / tick) + 1 > most:
        tick = tick_over(tick + 1)
    return [number * tick for number in range(max(1, math.floor(low / tick)), math.ceil(high / tick) + 1)]


def tick_over(least: int) -> int:
    """The smallest 1, 2 or 5 times a power of ten that is at least `least`, both in strike units."""
    scale = 1
    while True:
        for step in (1, 2, 5):
            if step * scale >= least:
                return step * scale
        scale *= 10


def strikes_to_add(
    listed: Iterable[int], wanted: Iterable[int], spot_wad: int, *, limit: int = MAX_STRIKES
) -> list[int]:
    """Which of the wanted strikes are missing, the nearest to the spot first where the limit leaves no room for all."""
    present = set(listed)
    spot = spot_wad // STRIKE_UNIT_WAD
    missing = sorted(set(wanted) - present, key=lambda strike: (abs(strike - spot), strike))
    return sorted(missing[: max(0, limit - len(present))])


def price_to_wad(answer: int, decimals: int) -> int:
    """A feed's answer as WAD, exact: `Markets` takes feeds of at most 18 decimals."""
    return answer * int(10 ** (18 - decimals))
