"""What a signer checks before signing: a report beside the slices that stay on chain."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optionix.pricing.reports import Bounds, calendar_conflicts, check_report, moves_too_far
from optionix.pricing.ssvi import PackedSlice, is_calendar_free

DAY = 86_400
START = 1_795_420_800
WEEK, NEXT, MONTH = START + 7 * DAY, START + 8 * DAY, START + 28 * DAY
BOUNDS = Bounds(heartbeat=6 * 3600, volatility_per_day=1.0, carry_per_day=0.5, max_move_seconds=DAY)


def at_volatility(volatility, expiry, timestamp=START):
    theta = volatility**2 * (expiry - timestamp) / (365 * DAY)
    return PackedSlice(int(theta * 1e16), int(0.8 / theta**0.5 * 1e15), int(-0.2e12), 0, timestamp)


def failed(checks):
    return {check.name for check in checks if not check.ok}


class TestNeighbours:
    def test_a_stored_slice_on_either_side_counts(self):
        week, month = at_volatility(0.9, WEEK), at_volatility(0.4, MONTH)
        assert calendar_conflicts({MONTH: month}, {WEEK: week}) == [(WEEK, MONTH)]
        assert calendar_conflicts({WEEK: week}, {MONTH: month}) == [(WEEK, MONTH)]
        assert failed(check_report({MONTH: month}, {WEEK: week})) == {"neighbours"}
        assert not failed(check_report({MONTH: month}, {WEEK: at_volatility(0.7, WEEK)}))

    def test_stored_slices_that_cross_one_another_are_not_the_reports_fault(self):
        binding = {WEEK: at_volatility(0.9, WEEK), NEXT: at_volatility(0.4, NEXT)}
        assert calendar_conflicts({MONTH: at_volatility(0.6, MONTH)}, binding) == []

    def test_what_the_report_replaces_does_not_count(self):
        later = START + 3600
        binding = {WEEK: at_volatility(0.9, WEEK), MONTH: at_volatility(0.6, MONTH)}
        report = {WEEK: at_volatility(0.6, WEEK, later), MONTH: at_volatility(0.4, MONTH, later)}
        assert not failed(check_report(report, binding))
        del report[WEEK]
        assert failed(check_report(report, binding)) == {"neighbours"}

    def test_a_slice_that_will_be_clipped_is_compared_with_nobody(self):
        later = START + 3600
        binding = {WEEK: at_volatility(0.6, WEEK), NEXT: at_volatility(0.6, NEXT)}
        report = {WEEK: at_volatility(0.9, WEEK, later)}
        assert failed(check_report(report, binding)) == {"neighbours"}
        assert not failed(check_report(report, binding, clipped=[WEEK]))

    def test_slices_are_compared_at_one_time(self):
        """Stored a day ago, six sevenths of the variance are left: 56 % over seven days is more, 55 % is less."""
        stored = at_volatility(0.6, WEEK)
        for level, fits in ((0.56, True), (0.55, False)):
            new = replace(at_volatility(level, NEXT, START + DAY), phi=stored.phi)
            assert (calendar_conflicts({NEXT: new}, {WEEK: stored}) == []) is fits

    @given(
        levels=st.lists(st.tuples(st.floats(0.2, 1.5), st.booleans()), min_size=2, max_size=7),
        gap=st.integers(1, 6 * 3600),
    )
    def test_without_conflicts_the_whole_surface_is_free(self, levels, gap):
        """Neighbours are enough: where no pair conflicts, no two slices do, near or far, at the report's time."""
        expiries = [START + (2 + index) * DAY for index in range(len(levels))]
        slices = {e: at_volatility(v, e, START + gap) for e, (v, new) in zip(expiries, levels, strict=True) if new}
        binding = {e: at_volatility(v, e) for e, (v, new) in zip(expiries, levels, strict=True) if not new}
        stay = sorted(binding.items())
        if not all(is_calendar_free(a, near, b, far, START) for (near, a), (far, b) in pairwise(stay)):
            return
        if calendar_conflicts(slices, binding):
            return
        merged = sorted({**binding, **slices}.items())
        for index, (near, a) in enumerate(merged):
            for far, b in merged[index + 1 :]:
                assert is_calendar_free(a, near, b, far, START + gap)


class TestReport:
    def test_refuses_what_is_not_newer(self):
        entry = at_volatility(0.6, WEEK)
        assert failed(check_report({WEEK: entry}, {WEEK: entry})) == {"newer"}
        newer = at_volatility(0.6, WEEK, START + 1)
        assert not failed(check_report({WEEK: newer}, {WEEK: entry}))

    def test_repeats_what_needs_no_chain(self):
        crossing = {WEEK: at_volatility(0.9, WEEK), MONTH: at_volatility(0.3, MONTH)}
        assert {"calendar", "crossing", "neighbours"} <= failed(check_report(crossing, {}))
        fat = replace(at_volatility(0.6, WEEK), phi=at_volatility(0.6, WEEK).phi * 4)
        assert "butterfly" in failed(check_report({WEEK: fat}, {}))


class TestMoves:
    @pytest.mark.parametrize(("level", "too_far"), [(0.63, False), (0.65, True), (0.57, False), (0.55, True)])
    def test_volatility(self, level, too_far):
        stored, new = at_volatility(0.6, WEEK), at_volatility(level, WEEK, START + 3600)
        assert moves_too_far(BOUNDS, stored, new, WEEK) is too_far

    @pytest.mark.parametrize(("carry", "too_far"), [(20_833_333, False), (20_833_334, True), (-20_833_334, True)])
    def test_carry(self, carry, too_far):
        """Half a carry a day is 0.0208333 in an hour."""
        stored, new = at_volatility(0.6, WEEK), replace(at_volatility(0.6, WEEK, START + 3600), carry=carry)
        assert moves_too_far(BOUNDS, stored, new, WEEK) is too_far

    def test_the_clock_is_capped(self):
        stored, late = at_volatility(0.6, MONTH), START + 5 * DAY
        assert moves_too_far(BOUNDS, stored, at_volatility(1.6, MONTH, late), MONTH)
        assert not moves_too_far(BOUNDS, stored, at_volatility(1.2, MONTH, late), MONTH)
