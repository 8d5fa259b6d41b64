"""Black-76 prices and seven greeks, vectorised, to the last places of a float over the whole domain.

With ``s = volatility sqrt(T)``, ``d1 = ln(F / K) / s + s / 2``, ``d2 = d1 - s`` and a discount ``D = exp(-rate T)``:
``call = D (F N(d1) - K N(d2))`` and ``put = D (K N(-d2) - F N(-d1))``. As in the contracts the option out of the money
is computed from the two upper tails, ``N(-z) = phi(z) R(z)`` with the Mills ratio R and ``F phi(d1) = K phi(d2)``; the
other follows by parity. With ``m = |ln(F / K)| / s`` and ``h = s / 2`` those tails are R(m - h) and R(m + h), and their
difference is taken as a series where h is small (`mills.mills_around`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from optionix.instruments import Side
from optionix.pricing.compiled import common_shape, flat, kernel
from optionix.pricing.mills import SERIES_END, mills, mills_around

Floats = NDArray[np.float64]

_INVERSE_ROOT_TWO_PI = 1.0 / math.sqrt(2.0 * math.pi)
_FARTHEST = 39.0
"""Beyond as many standard deviations even the smallest float is larger than a price."""


@dataclass(frozen=True, slots=True)
class Greeks:
    """Price and derivatives of options, arrays of one shape, all discounted.

    Attributes
    ----------
    price : in the unit of forward and strike.
    delta : by the forward; between 0 and D for a call, -D and 0 for a put.
    gamma : second derivative by the forward.
    vega : by volatility, per 1.00 (100 %).
    theta : by calendar time, per year: minus the derivative by the years left, the forward standing still.
    rho : by the rate, per 1.00, the forward standing still.
    vanna : of delta by volatility, which is that of vega by the forward.
    volga : of vega by volatility.
    """

    price: Floats
    delta: Floats
    gamma: Floats
    vega: Floats
    theta: Floats
    rho: Floats
    vanna: Floats
    volga: Floats


def price(
    forward: ArrayLike,
    strike: ArrayLike,
    volatility: ArrayLike,
    years: ArrayLike,
    side: Side | ArrayLike,
    rate: ArrayLike = 0.0,
) -> Floats:
    """Discounted price; arguments as for `greeks`."""
    return greeks(forward, strike, volatility, years, side, rate).price


def greeks(
    forward: ArrayLike,
    strike: ArrayLike,
    volatility: ArrayLike,
    years: ArrayLike,
    side: Side | ArrayLike,
    rate: ArrayLike = 0.0,
) -> Greeks:
    """Prices and greeks; all arguments broadcast.

    Parameters
    ----------
    forward, strike : positive, in one unit; their product must be a float, too.
    volatility : annual, 1.0 = 100 %, not negative.
    years : to expiry, not negative. Without volatility or time the price is the discounted intrinsic value.
    side : `Side`, or an array of its numbers (0 call, 1 put).
    rate : annual, continuously compounded, of the discount.

    Returns
    -------
    Arrays of the broadcast shape; nan where an argument is outside its domain.
    """
    shape = common_shape(forward, strike, volatility, years, side, rate)
    numbers = (flat(shape, value, np.float64) for value in (forward, strike, volatility, years, rate))
    out = np.empty((8, math.prod(shape)))
    _greeks(out, flat(shape, side, np.int8), *numbers)
    return Greeks(*(row.reshape(shape) for row in out))


@kernel
def log_moneyness(forward: float, strike: float) -> float:
    """ln(F / K) with full relative precision near the money, where rounding the quotient would cost digits."""
    inverse = 1.0 / strike
    ratio = forward * inverse
    return math.log1p((forward - strike) * inverse) if 0.5 < ratio < 2.0 else math.log(ratio)


@kernel
def tails(m: float, h: float) -> tuple[float, float, float]:
    """The option out of the money, in units of ``F phi(d1) = K phi(d2)``: its price, and R(m - h) and R(m + h).

    The price is nan where m < h and h is not small: there the two tails lie on both sides of the mean, and the price
    is the smaller of forward and strike less their sum, R(h - m) standing in the place of R(m - h).
    """
    if h < SERIES_END:
        even, odd = mills_around(m, h)
        return 2.0 * odd, even + odd, even - odd
    near, far = mills(abs(m - h)), mills(m + h)
    return (near - far if m >= h else math.nan), near, far


@kernel
def _greeks(
    out: Floats,
    side: NDArray[np.int8],
    forward: Floats,
    strike: Floats,
    volatility: Floats,
    years: Floats,
    rate: Floats,
) -> None:
    for i in range(forward.size):
        F, K, v, T = forward[i], strike[i], volatility[i], years[i]
        if not (F > 0.0 and K > 0.0 and v >= 0.0 and T >= 0.0 and math.inf > F and math.inf > K and math.inf > T):
            out[:, i] = math.nan
            continue
        # One reciprocal each of what is divided by, since a division takes as long as many products.
        root = math.sqrt(T)
        s = v * root
        per_s = 1.0 / s
        per_forward = 1.0 / F
        h = 0.5 * s
        x = log_moneyness(F, K)
        # At the money without variance d1 is 0 / 0, whose limit is 0: half a unit of delta.
        m = 0.0 if x == 0.0 else abs(x) * per_s
        call_is_out = F <= K
        if m < _FARTHEST or m < h:
            density = math.sqrt(F * K) * math.exp(-0.5 * (m * m + h * h)) * _INVERSE_ROOT_TWO_PI
            value, near, far = tails(m, h)
            if value == value:
                value *= density
                share = (near if call_is_out else far) * density * per_forward
            else:
                value = min(F, K) - density * (near + far)
                share = (near if call_is_out else far) * density * per_forward
                if call_is_out:
                    share = 1.0 - share
        else:
            density = value = share = 0.0
        is_call = side[i] == 0
        if call_is_out:
            delta = share if is_call else share - 1.0
            d1 = h - m
            if not is_call:
                value += K - F
        else:
            delta = 1.0 - share if is_call else -share
            d1 = h + m
            if is_call:
                value += F - K
        D = math.exp(-rate[i] * T) if rate[i] != 0.0 else 1.0
        value *= D
        density *= D
        vega = density * root
        out[0, i] = value
        out[1, i] = D * delta
        out[3, i] = vega
        out[5, i] = -T * value
        if density > 0.0 and s > 0.0:
            by_forward = density * per_forward
            by_volatility = (d1 - s) * root * per_s
            out[2, i] = by_forward * per_forward * per_s
            out[4, i] = rate[i] * value - 0.5 * density * v * v * per_s
            out[6, i] = -by_forward * by_volatility
            out[7, i] = vega * d1 * by_volatility
        else:
            out[2, i] = out[6, i] = out[7, i] = 0.0
            out[4, i] = rate[i] * value
