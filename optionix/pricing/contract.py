"""What the contracts compute, integer for integer (Black76.sol, Ssvi.sol, OptionPricing.sol).

Use this where a number must agree with the chain to the last unit: quotes in the API, the demonstration, audits. It is
plain Python over integers, some 30,000 marks a second; `marks` is the vectorised float twin.
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
_INVERSE_ROOT_TWO_PI = 0x662114CF50D942343F2CF140
_THETA_ONE = 10**16
_PHI_ONE = 10**15
_RHO_ONE = 10**12
_CARRY_ONE = 10**9


class PricingError(ValueError):
    """Numbers that the contracts refuse to price."""


@dataclass(frozen=True, slots=True)
class Solution:
    """Undiscounted prices and what they were made of.

    Attributes
    ----------
    call, put : in the unit of forward and strike.
    d1 : X96.
    tail1 : F N(-|d1|), in the unit of forward and strike.
    density : F exp(-d1^2 / 2), X40 of that unit.
    """

    call: int
    put: int
    d1: int
    tail1: int
    density: int


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
    _require_in_range(forward, strike)
    solution = solve(forward, strike, ln_ratio(forward, strike), _deviation(variance))
    return solution.call, solution.put


def price_with_greeks(forward: int, strike: int, variance: int) -> tuple[int, int, int, int]:
    """Undiscounted call and put, N(d1), and the vega kernel F phi(d1), all WAD; errors as for `price`."""
    _require_in_range(forward, strike)
    return _greeks(solve(forward, strike, ln_ratio(forward, strike), _deviation(variance)), forward)


def solve(forward: int, strike: int, log_ratio: int, deviation: int) -> Solution:
    """Prices from ln(forward / strike) and the square root of total variance, both X96."""
    if deviation == 0:
        tail = forward >> 1 if forward == strike else 0
        return Solution(max(forward - strike, 0), max(strike - forward, 0), forward - strike, tail, 0)
    d2 = truncated(log_ratio << 96, deviation) - (deviation >> 1)
    d1 = d2 + deviation
    z1, z2 = abs(d1), abs(d2)
    tail1 = tail2 = density = 0
    z, scale = (z1, forward) if z1 < z2 else (z2, strike)
    if z < TAIL_END:
        mantissa, exponent = exp_negative(z * z >> 97)
        density = scale * mantissa >> exponent + 56
        numerator, denominator = mills(z1)
        tail1 = density * numerator // (denominator << 40)
        numerator, denominator = mills(z2)
        tail2 = density * numerator // (denominator << 40)
    if d2 > 0:
        put = max(tail2 - tail1, 0)
        return Solution(put + forward - strike, put, d1, tail1, density)
    if d1 < 0:
        call = max(tail1 - tail2, 0)
        return Solution(call, call + strike - forward, d1, tail1, density)
    tails = min(tail1 + tail2, forward, strike)
    return Solution(forward - tails, strike - tails, d1, tail1, density)


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
    _require_in_range(forward, strike)
    log_ratio = ln_ratio(forward, strike)
    parameters = (volatility_slice.theta, volatility_slice.phi, volatility_slice.rho)
    deviation = _deviation(total_variance(-log_ratio, *parameters, left, reported))
    call, put, delta, kernel = _greeks(solve(forward, strike, log_ratio, deviation), forward)
    if left == 0:
        vega = 0
        volatility = root(total_variance(-log_ratio, *parameters, YEAR, reported)) * WAD >> 64
    else:
        root_time = root((left << 192) // YEAR)
        volatility = deviation * WAD // root_time
        vega = kernel * root_time >> 96
    if side is Side.CALL:
        divisor = max(forward, spot)
        return Mark(min(call * WAD // divisor, WAD - 1), vega * WAD // divisor, delta, volatility, forward)
    return Mark(put * discount >> 96, vega * discount >> 96, delta - WAD, volatility, forward)


def _greeks(solution: Solution, forward: int) -> tuple[int, int, int, int]:
    delta = solution.tail1 * WAD // forward
    if solution.d1 > 0:
        delta = WAD - delta
    return solution.call, solution.put, delta, solution.density * _INVERSE_ROOT_TWO_PI >> 136


def _deviation(variance: int) -> int:
    return root(min(variance, _MAX_VARIANCE) << 64)


def _require_in_range(forward: int, strike: int) -> None:
    if max(forward, strike) >= _PRICE_LIMIT or forward >= strike << 30 or strike >= forward << 30:
        raise PricingError(
            f"forward {forward} and strike {strike} must be above 0, below 2^104, within 2^30 of each other"
        )
