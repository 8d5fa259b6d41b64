"""Float prices and implied volatilities: the shared vectors, peers, and what must hold for any option."""

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mpf, workdps
from vectors import columns_of

from bench.pricing import exact
from optionix.instruments import Side
from optionix.pricing import black76
from optionix.pricing.implied import ImpliedStatus, implied_volatility

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
    deviation = np.sqrt(np.minimum(columns["variance"], 2.0**142) / X128)
    least = np.minimum(F, K)
    for side, name in ((Side.CALL, "call"), (Side.PUT, "put")):
        wanted = columns[name] / WAD
        # 4 units in the last place of the price, and of the smaller of forward and strike, and the vectors' own unit
        limit = 1e-15 * wanted + 1e-15 * least + 1e-18
        got = black76.price(F, K, deviation, 1.0, side)
        assert np.all(np.abs(got - wanted)[usable] <= limit[usable]), name
    assert usable.sum() > 850
    delta = black76.greeks(F, K, deviation, 1.0, Side.CALL).delta
    np.testing.assert_allclose(delta[usable], columns["delta"][usable] / WAD, rtol=0, atol=1e-14)


GREEKS = tuple(field.name for field in fields(black76.Greeks))


@pytest.mark.parametrize("rate", [0.0, 0.07])
def test_every_greek_is_exact_to_the_last_places_over_the_whole_domain(rate):
    """An hour .. 2 years, 20 % .. 200 %, to 6 standard deviations, both sides: relative errors, nothing excepted."""
    rng = np.random.default_rng(76)
    count = 1000
    years = np.exp(rng.uniform(np.log(1 / 8760), np.log(2), count))
    volatility, side = rng.uniform(0.2, 2, count), rng.integers(0, 2, count)
    strike = 3000 * np.exp(rng.uniform(-6, 6, count) * volatility * np.sqrt(years))
    got = black76.greeks(3000.0, strike, volatility, years, side, rate)
    for i in range(count):
        with workdps(50):
            wanted = exact(3000.0, strike[i], volatility[i], years[i], side[i], rate)
        # theta is a difference where there is a rate: its error counts against the larger term
        terms = {"theta": abs(wanted["theta"]) + 2 * rate * wanted["price"]}
        for name in GREEKS:
            error = abs(mpf(float(getattr(got, name)[i])) - wanted[name]) / terms.get(name, abs(wanted[name]))
            assert error < 2e-13, (name, strike[i], volatility[i], years[i], side[i])


def test_a_tiny_time_value_keeps_its_digits():
    """A second before expiry, and strikes a hair away: the difference of two tails has no digit left there."""
    for strike in (3000.0, 3000.0001, 3000.1, 3003.0):
        for years in (1e-3, 1e-6, 3.2e-8):
            got = black76.greeks(3000.0, strike, 0.2, years, Side.CALL)
            with workdps(50):
                wanted = exact(3000.0, strike, 0.2, years, Side.CALL)
            for name in ("price", "delta", "gamma", "vega", "theta"):
                if wanted[name] > 1e-290:
                    assert float(getattr(got, name)) == pytest.approx(float(wanted[name]), rel=1e-11), (strike, years)


@given(FORWARDS, MONEYNESS, VARIANCES)
def test_parity_and_bounds(forward, ratio, variance):
    strike, deviation = forward * ratio, variance**0.5
    call, put = (black76.price(forward, strike, deviation, 1.0, side) for side in Side)
    assert call - put == pytest.approx(forward - strike, abs=4e-16 * (forward + strike))
    assert max(forward - strike, 0.0) <= call <= forward
    assert max(strike - forward, 0.0) <= put <= strike


@given(
    FORWARDS, st.floats(0.3, 3), st.floats(0.05, 2.0), st.floats(0.05, 3.0), st.floats(-0.1, 0.3), st.sampled_from(Side)
)
def test_greeks_are_derivatives(forward, ratio, volatility, years, rate, side):
    strike, step = forward * ratio, 1e-4
    here = black76.greeks(forward, strike, volatility, years, side, rate)

    def slope(name, **moved):
        arguments = {"forward": forward, "volatility": volatility, "years": years, "rate": rate}
        ((key, width),) = moved.items()
        up, down = (
            getattr(black76.greeks(strike=strike, side=side, **arguments | {key: arguments[key] + sign * width}), name)
            for sign in (1, -1)
        )
        return float(up - down) / (2 * width)

    deviation = volatility * years**0.5
    curve = step**2 * (1 + 1 / deviation**4)
    for derivative, of, moved, unit in (
        ("delta", "price", {"forward": step * forward}, 1.0),
        ("gamma", "delta", {"forward": step * forward}, 1.0 / forward),
        ("vega", "price", {"volatility": step * volatility}, forward),
        ("rho", "price", {"rate": step}, forward),
        ("vanna", "vega", {"forward": step * forward}, 1.0),
        ("volga", "vega", {"volatility": step * volatility}, forward / volatility),
    ):
        wanted = float(getattr(here, derivative))
        assert slope(of, **moved) == pytest.approx(wanted, rel=1e-4, abs=(curve * 30 + 1e-8) * unit), derivative
    assert -slope("price", years=step * years) == pytest.approx(
        float(here.theta), rel=1e-4, abs=(curve * 30 + 1e-8) * forward / years
    )


