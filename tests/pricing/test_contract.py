"""The integer twin of the contracts gives what the vectors hold; forge demands the same numbers of Solidity."""

import pytest
from vectors import rows

from optionix.instruments import Side
from optionix.pricing import contract, fixed_point, ssvi
from optionix.pricing.ssvi import PackedSlice

WAD = 10**18
SLICE = PackedSlice(theta=288 * 10**12, phi=4 * 10**15, rho=-3 * 10**11, carry=5 * 10**7, timestamp=1_700_000_000)
EXPIRY = 1_700_000_000 + 30 * 86_400


def test_normal_cdf_is_within_the_stated_error():
    for row in rows("normal_cdf"):
        assert abs(fixed_point.normal_cdf(row["x"]) * 10**6 - row["cdf"]) <= 1_400_000, row


def test_logarithm_is_the_recorded_one():
    for row in rows("ln_ratio"):
        assert fixed_point.ln_ratio(row["a"], row["b"]) == row["ln"] + row["ln_off"]


def test_black76_is_the_recorded_one():
    for row in rows("black76"):
        got = contract.price_with_greeks(row["forward"], row["strike"], row["variance"])
        assert got == tuple(row[name] + row[f"{name}_off"] for name in ("call", "put", "delta", "kernel"))
        assert contract.price(row["forward"], row["strike"], row["variance"]) == got[:2]


def test_variance_is_the_recorded_one():
    for row in rows("ssvi"):
        arguments = (row[name] for name in ("k", "theta", "phi", "rho", "left", "reported"))
        assert contract.total_variance(*arguments) == row["variance"] + row["variance_off"]


def test_marks_are_the_recorded_ones():
    for row in rows("option_pricing"):
        volatility_slice = PackedSlice(row["theta"], row["phi"], row["rho"], row["carry"], row["timestamp"])
        mark = contract.mark(row["spot"], row["strike"], Side(row["put"]), volatility_slice, row["expiry"], row["at"])
        for name in ("value", "vega", "delta", "volatility"):
            assert getattr(mark, name) == row[name] + row[f"{name}_off"], (name, row)


def test_no_arbitrage_conditions_are_exact():
    for row in rows("conditions"):
        assert ssvi.is_butterfly_free(row["theta1"], row["phi1"], row["rho1"]) == bool(row["butterfly1"])
        # the rows give times left and reported; any common clock does
        near_expiry, far_expiry = 10**9, 10**9 + row["left2"] - row["left1"]
        near = PackedSlice(row["theta1"], row["phi1"], row["rho1"], 0, near_expiry - row["reported1"])
        far = PackedSlice(row["theta2"], row["phi2"], row["rho2"], 0, far_expiry - row["reported2"])
        at = near_expiry - row["left1"]
        assert ssvi.is_calendar_free(near, near_expiry, far, far_expiry, at) == bool(row["calendar"])


@pytest.mark.parametrize(
    ("forward", "strike"), [(0, WAD), (WAD, 0), (WAD << 30, WAD), (WAD, WAD << 30), (2**104, 2**90)]
)
def test_refuses_prices_that_the_contracts_refuse(forward, strike):
    with pytest.raises(contract.PricingError, match="2\\^30"):
        contract.price(forward, strike, 1)


@pytest.mark.parametrize("timestamp", [0, EXPIRY, EXPIRY + 1])
def test_refuses_a_slice_without_time(timestamp):
    late = PackedSlice(SLICE.theta, SLICE.phi, SLICE.rho, SLICE.carry, timestamp)
    with pytest.raises(contract.PricingError, match="not before its expiry"):
        contract.mark(WAD, WAD, Side.CALL, late, EXPIRY, EXPIRY - 10**5)


def test_value_at_the_end_is_intrinsic():
    mark = contract.mark(4000 * WAD, 3000 * WAD, Side.CALL, SLICE, EXPIRY, EXPIRY - 1200)
    assert (mark.value, mark.vega, mark.delta) == (WAD // 4, 0, WAD)
    assert 0.7 * WAD < mark.volatility < 0.8 * WAD
