"""Value at risk and expected shortfall: what they are made of, and whether they hold on real prices."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from ml.bars import Bars, realised_variance
from ml.exceedances import backtest, judge
from ml.holdings import Holding
from ml.paths import DAY, PER_DAY, FilteredDays, TooFewDays, drawn, every_day, filtered_days, follow
from ml.tail import HORIZONS_DAYS, LEVELS, TailRisk, tail, tail_risks
from ml.valuation import MarketState
from optionix.instruments import Side
from optionix.pricing.ssvi import SsviSlice

NOW = 1_700_000_000
WAD = 10**18


@pytest.fixture(scope="module")
def days(eth: Bars) -> FilteredDays:
    return filtered_days(realised_variance(eth))


def holding(side: Side, strike: int, amount: float, in_days: float) -> Holding:
    return Holding(1, "", 1, int(side), int(NOW + in_days * DAY), strike * 10**8, round(amount * WAD), "tokens")


def state(*holdings: Holding, volatility: float = 0.6) -> dict[int, MarketState]:
    slices = {
        each.expiry: SsviSlice(volatility**2 * (each.expiry - NOW) / (365 * DAY), 1.5, -0.1, 0.0, NOW)
        for each in holdings
    }
    return {1: MarketState(1, "ETH", 2000.0, slices)}


def risk(days: FilteredDays, *holdings: Holding) -> dict[tuple[int, float], TailRisk]:
    found = tail_risks(holdings, state(*holdings), {"ETH": days}, NOW)
    return {(each.days, each.level): each for each in found}


class TestTail:
    def test_the_worst_of_a_hundred(self) -> None:
        changes = np.arange(-50.0, 50.0)
        assert tail(changes, 0.99) == (50.0, 50.0)
        assert tail(changes, 0.95) == (46.0, 48.0)

    def test_of_few_scenarios_the_worst_counts(self) -> None:
        assert tail(np.array([3.0, -1.0, 2.0]), 0.99) == (1.0, 1.0)


class TestDays:
    def test_nothing_later_is_known(self, eth: Bars, days: FilteredDays) -> None:
        cut = filtered_days(realised_variance(eth.until(int(eth.end - 40 * DAY))))
        count = len(cut.end)
        assert count == len(days.end) - 40 * PER_DAY
        np.testing.assert_array_equal(cut.residual, days.residual[:count])
        np.testing.assert_array_equal(cut.variance, days.variance[:count])
        # The newest day of the cut series ends where the day at this place begins.
        begins = count + PER_DAY - 1
        assert cut.next_variance == days.variance[begins]
        before = days.before(begins, 80)
        assert before.end[-1] == cut.end[-1] == days.end[begins] - DAY
        altered = replace(days, residual=np.where(np.arange(len(days.end)) >= count, 9.0, days.residual))
        np.testing.assert_array_equal(altered.before(begins, 80).residual, before.residual)

    def test_too_few_days_are_refused(self, eth: Bars) -> None:
        with pytest.raises(TooFewDays, match="whole days of history"):
            filtered_days(realised_variance(eth.until(int(eth.start[0] + 65 * DAY))))
        with pytest.raises(TooFewDays, match="all assets have"):
            every_day({})

    def test_equal_seeds_draw_equal_paths(self, days: FilteredDays) -> None:
        one, same, other = (drawn({"ETH": days}, 10, 50, seed)["ETH"].spot for seed in (1, 1, 2))
        np.testing.assert_array_equal(one, same)
        assert not np.array_equal(one, other)

    def test_assets_move_on_the_same_days(self, days: FilteredDays) -> None:
        later = replace(days, end=days.end + 30 * DAY)
        both = drawn({"A": days, "B": replace(days, residual=2 * days.residual)}, 3, 40, 7)
        np.testing.assert_allclose(np.log(both["B"].spot), 2 * np.log(both["A"].spot), rtol=1e-9)
        shifted = every_day({"A": days, "B": later})
        assert len(shifted["A"].spot) == len(days.end) - 30 * PER_DAY

    def test_a_day_of_large_moves_raises_the_volatility_and_short_maturities_most(self, days: FilteredDays) -> None:
        surprise = days.surprise / days.surprise.mean()
        wild = int(np.argmax(surprise))
        future = follow(days, np.array([[wild]]))
        short, long = (float(future.volatility_factor(1, span / 365)[0]) for span in (1, 180))
        assert short > long > 1
        assert short < math.sqrt(0.94 + 0.06 * surprise[wild])


class TestTailRisks:
    def test_every_horizon_and_level(self, days: FilteredDays) -> None:
        found = risk(days, holding(Side.CALL, 2000, 1, 30))
        assert set(found) == {(horizon, level) for horizon in HORIZONS_DAYS for level in LEVELS}
        for each in found.values():
            assert each.expected_shortfall >= each.value_at_risk > 0
        for level in LEVELS:
            assert found[10, level].value_at_risk > found[1, level].value_at_risk
        assert found[1, 0.99].value_at_risk > found[1, 0.95].value_at_risk

    def test_a_holder_loses_at_most_the_value(self, days: FilteredDays) -> None:
        held = holding(Side.PUT, 2000, 3, 5)
        value = 3 * 2000 * 0.6 * math.sqrt(5 / 365) * 0.4
        worst = risk(days, held)[10, 0.99].expected_shortfall
        assert 0.8 * value < worst < 1.05 * value, "what expires within the horizon ends worthless"

    def test_a_writer_stands_to_lose_more_than_the_holder(self, days: FilteredDays) -> None:
        held, written = holding(Side.CALL, 2200, 1, 7), holding(Side.CALL, 2200, -1, 7)
        assert risk(days, written)[10, 0.99].value_at_risk > risk(days, held)[10, 0.99].value_at_risk

    def test_what_cancels_out_risks_nothing(self, days: FilteredDays) -> None:
        found = risk(days, holding(Side.CALL, 2200, 1, 7), holding(Side.CALL, 2200, -1, 7))
        assert all(abs(each.value_at_risk) + abs(each.expected_shortfall) < 1e-9 for each in found.values())

    def test_call_less_put_is_the_forward(self, days: FilteredDays) -> None:
        found = risk(days, holding(Side.CALL, 2000, 1, 30), holding(Side.PUT, 2000, -1, 30))
        spot = every_day({"ETH": days})["ETH"].spot[:, 0]
        assert found[1, 0.99].value_at_risk == pytest.approx(tail(2000 * (spot - 1), 0.99)[0], rel=1e-9)

    def test_nothing_held_risks_nothing(self, days: FilteredDays) -> None:
        assert all(each.value_at_risk == 0 and each.scenarios == 0 for each in tail_risks([], {}, {}, NOW))


class TestExceedances:
    def test_kupiecs_own_figure(self) -> None:
        """Ten in 250 days at 99 %: likelihood ratio 12.96."""
        hits = np.zeros(250, dtype=bool)
        hits[np.arange(10) * 25] = True
        found = judge(hits, 0.99)
        assert (found.count, found.expected) == (10, pytest.approx(2.5))
        assert found.kupiec_p == pytest.approx(0.000319, rel=0.01)
        assert found.independence_p > 0.3

    def test_clusters_are_seen(self) -> None:
        hits = np.zeros(1000, dtype=bool)
        hits[500:550] = True
        found = judge(hits, 0.95)
        assert found.kupiec_p == pytest.approx(1.0)
        assert found.independence_p < 1e-20 and found.christoffersen_p < 1e-20

    def test_none_is_no_cluster(self) -> None:
        found = judge(np.zeros(500, dtype=bool), 0.99)
        assert math.isnan(found.independence_p)
        assert found.kupiec_p == pytest.approx(found.christoffersen_p) and found.kupiec_p < 0.01

    def test_one_day_is_too_few(self) -> None:
        with pytest.raises(ValueError, match="too few"):
            judge(np.zeros(1, dtype=bool), 0.99)

    @pytest.mark.parametrize("level", LEVELS)
    def test_on_real_prices_the_frequency_holds(self, days: FilteredDays, level: float) -> None:
        for name, found in backtest(days, level, 100).items():
            assert found.days > 95, name
            assert found.kupiec_p > 0.01, (name, found)