def test_limits():
    strikes = [0.5, 1.0, 2.0]
    call, put = (black76.greeks(1.0, strikes, 0.0, 1.0, side) for side in Side)
    assert call.price.tolist() == [0.5, 0.0, 0.0]
    assert put.price.tolist() == [0.0, 0.0, 1.0]
    assert call.delta.tolist() == pytest.approx([1.0, 0.5, 0.0], abs=2e-16)
    assert put.delta.tolist() == pytest.approx([0.0, -0.5, -1.0], abs=2e-16)
    assert call.vega[[0, 2]].tolist() == [0.0, 0.0]
    for name in ("gamma", "theta", "vanna", "volga"):
        assert getattr(call, name).tolist() == [0.0, 0.0, 0.0]
    assert black76.price(3.0, 2.0, 1000.0, 1.0, Side.CALL) == 3.0
    assert black76.price(3.0, 2.0, 1000.0, 1.0, Side.PUT) == 2.0
    assert black76.price(1.0, 2.0, 0.5, 0.0, Side.PUT) == 1.0


@pytest.mark.parametrize(
    ("forward", "strike", "volatility", "years"),
    [
        (-1.0, 1.0, 0.1, 1.0),
        (1.0, 0.0, 0.1, 1.0),
        (1.0, 1.0, -0.1, 1.0),
        (np.nan, 1, 1, 1),
        (1, np.inf, 1, 1),
        (1, 1, 1, -1),
    ],
)
def test_arguments_outside_the_domain_give_nan(forward, strike, volatility, years):
    result = black76.greeks(forward, strike, volatility, years, Side.CALL)
    assert all(np.isnan(getattr(result, name)) for name in GREEKS)


def test_sides_broadcast_with_the_rest():
    both = black76.price(3000.0, [[2500.0], [3500.0]], 0.6, 0.25, [Side.CALL, Side.PUT])
    assert both.shape == (2, 2)
    assert both[0, 0] - both[0, 1] == pytest.approx(500.0, abs=1e-12)


def test_implied_volatility_returns(domain):
    strike, volatility, years = domain
    for side, out in ((Side.CALL, strike >= 1), (Side.PUT, strike <= 1)):
        price = black76.price(1.0, strike, volatility, years, side)
        good = out & (price > 1e-280)
        got = implied_volatility(price, 1.0, strike, years, side)
        assert np.max(np.abs(got.volatility[good] / volatility[good] - 1)) < 1e-12
        assert not got.status[good].any()


def test_implied_volatility_in_the_money_is_as_good_as_the_price_allows(domain):
    strike, volatility, years = domain
    call = black76.greeks(1.0, strike, volatility, years, Side.CALL)
    good = (strike < 1) & (call.vega > 1e-6)
    got = implied_volatility(call.price, 1.0, strike, years, Side.CALL).volatility[good]
    assert np.max(np.abs(got - volatility[good]) * call.vega[good]) < 1e-15


def test_implied_volatility_of_far_options_and_of_prices_near_their_bound():
    """Deviations to 28, with forward and strike up to e^170 apart."""
    rng = np.random.default_rng(3)
    deviation = np.exp(rng.uniform(np.log(1e-4), np.log(28), 50_000))
    strike = np.exp(rng.uniform(-6, 6, deviation.size) * deviation)
    side = (strike < 1).astype(np.int8)
    option = black76.greeks(1.0, strike, deviation, 1.0, side)
    least = np.minimum(1.0, strike)
    known = option.price < least * (1 - 1e-9)
    got = implied_volatility(option.price, 1.0, strike, 1.0, side)
    assert set(np.unique(got.status)) <= {ImpliedStatus.FOUND, ImpliedStatus.NOT_BELOW_BOUND}
    assert not got.status[known].any()
    # a relative error of one place in the price moves the volatility by so much
    condition = np.maximum(option.price / (option.vega * deviation), 1.0)[known]
    assert np.max(np.abs(got.volatility[known] / deviation[known] - 1) / condition) < 1e-13


