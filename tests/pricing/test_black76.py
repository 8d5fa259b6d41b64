"""Float prices and implied volatilities: the shared vectors, peers, and what must hold for any option."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from vectors import columns_of

from optionix.instruments import Side
from optionix.pricing import black76
from optionix.pricing.implied import implied_volatility

WAD = 1e18
X128 = float(2**128)
FORWARDS = st.floats(1e-3, 1e6)
MONEYNESS = st.floats(1e-6, 1e6)
VARIANCES = st.one_of(st.just(0.0), st.floats(1e-12, 50.0))


@pytest.fixture(scope="module")
def domain():
    """200,000 options over S/K 0.2 .. 5, an hour .. 2 years, 10 % .. 300 %."""
    rng = np.random.default_rng(2026)
    strike = np.exp(rng.uniform(np.log(0.2), np.log(5), 200_000))
    volatility = rng.uniform(0.1, 3, strike.size)
    years = np.exp(rng.uniform(np.log(1 / 8760), np.log(2), strike.size))
    return strike, volatility, years


def test_prices_agree_with_50_digits():
    columns = {name: np.array(values, dtype=np.float64) for name, values in columns_of("black76").items()}
    exact = columns_of("black76")
    # arguments that floats can hold: a forward one unit above its strike is no other number there
    usable = np.array(
        [abs(f - k) == 0 or abs(f - k) / k > 1e-3 for f, k in zip(exact["forward"], exact["strike"], strict=True)]
    )
    usable &= (columns["variance"] == 0) | (columns["variance"] > 1e-12 * X128)
    F, K = columns["forward"] / WAD, columns["strike"] / WAD
    result = black76.greeks(F, K, np.minimum(columns["variance"], 2.0**142) / X128)
    least = np.minimum(F, K)
    for got, name in ((result.call, "call"), (result.put, "put")):
        wanted = columns[name] / WAD
        # 4 units in the last place of the price, and of the smaller of forward and strike, and the vectors' own unit
        limit = 1e-15 * wanted + 1e-15 * least + 1e-18
        assert np.all(np.abs(got - wanted)[usable] <= limit[usable]), name
    assert usable.sum() > 850
    np.testing.assert_allclose(result.delta[usable], columns["delta"][usable] / WAD, rtol=0, atol=1e-14)


@given(FORWARDS, MONEYNESS, VARIANCES)
def test_parity_and_bounds(forward, ratio, variance):
    strike = forward * ratio
    call, put = black76.price(forward, strike, variance)
    assert call - put == pytest.approx(forward - strike, abs=4e-16 * (forward + strike))
    assert max(forward - strike, 0.0) <= call <= forward
    assert max(strike - forward, 0.0) <= put <= strike


@given(FORWARDS, st.floats(0.2, 5), st.floats(1e-6, 10.0))
def test_greeks_are_derivatives(forward, ratio, variance):
    strike, step = forward * ratio, 1e-4
    up = black76.greeks(forward * (1 + step), strike, variance)
    here = black76.greeks(forward, strike, variance)
    down = black76.greeks(forward * (1 - step), strike, variance)
    curve = 1 + 1 / variance
    assert (up.call - down.call) / (2 * step * forward) == pytest.approx(float(here.delta), abs=step**2 * curve + 1e-10)
    assert (up.delta - down.delta) / (2 * step * forward) == pytest.approx(
        float(here.gamma), abs=step**2 * curve**1.5 / forward + 1e-10 / forward
    )


def test_limits():
    result = black76.greeks([1.0, 1.0, 1.0], [0.5, 1.0, 2.0], 0.0)
    assert result.call.tolist() == [0.5, 0.0, 0.0]
    assert result.put.tolist() == [0.0, 0.0, 1.0]
    assert result.delta.tolist() == [1.0, 0.5, 0.0]
    assert result.vega_kernel[[0, 2]].tolist() == [0.0, 0.0]
    call, put = black76.price(3.0, 2.0, 1e6)
    assert (call, put) == (3.0, 2.0)


@pytest.mark.parametrize(
    ("forward", "strike", "variance"), [(-1.0, 1.0, 0.1), (1.0, 0.0, 0.1), (1.0, 1.0, -0.1), (np.nan, 1, 1)]
)
def test_arguments_outside_the_domain_give_nan(forward, strike, variance):
    call, put = black76.price(forward, strike, variance)
    assert np.isnan(call)
    assert np.isnan(put)


def test_implied_volatility_returns(domain):
    strike, volatility, years = domain
    call, put = black76.price(1.0, strike, volatility**2 * years)
    for side, price, out in ((Side.CALL, call, strike >= 1), (Side.PUT, put, strike <= 1)):
        good = out & (price > 1e-280)
        got = implied_volatility(price, 1.0, strike, years, side)[good]
        assert np.max(np.abs(got / volatility[good] - 1)) < 1e-12


def test_implied_volatility_in_the_money_is_as_good_as_the_price_allows(domain):
    strike, volatility, years = domain
    call, _ = black76.price(1.0, strike, volatility**2 * years)
    kernel = black76.greeks(1.0, strike, volatility**2 * years).vega_kernel * np.sqrt(years)
    good = (strike < 1) & (kernel > 1e-6)
    got = implied_volatility(call, 1.0, strike, years, Side.CALL)[good]
    assert np.max(np.abs(got - volatility[good]) * kernel[good]) < 1e-15


def test_implied_volatility_with_a_discount():
    call, put = black76.price(3000.0, 2500.0, 0.64 * 0.25)
    assert implied_volatility(0.98 * call, 3000.0, 2500.0, 0.25, Side.CALL, 0.98) == pytest.approx(0.8, rel=1e-13)
    assert implied_volatility(0.98 * put, 3000.0, 2500.0, 0.25, Side.PUT, 0.98) == pytest.approx(0.8, rel=1e-13)


@pytest.mark.parametrize(
    ("price", "side"),
    [(0.0, Side.CALL), (-1.0, Side.CALL), (1.0, Side.CALL), (2.0, Side.CALL), (0.5, Side.PUT), (1.5, Side.PUT)],
)
def test_a_price_that_no_volatility_gives_is_nan(price, side):
    assert np.isnan(implied_volatility(price, 1.0, 1.5, 1.0, side))


@given(st.floats(-18, 18), st.floats(1e-4, 8.0))
def test_implied_volatility_from_anywhere(log_ratio, deviation):
    """From prices of 1e-300 to almost the bound, over 7 orders of moneyness on each side."""
    strike = float(np.exp(log_ratio))
    call, put = black76.price(1.0, strike, deviation**2)
    side, price = (Side.CALL, call) if strike >= 1 else (Side.PUT, put)
    least = min(1.0, strike)
    kernel = float(black76.greeks(1.0, strike, deviation**2).vega_kernel)
    if not 1e-290 < price < least or kernel < 1e-12 * float(least - price) or price > 0.999 * least:
        return
    got = float(implied_volatility(price, 1.0, strike, 1.0, side))
    # near the money the price itself is the smaller price less its tails, and knows no more than their last place
    resolution = 1e-15 * least if price > 1e-6 * least else 0.0
    assert abs(got - deviation) * kernel <= 1e-12 * price + resolution


def test_agrees_with_quantlib():
    ql = pytest.importorskip("QuantLib")
    for strike in (50.0, 95.0, 100.0, 130.0, 400.0):
        for deviation in (0.02, 0.3, 1.5):
            call, put = black76.price(100.0, strike, deviation**2)
            assert call == pytest.approx(ql.blackFormula(ql.Option.Call, strike, 100.0, deviation), abs=2e-13)
            assert put == pytest.approx(ql.blackFormula(ql.Option.Put, strike, 100.0, deviation), abs=2e-13)
