"""Positions of several options against figures by hand, and against their own curves."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optionix.instruments import Side
from optionix.pricing.strategy import (
    OptionLeg,
    Position,
    butterfly,
    collar,
    condor,
    covered_call,
    straddle,
    strangle,
    vertical,
)

LEGS = st.builds(
    OptionLeg,
    side=st.sampled_from(Side),
    strike=st.integers(1, 40).map(lambda k: 100.0 * k),
    amount=st.integers(-5, 5).filter(bool).map(float),
    premium=st.integers(0, 300).map(float),
)
POSITIONS = st.builds(
    Position,
    legs=st.lists(LEGS, min_size=1, max_size=6).map(tuple),
    base=st.integers(-3, 3).map(float),
    cost=st.integers(0, 4000).map(float),
)


@pytest.mark.parametrize("strike", [0.0, -1.0, math.nan, math.inf])
def test_a_strike_that_is_none_is_refused(strike):
    with pytest.raises(ValueError, match="is not a positive number"):
        OptionLeg(Side.CALL, strike, 1.0)


@pytest.mark.parametrize(("amount", "premium"), [(0.0, 1.0), (math.nan, 1.0), (1.0, math.inf)])
def test_a_leg_without_a_number_is_refused(amount, premium):
    with pytest.raises(ValueError, match="needs a finite amount"):
        OptionLeg(Side.CALL, 1.0, amount, premium)


@pytest.mark.parametrize("strikes", [(1.0, 2.0), (1.0, 3.0, 2.0), (1.0, 1.0, 2.0)])
def test_strikes_out_of_order_are_refused(strikes):
    with pytest.raises(ValueError, match="strictly ascending"):
        butterfly(Side.CALL, strikes)


@pytest.mark.parametrize(
    ("position", "premium", "worst", "best", "break_evens"),
    [
        (vertical(Side.CALL, 3000, 3300, (200, 80)), 120, (-120, 0), (180, 3300), (3120,)),
        (vertical(Side.PUT, 3000, 2700, (180, 70)), 110, (-110, 3000), (190, 0), (2890,)),
        (straddle(3000, (200, 190)), 390, (-390, 3000), (math.inf, math.inf), (2610, 3390)),
        (strangle(2800, 3200, (100, 90)), 190, (-190, 2800), (math.inf, math.inf), (2610, 3390)),
        (butterfly(Side.CALL, (2800, 3000, 3200), (300, 180, 100)), 40, (-40, 0), (160, 3000), (2840, 3160)),
        (condor((2600, 2800, 3200, 3400), (20, 60, 70, 30)), -80, (-120, 0), (80, 2800), (2720, 3280)),
        (covered_call(3300, 80, 3000), -80, (-2920, 0), (380, 3300), (2920,)),
        (collar(2700, 3300, (70, 80), 3000), -10, (-290, 0), (310, 3300), (2990,)),
    ],
)
def test_figures_by_hand(position, premium, worst, best, break_evens):
    assert position.premium == premium
    assert position.worst() == worst
    assert position.best() == best
    assert position.break_evens() == break_evens


def test_a_lopsided_butterfly_ends_flat():
    position = butterfly(Side.PUT, (2000, 2900, 3000))
    assert position.profit([0.0, 1000.0, 2000.0]).tolist() == pytest.approx([0.0, 0.0, 0.0])
    assert position.profit(4000.0) == 0.0


def test_a_written_call_without_base_can_lose_everything():
    assert Position((OptionLeg(Side.CALL, 3000, -1.0, 80.0),)).worst() == (-math.inf, math.inf)


def test_a_stretch_without_profit_or_loss_gives_its_ends():
    assert vertical(Side.CALL, 3000, 3300).break_evens() == (0.0, 3000.0)


@given(POSITIONS)
def test_no_price_does_better_or_worse(position):
    prices = np.concatenate([np.linspace(0.0, 5000.0, 501), [1e5, 1e7]])
    profit = position.profit(prices)
    assert profit.min() >= position.worst()[0]
    assert profit.max() <= position.best()[0]
    for value, at in (position.worst(), position.best()):
        if math.isfinite(at):
            assert position.profit(at) == pytest.approx(value)


@given(POSITIONS)
def test_the_profit_changes_its_sign_at_break_evens_only(position):
    ends = position.break_evens()
    assert list(ends) == sorted(ends)
    for at in ends:
        assert position.profit(at) == pytest.approx(0.0, abs=1e-6)
    edges = [0.0, *ends, 1e6]
    for low, high in pairwise(edges):
        inside = np.sign(np.round(position.profit(np.linspace(low, high, 33)[1:-1]), 6))
        assert len({*inside.tolist()} - {0.0}) <= 1