def test_implied_volatility_with_a_discount():
    for side in Side:
        price = black76.price(3000.0, 2500.0, 0.8, 0.25, side)
        got = implied_volatility(0.98 * price, 3000.0, 2500.0, 0.25, side, 0.98)
        assert got.volatility == pytest.approx(0.8, rel=1e-13)


@pytest.mark.parametrize(
    ("price", "forward", "side", "status"),
    [
        (0.0, 1.0, Side.CALL, ImpliedStatus.NOT_ABOVE_INTRINSIC),
        (-1.0, 1.0, Side.CALL, ImpliedStatus.NOT_ABOVE_INTRINSIC),
        (1.0, 1.0, Side.CALL, ImpliedStatus.NOT_BELOW_BOUND),
        (2.0, 1.0, Side.CALL, ImpliedStatus.NOT_BELOW_BOUND),
        (0.5, 1.0, Side.PUT, ImpliedStatus.NOT_ABOVE_INTRINSIC),
        (1.5, 1.0, Side.PUT, ImpliedStatus.NOT_BELOW_BOUND),
        (np.nan, 1.0, Side.PUT, ImpliedStatus.BAD_INPUT),
        (np.inf, 1.0, Side.PUT, ImpliedStatus.BAD_INPUT),
        (0.1, 0.0, Side.CALL, ImpliedStatus.BAD_INPUT),
        (0.1, np.inf, Side.CALL, ImpliedStatus.BAD_INPUT),
    ],
)
def test_a_price_that_no_volatility_gives_is_nan_and_says_why(price, forward, side, status):
    got = implied_volatility(price, forward, 1.5, 1.0, side)
    assert np.isnan(got.volatility)
    assert got.status == status


def test_one_bad_price_does_not_spoil_the_others():
    got = implied_volatility([0.0, 0.1, np.nan], 1.0, 1.1, 0.5, Side.CALL)
    assert got.status.tolist() == [ImpliedStatus.NOT_ABOVE_INTRINSIC, ImpliedStatus.FOUND, ImpliedStatus.BAD_INPUT]
    assert np.isfinite(got.volatility).tolist() == [False, True, False]


@given(st.floats(-18, 18), st.floats(1e-4, 8.0))
def test_implied_volatility_from_anywhere(log_ratio, deviation):
    """From prices of 1e-300 to almost the bound, over 7 orders of moneyness on each side."""
    strike = float(np.exp(log_ratio))
    side = Side.CALL if strike >= 1 else Side.PUT
    option = black76.greeks(1.0, strike, deviation, 1.0, side)
    price, vega, least = float(option.price), float(option.vega), min(1.0, strike)
    if not 1e-290 < price < least:
        return
    got = float(implied_volatility(price, 1.0, strike, 1.0, side).volatility)
    assert abs(got - deviation) * vega <= 1e-12 * price


def test_agrees_with_quantlib():
    ql = pytest.importorskip("QuantLib")
    kinds = {Side.CALL: ql.Option.Call, Side.PUT: ql.Option.Put}
    for strike in (50.0, 95.0, 100.0, 130.0, 400.0):
        for deviation in (0.02, 0.3, 1.5):
            for side, kind in kinds.items():
                wanted = ql.blackFormula(kind, strike, 100.0, deviation)
                assert black76.price(100.0, strike, deviation, 1.0, side) == pytest.approx(wanted, abs=2e-13)
    for side, strike in ((Side.CALL, 130.0), (Side.CALL, 100.0), (Side.PUT, 80.0)):
        price = ql.blackFormula(kinds[side], strike, 100.0, 0.4)
        theirs = ql.blackFormulaImpliedStdDev(kinds[side], strike, 100.0, price, 1.0, 0.0, 0.4, 1e-14, 200)
        assert implied_volatility(price, 100.0, strike, 1.0, side).volatility == pytest.approx(theirs, rel=1e-9)


def test_agrees_with_py_vollib():
    black = pytest.importorskip("py_vollib.black")
    analytical = pytest.importorskip("py_vollib.black.greeks.analytical")
    for strike in (70.0, 100.0, 140.0):
        for side in Side:
            flag = side.letter.lower()
            got = black76.greeks(100.0, strike, 0.6, 0.5, side, 0.05)
            assert got.price == pytest.approx(black.black(flag, 100.0, strike, 0.5, 0.05, 0.6), rel=1e-12)
            assert got.delta == pytest.approx(analytical.delta(flag, 100.0, strike, 0.5, 0.05, 0.6), rel=1e-10)
            assert got.gamma == pytest.approx(analytical.gamma(flag, 100.0, strike, 0.5, 0.05, 0.6), rel=1e-10)
            # theirs is per point of volatility
            assert got.vega == pytest.approx(100 * analytical.vega(flag, 100.0, strike, 0.5, 0.05, 0.6), rel=1e-10)
