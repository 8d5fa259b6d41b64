"""The pure parts: rounding, levels, bars, volatility, names; properties that always hold."""

from __future__ import annotations

import json
import math
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.deribit import channels, levels, units
from api.deribit.chart_repository import Bar, PastSlice
from api.deribit.charts import chart, historical_volatility, marks_at
from api.deribit.instruments import settlement_period
from api.deribit.levels import Level, merged, vault_asks, vault_bids
from api.deribit.trades import tick_direction
from optionix.instruments import Side
from optionix.pricing import contract
from optionix.pricing.payoff import WAD
from optionix.pricing.ssvi import PackedSlice
from optionix.pricing.vault import Quote

HUGE = st.integers(1, 2**128)
TICK = Decimal("0.00000001")


def exact(numerator: int, denominator: int, rounding: str) -> Decimal:
    with localcontext() as context:
        context.prec = 400
        return (Decimal(numerator) / Decimal(denominator)).quantize(TICK, rounding)


class TestUnits:
    @given(HUGE, HUGE)
    def test_a_ratio_is_rounded_once(self, numerator: int, denominator: int) -> None:
        for rounding in (units.DOWN, units.UP):
            mode = ROUND_FLOOR if rounding == units.DOWN else ROUND_CEILING
            assert units.ratio(numerator, denominator, rounding) == exact(numerator, denominator, mode)
        even = units.ratio(numerator, denominator, units.EVEN)
        ticks = Fraction(numerator, denominator) * 10**8
        assert abs(Fraction(even) * 10**8 - ticks) <= Fraction(1, 2)

    def test_halves_go_to_the_even(self) -> None:
        halves = [units.ratio(number, 2 * 10**8, units.EVEN) for number in (1, 3, 5, 7)]
        assert halves == [0, 2 * TICK, 2 * TICK, 4 * TICK]
        assert units.ratio(25, 10**9, units.EVEN) == exact(25, 10**9, ROUND_HALF_EVEN)

    @given(st.integers(0, 10**30), st.integers(1, 10**24))
    def test_a_put_is_its_premium_over_the_index(self, price: int, index: int) -> None:
        down = units.base_price(Side.PUT, price, index, units.DOWN)
        up = units.base_price(Side.PUT, price, index, units.UP)
        # In fractions: the sum of decimals would be rounded to the context's digits.
        assert Fraction(down) <= Fraction(price, index) <= Fraction(up) <= Fraction(down) + Fraction(TICK)
        # As the database does it: `price_in_ticks`.
        assert Fraction(down) == Fraction(price * units.TICKS // index, units.TICKS)
        assert units.base_price(Side.CALL, price, index, units.DOWN) == units.ratio(price, WAD, units.DOWN)

    @given(st.decimals(0, 10**12, places=8))
    def test_numbers_are_written_whole(self, number: Decimal) -> None:
        text = units.dumps([number]).decode()
        assert "E" not in text and "e" not in text
        assert json.loads(text, parse_float=Decimal, parse_int=Decimal) == [number]

    def test_what_has_no_json_is_refused(self) -> None:
        for value in (object(), Decimal("NaN")):
            with pytest.raises((TypeError, ValueError)):
                units.dumps([value])


def vault(**table: int) -> Any:
    """A vault whose quotes come to these totals, by amount in hundredths."""
    known = {int(name[1:]) * WAD // 100: Quote(0, 0, 0, 0, 0, 0, 0, total, 0, 0) for name, total in table.items()}
    return known.get


class TestLevels:
    def test_levels_of_one_price_are_one(self) -> None:
        bids = [Level(Decimal(price), Decimal(amount)) for price, amount in ((1, 2), (3, 1), (1, "0.5"), (2, 0))]
        book = merged(bids, bids)
        assert [(int(each.price), str(each.amount)) for each in book.bids] == [(3, "1"), (1, "2.5")]
        assert [int(each.price) for each in book.asks] == [1, 3]
        assert merged([], []).best_bid is merged([], []).best_ask is None

    def test_a_vault_that_sells_no_whole_contract_sells_a_part(self) -> None:
        (level,) = vault_asks(Side.CALL, 8, WAD, vault(_10=300_000, _200=1), depth=True)
        assert (level.price, level.amount) == (Decimal("0.03"), Decimal("0.1"))
        (level,) = vault_asks(Side.CALL, 8, WAD, vault(_1=30_001), depth=True)
        assert (level.price, level.amount) == (Decimal("0.030001"), Decimal("0.01"))
        assert vault_asks(Side.CALL, 8, WAD, vault(), depth=True) == []

    def test_the_last_digits_of_a_cost_do_not_turn_its_levels_round(self) -> None:
        asks = vault_asks(Side.CALL, 8, WAD, vault(_100=1_000_001, _200=2_000_001), depth=True)
        assert [each.price for each in asks] == [Decimal("0.01000001")] * 2
        bids = vault_bids(Side.CALL, 8, WAD, 2 * WAD, vault(_100=999_999, _200=2_000_000), depth=True)
        assert [each.price for each in bids] == [Decimal("0.00999999")] * 2

    def test_a_bid_that_pays_nothing_is_none(self) -> None:
        assert vault_bids(Side.CALL, 8, WAD, 2 * WAD, vault(_100=0), depth=True) == []
        assert vault_bids(Side.CALL, 8, WAD, 0, vault(), depth=True) == []

    @given(st.lists(st.integers(1, 10**9), min_size=len(levels.SIZES), max_size=len(levels.SIZES)))
    def test_walking_the_asks_never_costs_less_than_the_vault_asks(self, steps: list[int]) -> None:
        costs = np.cumsum(sorted(steps)).tolist()
        table = {f"_{size * 100}": cost for size, cost in zip(levels.SIZES, costs, strict=True)}
        asks = vault_asks(Side.CALL, 8, WAD, vault(**table), depth=True)
        assert [each.price for each in asks] == sorted(each.price for each in asks)
        paid = size = Decimal(0)
        for level, cost in zip(asks, costs, strict=True):
            size, paid = size + level.amount, paid + level.price * level.amount
            assert paid >= Decimal(cost).scaleb(-8)
        assert size == levels.SIZES[-1]

    @given(*[st.dictionaries(st.integers(1, 20), st.integers(1, 5), max_size=8)] * 2)
    def test_changes_turn_one_side_into_the_other(self, before: dict[int, int], after: dict[int, int]) -> None:
        kept: dict[Decimal, Decimal] = {Decimal(price): Decimal(amount) for price, amount in before.items()}
        sides = [[Level(Decimal(p), Decimal(a)) for p, a in side.items()] for side in (before, after)]
        for action, price, amount in channels.changes(*sides):  # type: ignore[misc]
            assert (action == "new") == (price not in kept)
            if action == "delete":
                del kept[price]
            else:
                assert kept.get(price) != amount
                kept[price] = amount
        assert kept == {Decimal(price): Decimal(amount) for price, amount in after.items()}


class TestTickDirection:
    @pytest.mark.parametrize(
        ("price", "before", "different", "expected"),
        [(5, None, None, 0), (5, 4, 4, 0), (5, 6, 6, 2), (5, 5, 4, 1), (5, 5, 6, 3), (5, 5, None, 1)],
    )
    def test_all_four(self, price: int, before: int | None, different: int | None, expected: int) -> None:
        assert tick_direction(price, before, different) == expected


class TestHistories:
    def test_a_chart_has_columns_of_equal_length(self) -> None:
        told = chart([Bar(60, 1, 5, 1, 3, 2 * WAD, 7 * WAD), Bar(120, 3, 3, 3, 3, WAD, 3 * WAD)])
        assert told["ticks"] == [60_000, 120_000]
        assert told["high"] == [5 * TICK, 3 * TICK] and told["cost"] == [7 * TICK, 3 * TICK]
        assert chart([])["status"] == "no_data"

    def test_volatility_of_a_known_walk(self) -> None:
        """Prices that rise and fall by one per cent in turn: every squared return is ln(1.01)^2."""
        closes = [(3600 * hour, 100.0 * (1.01 if hour % 2 else 1.0)) for hour in range(1000)]
        told = historical_volatility(closes, 3600 * 1000)
        assert len(told) == 16 * 24
        assert told[-1][0] == 3600 * 1000
        expected = 100 * math.log(1.01) * math.sqrt(8760)
        assert [value for _, value in told] == pytest.approx([expected] * len(told))

    def test_hours_without_a_price_stand_still(self) -> None:
        told = dict(historical_volatility([(0, 100.0), (4 * 3600, 110.0)], 6 * 3600))
        assert told.keys() == {3 * 3600, 4 * 3600, 5 * 3600, 6 * 3600}
        assert told[4 * 3600] == 0
        assert told[6 * 3600] == pytest.approx(100 * math.log(1.1) * math.sqrt(8760 / 5))

    def test_too_little_is_none(self) -> None:
        assert historical_volatility([], 10**9) == []
        assert historical_volatility([(0, 1.0)], 3600) == []

    def test_marks_are_those_of_the_contracts(self) -> None:
        """Each from the newest price and slice by then; none before both are there."""
        expiry = 10 * 86_400
        slices = [PastSlice(1000, 10**15, 10**15, 0, 0, 900), PastSlice(5000, 2 * 10**15, 10**15, 0, 0, 4900)]
        spots = [(2000, 1500.0), (5300, 1600.0)]
        at = np.arange(0, 6300, 300, dtype=np.int64)
        for side in Side:
            series = SimpleNamespace(side=side.value, strike=1550 * 10**8, expiry=expiry)
            told = marks_at(series, at, spots, slices)  # type: ignore[arg-type]
            assert [when for when, _ in told] == list(range(2100, 6300, 300))
            for when, mark in told:
                past = slices[1] if when >= 5000 else slices[0]
                spot = (1600 if when >= 5300 else 1500) * WAD
                stored = PackedSlice(past.theta, past.phi, past.rho, past.carry, past.timestamp)
                value = contract.mark(spot, 1550 * WAD, side, stored, expiry, when).value
                assert mark == pytest.approx(float(units.base_price(side, value, spot, units.EVEN)), abs=1.01e-8)


def test_settlement_periods() -> None:
    assert settlement_period(1_679_644_800) == "week"  # 24 March 2023
    assert settlement_period(1_680_249_600) == "month"  # 31 March 2023
    assert settlement_period(1_680_249_600 + 86_400) == "day"


def test_channels_that_there_are_not() -> None:
    for name in ("", "book", "book.X", "ticker.X.1s", "trades.future.BTC.raw", "markprice.options.btc_usdc",
                 "deribit_price_index.BTC_USD", "chart.trades.X.2", "user.changes.any.any.raw"):  # fmt: skip
        assert channels.parse(name) is None, name
