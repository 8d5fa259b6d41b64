"""What the contracts compute, integer for integer (Black76.sol, Ssvi.sol, OptionPricing.sol).

Use this where a number must agree with the chain to the last unit: quotes in the API, the demonstration, audits. It is
plain Python over integers, tens of thousands of marks a second; `marks` is the vectorised float twin.
"""

from __future__ import annotations

from dataclasses import dataclass

from optionix.instruments import Side
from optionix.pricing.fixed_point import TAIL_END, WAD, X96, exp_negative, ln_ratio, mills, root, truncated
from optionix.pricing.ssvi import PackedSlice

AVERAGING_SECONDS = 1200
"""The settlement average's variance ends this long before expiry."""
YEAR = 365 * 86_400
"""A year of pricing, seconds."""

_PRICE_LIMIT = 1 << 104
_MAX_VARIANCE = 1 << 142
_MAX_DEVIATION = 128 << 96
"""Beyond it no price changes, X96."""
_INVERSE_ROOT_TWO_PI = 0x662114CF50D942343F2CF140
_THETA_ONE = 10**16
_PHI_ONE = 10**15
_RHO_ONE = 10**12
_CARRY_ONE = 10**9


class PricingError(ValueError):
    """Numbers that the contracts refuse to price."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One contract's model value.

    Attributes
    ----------
    value : WAD of the settlement asset: base (below 1) for a call, quote for a put; rounded down.
    vega : change of the value per 1.00 of annual volatility, WAD of the settlement asset.
    delta : of the forward, WAD: N(d1) for a call, N(d1) - 1 for a put.
    volatility : annual volatility at the strike, WAD.
    forward : quote per base, WAD.
    """

    value: int
    vega: int
    delta: int
    volatility: int
    forward: int


def price(forward: int, strike: int, variance: int) -> tuple[int, int]:
    """Undiscounted call and put, WAD, from total variance (X128).

    Raises
    ------
    PricingError
        When forward or strike is zero, 2^104 or more, or they are more than 2^30 times apart.
    """
    call, put, _, _ = price_with_greeks(forward, strike, variance)
    return call, put


def price_with_greeks(forward: int, strike: int, variance: int) -> tuple[int, int, int, int]:
    """Undiscounted call and put, N(d1), and the vega kernel F phi(d1), all WAD; errors as for `price`."""
    least, most = _sorted(forward, strike)
    return _prices(forward, strike, *solve(least, ln_ratio(most, least), _deviation(variance)))


def solve(least: int, log_ratio: int, deviation: int) -> tuple[int, int, int]:
    """The two halves of the option out of the money and the density behind them (see Black76.sol).

    Parameters
    ----------
    least : the smaller of forward and strike.
    log_ratio : between the larger and the smaller, X96.
    deviation : square root of total variance, X96.

    Returns
    -------
    near, far, density : `near - far` is the option out of the money, in the unit of `least`; density X40 of it.
    """
    if deviation == 0:
        half = least >> 1 if log_ratio == 0 else 0
        return half, half, 0
    m, h = (log_ratio << 96) // deviation, deviation >> 1
    z = abs(m - h)
    near = far = density = 0
    if z < TAIL_END:
        mantissa, exponent = exp_negative(z * z >> 97)
        density = least * mantissa >> exponent + 56
        numerator, denominator = mills(z)
        near = density * numerator // (denominator << 40)
        numerator, denominator = mills(m + h)
        far = density * numerator // (denominator << 40)
    return (least - near if h >= m else near), far, density


def total_variance(k: int, theta: int, phi: int, rho: int, seconds_left: int, seconds_reported: int) -> int:
    """w0(k) * left / reported, X128; k X96, parameters in a stored slice's units."""
    x = truncated(phi * k, _PHI_ONE)
    r = truncated(rho << 96, _RHO_ONE)
    shape = X96 + (r * x >> 96) + root((x + r) ** 2 + (1 << 192) - r * r)
    return (theta * shape * seconds_left << 32) // (2 * _THETA_ONE * seconds_reported)


