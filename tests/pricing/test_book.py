"""Payoffs and the worst-loss rule: known books, the shared vectors, and what must hold for any book."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vectors import columns_of

from optionix.instruments import Side
from optionix.pricing import book, payoff
from optionix.pricing.book import BookError, Leg

WAD = 10**18
SIDES = st.sampled_from(Side)
SCALES = st.sampled_from([payoff.scale_of(d) for d in (6, 8, 18)])
STRIKES = st.lists(st.integers(1, 2**64 - 1), min_size=1, max_size=16, unique=True).map(sorted)


@st.composite
def books(draw):
    strikes = draw(STRIKES)
    amounts = st.one_of(st.integers(-(2**127), 2**127 - 1), st.integers(-(10**6), 10**6).map(lambda n: n * 10**16))
    return [Leg(strike, draw(amounts)) for strike in strikes]


def test_books_agree_with_exact_fractions():
    columns = columns_of("books")
    following = 0
    for i, count in enumerate(columns["legs"]):
        part = slice(following, following + count)
        legs = [Leg(k, n) for k, n in zip(columns["strike"][part], columns["amount"][part], strict=True)]
        following += count
        side, scale = Side(columns["put"][i]), payoff.scale_of(columns["decimals"][i])
        assert book.required(side, legs, scale) == columns["required"][i]
        assert book.settlement_floor(side, legs, columns["price"][i], scale) == columns["settlement"][i]
    assert following == len(columns["strike"])


def test_a_call_spread_locks_its_width_in_base():
    legs = [Leg(3000 * 10**8, -WAD), Leg(4000 * 10**8, WAD)]
    assert book.required(Side.CALL, legs, 1) == WAD // 4


def test_a_put_spread_locks_its_width():
    legs = [Leg(3000 * 10**8, WAD), Leg(4000 * 10**8, -WAD)]
    assert book.required(Side.PUT, legs, 10**12) == 1000 * 10**6


def test_a_ratio_call_is_worst_at_infinity():
    assert book.required(Side.CALL, [Leg(3000 * 10**8, WAD), Leg(4000 * 10**8, -3 * WAD)], 1) == 2 * WAD


def test_settlement_rounds_against_the_book():
    assert book.settlement_floor(Side.CALL, [Leg(2 * 10**8, WAD)], 3 * WAD, 1) == WAD // 3
    assert book.settlement_floor(Side.CALL, [Leg(2 * 10**8, -WAD)], 3 * WAD, 1) == -(WAD // 3) - 1


@given(SIDES, books(), SCALES, st.integers(0, 2**124 - 1))
def test_owed_never_exceeds_locked(side, legs, scale, price):
    locked = book.required(side, legs, scale)
    prices = [price, *(leg.strike * 10**10 + offset for leg in legs for offset in (-1, 0, 1))]
    assert all(-book.settlement_floor(side, legs, p, scale) <= locked for p in prices)


@given(SIDES, books(), SCALES)
def test_locked_is_reached_within_a_unit(side, legs, scale):
    """The worst price is a strike, zero, or out at infinity, here the largest price there is."""
    locked = book.required(side, legs, scale)
    prices = [0, *(leg.strike * 10**10 for leg in legs)]
    worst = max(-book.settlement_floor(side, legs, p, scale) for p in prices)
    if side is Side.CALL:
        worst = max(worst, -(sum(leg.amount for leg in legs) // scale))
    assert locked == max(0, worst)


@given(SIDES, st.integers(1, 2**64 - 1), st.integers(0, 2**127 - 1), st.integers(0, 2**124 - 1), st.integers(0, 18))
def test_one_leg_is_a_plain_leg(side, strike, amount, price, decimals):
    scale, wad_strike = payoff.scale_of(decimals), strike * 10**10
    written, held = [Leg(strike, -amount)], [Leg(strike, amount)]
    paid = payoff.payoff_down(side, wad_strike, price, amount, scale)
    owed = payoff.payoff_up(side, wad_strike, price, amount, scale)
    locked = payoff.collateral_up(side, wad_strike, amount, scale)
    assert (book.settlement_floor(side, held, price, scale), book.required(side, held, scale)) == (paid, 0)
    assert (-book.settlement_floor(side, written, price, scale), book.required(side, written, scale)) == (owed, locked)
    assert paid <= owed <= min(paid + 1, locked)


@given(SIDES, st.integers(1, 2**98), st.integers(1, 2**124), st.integers(0, 2**128), st.integers(0, 18))
def test_payoff_is_the_formula(side, strike, price, amount, decimals):
    exact = Fraction(max(price - strike, 0), price) if side is Side.CALL else Fraction(max(strike - price, 0), WAD)
    units = exact * amount / payoff.scale_of(decimals)
    assert payoff.payoff_down(side, strike, price, amount, payoff.scale_of(decimals)) == units.__floor__()
    assert payoff.payoff_up(side, strike, price, amount, payoff.scale_of(decimals)) == units.__ceil__()


@pytest.mark.parametrize(
    ("legs", "message"),
    [
        ([Leg(i + 1, 1) for i in range(17)], "at most 16 legs"),
        ([Leg(2, 1), Leg(2, 1)], "ascend strictly"),
        ([Leg(0, 1)], "ascend strictly"),
        ([Leg(2**64, 1)], "does not fit"),
        ([Leg(1, 2**127)], "does not fit"),
    ],
)
def test_refuses_legs_that_no_book_can_have(legs, message):
    with pytest.raises(BookError, match=message):
        book.required(Side.CALL, legs, 1)


def test_refuses_prices_beyond_the_exact_range():
    with pytest.raises(BookError, match="2\\^124"):
        book.settlement_floor(Side.CALL, [Leg(1, 1)], 2**124, 1)


@pytest.mark.parametrize("decimals", [-1, 19])
def test_refuses_decimals(decimals):
    with pytest.raises(ValueError, match="not supported"):
        payoff.scale_of(decimals)
