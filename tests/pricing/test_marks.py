"""The vectorised marks against the contracts' integers, and their greeks against differences."""

import numpy as np
import pytest
from vectors import rows

from optionix.instruments import Side
from optionix.pricing import marks
from optionix.pricing.ssvi import PackedSlice, SsviSlice

SLICE = SsviSlice(theta=0.0288, phi=4.0, rho=-0.3, carry=0.05, timestamp=1_700_000_000)
FLAT = SsviSlice(theta=0.0288, phi=1e-9, rho=0.0, carry=0.05, timestamp=1_700_000_000)
EXPIRY = SLICE.timestamp + 30 * 86_400
NOW = SLICE.timestamp + 86_400
STRIKES = np.array([1500.0, 2700.0, 3000.0, 3300.0, 6000.0])


def test_agree_with_the_contracts():
    for row in rows("option_pricing"):
        volatility_slice = PackedSlice(row["theta"], row["phi"], row["rho"], row["carry"], row["timestamp"]).unpack()
        side = Side(row["put"])
        spot, strike = row["spot"] / 1e18, row["strike"] / 1e18
        got = marks.mark(spot, strike, side, volatility_slice, row["expiry"], row["at"])
        unit = 1.0 if side is Side.CALL else strike
        coarse = 1e-17 * (1 + 1 / spot)
        assert got.value == pytest.approx(row["value"] / 1e18, abs=4e-15 * unit + coarse), row
        assert got.vega == pytest.approx(row["vega"] / 1e18, rel=1e-11, abs=1e-14 * unit + coarse), row
        assert got.volatility == pytest.approx(row["volatility"] / 1e18, rel=1e-12), row
        assert got.delta == pytest.approx(row["delta"] / 1e18, abs=1e-11), row


@pytest.mark.parametrize("side", list(Side))
def test_theta_is_the_decay_of_a_day(side):
    step = 60
    here = marks.mark(3000.0, STRIKES, side, FLAT, EXPIRY, NOW)
    later = marks.mark(3000.0, STRIKES, side, FLAT, EXPIRY, NOW + step)
    earlier = marks.mark(3000.0, STRIKES, side, FLAT, EXPIRY, NOW - step)
    np.testing.assert_allclose(here.theta, (later.value - earlier.value) / (2 * step / 86_400), rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("side", list(Side))
def test_vega_is_a_derivative(side):
    here = marks.mark(3000.0, STRIKES, side, FLAT, EXPIRY, NOW)
    up = marks.mark(3000.0, STRIKES, side, SsviSlice(0.0288 * 1.0001**2, 1e-9, 0.0, 0.05, FLAT.timestamp), EXPIRY, NOW)
    change = here.volatility * 1e-4
    np.testing.assert_allclose((up.value - here.value) / change, here.vega, rtol=2e-3, atol=1e-7)


def test_parity_in_quote():
    call = marks.mark(3000.0, STRIKES, Side.CALL, SLICE, EXPIRY, NOW)
    put = marks.mark(3000.0, STRIKES, Side.PUT, SLICE, EXPIRY, NOW)
    discount = 3000.0 / call.forward
    np.testing.assert_allclose(call.value_quote - put.value_quote, discount * (call.forward - STRIKES), atol=1e-11)


def test_arguments_broadcast():
    times = np.array([[NOW], [NOW + 3600]])
    assert marks.mark(3000.0, STRIKES, Side.CALL, SLICE, EXPIRY, times).value.shape == (2, 5)


def test_at_the_end_only_the_intrinsic_value_is_left():
    got = marks.mark(3000.0, STRIKES, Side.PUT, SLICE, EXPIRY, EXPIRY - 1200)
    np.testing.assert_array_equal(got.value, np.maximum(STRIKES - 3000.0, 0.0))
    assert not got.vega.any()
    assert not got.theta.any()


def test_refuses_a_slice_from_its_expiry():
    with pytest.raises(ValueError, match="not before its expiry"):
        marks.mark(3000.0, STRIKES, Side.CALL, SLICE, SLICE.timestamp, NOW)