def forward_of(spot: int, carry: int, left: int) -> tuple[int, int]:
    """The forward (WAD) and the quote's discount factor exp(-max(carry, 0) T) (X96); carry in 1e-9 a year."""
    if carry == 0 or left == 0:
        return spot, X96
    if spot >= _PRICE_LIMIT:
        raise PricingError(f"spot {spot} is at or above 2^104")
    mantissa, exponent = exp_negative((abs(carry) * left << 96) // (_CARRY_ONE * YEAR))
    mantissa >>= exponent
    if carry < 0:
        return spot * mantissa >> 96, X96
    return (spot << 96) // mantissa, mantissa


def mark(spot: int, strike: int, side: Side, volatility_slice: PackedSlice, expiry: int, timestamp: int) -> Mark:
    """Value, vega, delta and volatility of one contract at a time.

    Parameters
    ----------
    spot, strike : quote per base, WAD.
    side : call or put.
    volatility_slice : the stored slice of this expiry.
    expiry, timestamp : seconds.

    Raises
    ------
    PricingError
        As `price`; also for a slice without a report, or reported at or after its expiry.
    """
    if not 0 < volatility_slice.timestamp < expiry:
        raise PricingError(f"the slice's time {volatility_slice.timestamp} is not before its expiry {expiry}")
    reported = expiry - volatility_slice.timestamp
    left = max(expiry - AVERAGING_SECONDS - timestamp, 0)
    forward, discount = forward_of(spot, volatility_slice.carry, left)
    least, most = _sorted(forward, strike)
    log_ratio = ln_ratio(most, least)
    k = log_ratio if forward < strike else -log_ratio
    parameters = (volatility_slice.theta, volatility_slice.phi, volatility_slice.rho)
    deviation = _deviation(total_variance(k, *parameters, left, reported))
    call, put, delta, kernel = _prices(forward, strike, *solve(least, log_ratio, deviation))
    if left == 0:
        vega = 0
        volatility = root(total_variance(k, *parameters, YEAR, reported) << 64) * WAD >> 96
    else:
        root_time = root((left << 192) // YEAR)
        volatility = deviation * WAD // root_time
        vega = kernel * root_time >> 96
    if side is Side.CALL:
        divisor = max(forward, spot)
        return Mark(min(call * WAD // divisor, WAD - 1), vega * WAD // divisor, delta, volatility, forward)
    return Mark(put * discount >> 96, vega * discount >> 96, delta - WAD, volatility, forward)


def value_at_volatility(
    spot: int, strike: int, side: Side, volatility: int, carry: int, expiry: int, timestamp: int
) -> int:
    """The value of one contract at a volatility (WAD) and a carry of one's own, no slice taking part.

    Raises
    ------
    PricingError
        As `price`.
    """
    left = max(expiry - AVERAGING_SECONDS - timestamp, 0)
    forward, discount = forward_of(spot, carry, left)
    least, most = _sorted(forward, strike)
    deviation = min(volatility * root((left << 192) // YEAR) // WAD, _MAX_DEVIATION)
    call, put, _, _ = _prices(forward, strike, *solve(least, ln_ratio(most, least), deviation))
    if side is Side.CALL:
        return min(call * WAD // max(forward, spot), WAD - 1)
    return put * discount >> 96


def _prices(forward: int, strike: int, near: int, far: int, density: int) -> tuple[int, int, int, int]:
    value = max(near - far, 0)
    kernel = density * _INVERSE_ROOT_TWO_PI >> 136
    if forward < strike:
        return value, value + strike - forward, near * WAD // forward, kernel
    return value + forward - strike, value, WAD - far * WAD // forward, kernel


def _deviation(variance: int) -> int:
    return root(min(variance, _MAX_VARIANCE) << 64)


def _sorted(forward: int, strike: int) -> tuple[int, int]:
    least, most = min(forward, strike), max(forward, strike)
    if most >= _PRICE_LIMIT or most >= least << 30:
        raise PricingError(
            f"forward {forward} and strike {strike} must be in 1 .. 2^104 - 1 and within 2^30 of each other"
        )
    return least, most
