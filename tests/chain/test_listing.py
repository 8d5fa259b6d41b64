"""What should be listed when: days, Fridays and months at 08:00, strikes on a 1-2-5 tick between two deltas."""

from datetime import UTC, date, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optionix.instruments import is_aligned
from optionix.listing import (
    MAX_DAILY_AGE_SECONDS,
    MIN_LEAD_SECONDS,
    expiries_to_list,
    last_friday,
    strikes_to_add,
    strikes_to_list,
    tick_over,
)

WAD = 10**18


def names(expiries: list[int]) -> list[str]:
    return [datetime.fromtimestamp(expiry, UTC).strftime("%a %d %b %H:%M") for expiry in expiries]


def test_a_monday_lists_three_days_two_fridays_and_two_months() -> None:
    monday = int(datetime(2023, 3, 6, 0, 0, tzinfo=UTC).timestamp())
    assert names(expiries_to_list(monday)) == [
        "Mon 06 Mar 08:00",
        "Tue 07 Mar 08:00",
        "Wed 08 Mar 08:00",
        "Fri 10 Mar 08:00",
        "Fri 17 Mar 08:00",
        "Fri 31 Mar 08:00",
        "Fri 28 Apr 08:00",
    ]


def test_an_expiry_too_near_gives_way_to_the_next() -> None:
    early = int(datetime(2023, 3, 6, 4, 0, 1, tzinfo=UTC).timestamp())
    assert names(expiries_to_list(early))[0] == "Tue 07 Mar 08:00"


def test_a_slow_feed_has_fridays_only() -> None:
    monday = int(datetime(2023, 3, 6, 0, 0, tzinfo=UTC).timestamp())
    fridays = ["Fri 10 Mar 08:00", "Fri 17 Mar 08:00", "Fri 31 Mar 08:00", "Fri 28 Apr 08:00"]
    assert names(expiries_to_list(monday, feed_max_age=MAX_DAILY_AGE_SECONDS + 1)) == fridays
    assert len(expiries_to_list(monday, feed_max_age=MAX_DAILY_AGE_SECONDS)) == 7


@given(st.integers(1_500_000_000, 3_000_000_000))
def test_expiries_are_ahead_aligned_ascending_and_enough(now: int) -> None:
    expiries = expiries_to_list(now)
    assert expiries == sorted(set(expiries))
    assert all(is_aligned(expiry) and expiry >= now + MIN_LEAD_SECONDS for expiry in expiries)
    assert 4 <= len(expiries) <= 7
    assert sum(expiry < now + MIN_LEAD_SECONDS + 3 * 86400 for expiry in expiries) >= 3


def test_last_fridays_cross_the_year() -> None:
    assert last_friday(date(2023, 12, 30)) == date(2023, 12, 29)
    assert last_friday(date(2023, 12, 30), 1) == date(2024, 1, 26)
    assert last_friday(date(2024, 2, 1)) == date(2024, 2, 23)


def test_strikes_of_a_day_and_a_month_stand_on_round_ticks() -> None:
    day = strikes_to_list(1565 * WAD, 0.6, 1 / 365)
    assert (day[0], day[-1], day[1] - day[0]) == (1460 * 10**8, 1680 * 10**8, 10 * 10**8)
    month = strikes_to_list(1565 * WAD, 0.6, 30 / 365)
    assert (month[0], month[-1], month[1] - month[0]) == (1100 * 10**8, 2300 * 10**8, 100 * 10**8)


@given(st.integers(10**12, 10**24), st.floats(0.05, 3), st.floats(0, 1), st.integers(3, 64))
def test_strikes_cover_the_range_with_no_more_than_allowed(
    spot: int, volatility: float, years: float, most: int
) -> None:
    strikes = strikes_to_list(spot, volatility, years, most=most)
    assert 1 <= len(strikes) <= most
    assert strikes[0] > 0
    if len(strikes) > 1:
        tick = strikes[1] - strikes[0]
        assert tick == tick_over(tick)
        assert all(strike % tick == 0 for strike in strikes)
        assert {later - earlier for earlier, later in pairwise(strikes)} == {tick}
    assert strikes[-1] * 10**10 >= spot


def test_impossible_inputs_are_refused() -> None:
    for spot, volatility in ((0, 0.6), (WAD, 0.0), (WAD, float("nan"))):
        with pytest.raises(ValueError, match="must be above zero"):
            strikes_to_list(spot, volatility, 0.1)


def test_only_missing_strikes_are_added_and_the_nearest_first() -> None:
    wanted = [number * 10**8 for number in range(90, 111)]
    assert strikes_to_add(wanted, wanted, 100 * WAD) == []
    assert strikes_to_add([1, 2], wanted, 100 * WAD, limit=5) == [99 * 10**8, 100 * 10**8, 101 * 10**8]
    assert strikes_to_add(range(1, 65), wanted, 100 * WAD) == []
