"""The formulas of protocol.md in 50 digits and in exact fractions: what the vectors under tests/vectors come from.

Nothing here is shared with the package or the contracts, so that agreement means something.
"""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor

from mpmath import erfc, exp, log, mp, mpf, nint, pi, sqrt

mp.dps = 50

WAD = mpf(10) ** 18
X96 = mpf(2) ** 96
X128 = mpf(2) ** 128
YEAR = 365 * 86_400


def normal_cdf(x: mpf) -> mpf:
    """N(x)."""
    return erfc(-x / sqrt(mpf(2))) / 2


def normal_density(x: mpf) -> mpf:
    """phi(x)."""
    return exp(-x * x / 2) / sqrt(2 * pi)


def black76(forward: mpf, strike: mpf, variance: mpf) -> tuple[mpf, mpf, mpf, mpf]:
    """Undiscounted call, put, N(d1) and F phi(d1)."""
    zero = mpf(0)
    if variance == 0:
        delta = mpf(1) if forward > strike else zero if forward < strike else mpf(1) / 2
        return max(forward - strike, zero), max(strike - forward, zero), delta, zero
    deviation = sqrt(variance)
    d1 = log(forward / strike) / deviation + deviation / 2
    d2 = d1 - deviation
    call = forward * normal_cdf(d1) - strike * normal_cdf(d2)
    put = strike * normal_cdf(-d2) - forward * normal_cdf(-d1)
    return call, put, normal_cdf(d1), forward * normal_density(d1)


def ssvi_variance(k: mpf, theta: int, phi: int, rho: int) -> mpf:
    """w0(k) from a stored slice's integers."""
    level, curvature, skew = mpf(theta) / 10**16, mpf(phi) / 10**15, mpf(rho) / 10**12
    x = curvature * k
    return level / 2 * (1 + skew * x + sqrt((x + skew) ** 2 + 1 - skew * skew))


def mark(
    spot: int, strike: int, is_put: bool, theta: int, phi: int, rho: int, carry: int, reported: int, left: int
) -> tuple[mpf, mpf, mpf, mpf]:
    """Value, vega, delta and volatility of one contract; prices and results as WAD, times in seconds.

    `reported` is expiry minus the report's time, `left` the time to expiry - 20 minutes.
    """
    years = mpf(left) / YEAR
    annual = mpf(carry) / 10**9
    forward = spot * exp(annual * years)
    discount = exp(-max(annual, mpf(0)) * years)
    k = log(strike / forward)
    start = ssvi_variance(k, theta, phi, rho)
    call, put, delta, kernel = black76(forward, mpf(strike), start * left / reported)
    unit = discount if is_put else discount * WAD / spot
    volatility = sqrt(start * YEAR / reported)
    value = unit * (put if is_put else call)
    return value, unit * kernel * sqrt(years), (delta - (1 if is_put else 0)) * WAD, volatility * WAD


def payoff(is_put: bool, strike: int, price: int) -> Fraction:
    """What one contract pays at a settlement price: base for a call, quote for a put. Strike and price in WAD."""
    if is_put:
        return Fraction(max(strike - price, 0), 10**18)
    return Fraction(max(price - strike, 0), price) if price else Fraction(0)


def book_value(is_put: bool, legs: list[tuple[int, int]], price: int) -> Fraction:
    """Exact value at a settlement price of legs (strike in 1e-8, amount in WAD), in the asset's natural unit."""
    total = sum((amount * payoff(is_put, strike * 10**10, price) for strike, amount in legs), Fraction(0))
    return total / 10**18


def book_required(is_put: bool, legs: list[tuple[int, int]], decimals: int) -> int:
    """Collateral in token units by looking at every strike, zero and infinity, rounded up at the end."""
    candidates = [book_value(is_put, legs, strike * 10**10) for strike, _ in legs] + [Fraction(0)]
    candidates.append(book_value(True, legs, 0) if is_put else Fraction(sum(amount for _, amount in legs), 10**18))
    units: int = 10**decimals
    return ceil(-min(candidates) * units)


def book_settlement(is_put: bool, legs: list[tuple[int, int]], price: int, decimals: int) -> int:
    """Value at settlement in token units, rounded down."""
    units: int = 10**decimals
    return floor(book_value(is_put, legs, price) * units)


def nearest(value: mpf) -> int:
    """Rounded to the nearest integer."""
    return int(nint(value))


def butterfly_free(theta: int, phi: int, rho: int) -> bool:
    """Gatheral and Jacquier's sufficient conditions, from a stored slice's integers."""
    level, curvature, skew = Fraction(theta, 10**16), Fraction(phi, 10**15), Fraction(rho, 10**12)
    if not (level > 0 and curvature > 0 and abs(skew) < 1):
        return False
    return level * curvature * (1 + abs(skew)) < 4 and level * curvature**2 * (1 + abs(skew)) <= 4


def calendar_free(pair: tuple[int, ...]) -> bool:
    """Hendriks and Martini's sufficient conditions for two slices scaled to one time, the near one first."""
    theta1, phi1, rho1, left1, reported1, theta2, phi2, rho2, left2, reported2 = pair
    level1, level2 = Fraction(theta1 * left1, reported1), Fraction(theta2 * left2, reported2)
    wings = all(level2 * phi2 * (10**12 + sign * rho2) >= level1 * phi1 * (10**12 + sign * rho1) for sign in (1, -1))
    return level2 >= level1 and wings and phi2 <= phi1
