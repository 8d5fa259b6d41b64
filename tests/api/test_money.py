"""Exact decimal strings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.money import decimal_string, per_contract, units


@given(st.integers(-(10**60), 10**60), st.sampled_from([0, 6, 8, 18]))
def test_units_are_the_inverse_of_the_string(value: int, decimals: int) -> None:
    assert units(decimal_string(value, decimals), decimals) == value


@pytest.mark.parametrize("text", ["", "abc", "1.0000001", "NaN", "Infinity"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        units(text, 6)


def test_a_price_per_contract_is_rounded_as_said() -> None:
    third = 3 * 10**18
    assert per_contract(1_000_000, third, 6, "ROUND_FLOOR") == "0.333333"
    assert per_contract(1_000_000, third, 6, "ROUND_CEILING") == "0.333334"
