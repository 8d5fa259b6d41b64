"""SSVI and raw SVI slices: the shared vectors, freedom from arbitrage in fact, packing."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from vectors import columns_of

from optionix.pricing import ssvi
from optionix.pricing.ssvi import PackedSlice, SliceError, SsviSlice
from optionix.pricing.svi import RawSvi

THETAS = st.integers(10**10, 10**16)
PHIS = st.integers(10**12, 18 * 10**18)
RHOS = st.integers(-999 * 10**9, 999 * 10**9)
GRID = np.linspace(-5, 5, 2001)


def test_variance_agrees_with_50_digits():
    columns = {name: np.array(values, dtype=np.float64) for name, values in columns_of("ssvi").items()}
    variance = ssvi.total_variance(
        columns["k"] / 2.0**96, columns["theta"] / 1e16, columns["phi"] / 1e15, columns["rho"] / 1e12
    )
    wanted = columns["variance"] / 2.0**128
    # rho one unit from 1 loses digits in 1 - rho^2
    near_one = np.abs(columns["rho"]) > 0.99e12
    got = variance * columns["left"] / columns["reported"]
    np.testing.assert_allclose(got[~near_one], wanted[~near_one], rtol=2e-14)
    np.testing.assert_allclose(got[near_one], wanted[near_one], rtol=1e-4)


@given(THETAS, PHIS, RHOS)
def test_a_slice_that_passes_has_no_negative_density(theta, phi, rho):
    phi = min(phi, 4 * 10**31 // theta)
    assume(ssvi.is_butterfly_free(theta, phi, rho))
    curve = RawSvi.from_ssvi(PackedSlice(theta, phi, rho, 0, 1).unpack())
    assert np.min(curve.density_sign(GRID)) >= -1e-9


def test_a_slice_that_fails_can_have_negative_density():
    theta, phi, rho = 10**16, 6 * 10**15, 0
    assert not ssvi.is_butterfly_free(theta, phi, rho)
    assert np.min(RawSvi.from_ssvi(PackedSlice(theta, phi, rho, 0, 1).unpack()).density_sign(GRID)) < 0


@given(THETAS, PHIS, RHOS, st.floats(1, 3), st.floats(0.3, 1), st.integers(-(10**10), 10**10), st.integers(1, 10**7))
def test_calendar_free_slices_do_not_cross_at_any_later_time(theta, phi, rho, growth, shrink, skew, gap):
    near = PackedSlice(theta, phi, rho, 0, 1000)
    far_theta, far_phi = int(theta * growth), int(phi * shrink)
    far = PackedSlice(far_theta, far_phi, max(-(10**12) + 1, min(10**12 - 1, rho + skew)), 0, 1000)
    near_expiry, far_expiry = 1000 + 10**6, 1000 + 10**6 + gap
    assume(ssvi.is_calendar_free(near, near_expiry, far, far_expiry, 1000))
    for at in (1000, 500_000, near_expiry - 1):
        lower = near.unpack().total_variance(GRID) * (near_expiry - at) / (near_expiry - 1000)
        upper = far.unpack().total_variance(GRID) * (far_expiry - at) / (far_expiry - 1000)
        assert np.all(lower <= upper * (1 + 1e-12))


@given(st.floats(1e-8, 4), st.floats(1e-3, 1e4), st.floats(-0.999, 0.999), st.floats(-1, 1))
def test_packing_keeps_what_matters(theta, phi, rho, carry):
    packed = SsviSlice(theta, phi, rho, carry, 5).pack()
    back = packed.unpack()
    assert (back.theta, back.rho, back.carry) == pytest.approx((theta, rho, carry), abs=1e-9)
    assert phi - 1e-9 * phi <= back.phi <= phi * (1 + 1e-15)
    assert back.pack() == packed or abs(back.pack().phi - packed.phi) <= 1


@pytest.mark.parametrize(
    "fields",
    [(-1, 1, 0, 0, 0), (2**64, 1, 0, 0, 0), (1, 1, 2**47, 0, 0), (1, 1, 0, -(2**39) - 1, 0), (1, 1, 0, 0, 2**40)],
)
def test_refuses_what_a_slot_cannot_hold(fields):
    with pytest.raises(SliceError, match="does not fit"):
        PackedSlice(*fields)


@given(st.floats(-5, 5))
def test_raw_svi_is_the_same_curve(k):
    volatility_slice = SsviSlice(0.09, 3.0, -0.4)
    assert RawSvi.from_ssvi(volatility_slice).total_variance(k) == pytest.approx(
        float(volatility_slice.total_variance(k)), rel=1e-12
    )


def test_volatility_at_the_money():
    assert ssvi.volatility(0.0, 0.16, 2.0, -0.3, 0.25) == pytest.approx(0.8)
