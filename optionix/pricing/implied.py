"""Implied volatility: Black-76 inverted, vectorised, to the last places that a price knows.

Let p be the price of the option out of the money in units of ``sqrt(F K)``, ``a = |ln(F / K)|`` and s the square root
of total variance. Householder's rule of third order on ``ln p(s)`` (above half of the bound, on the logarithm of what
is missing to it) reaches the last place in one step from a start within 3e-4, and in two from one within a tenth. The
start is the normal model's: its price depends on ``distance / deviation`` alone, whose inverse is one fitted curve, and
the lognormal deviation follows from the normal one by a short series (at the money that of the inverse error function).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from optionix.instruments import Side
from optionix.pricing.black76 import log_moneyness, tails
from optionix.pricing.compiled import common_shape, flat, kernel
from optionix.pricing.mills import polynomial

Floats = NDArray[np.float64]

_INVERSE_ROOT_TWO_PI = 1.0 / math.sqrt(2.0 * math.pi)
_ROOT_TWO_PI = math.sqrt(2.0 * math.pi)
_MAX_STEPS = 64
_CLOSE = 3e-4
"""A step of fourth order that is this small (relative) was the last that is needed."""
_UPPER = 0.5
"""From this share of its bound on, a price is solved for what is missing to the bound."""
_NORMAL_NUMERATOR = (0.008167776925288013, 0.04566534584685403, 0.282122100114478, 0.9945847715253175)
_NORMAL_DENOMINATOR = (0.00427897764899519, 0.052522625246603484, 0.2355285070807331, 1.7782305812620878, 1.0)
_NORMAL_LAST = 3.171109939629608e-05
"""The normal model's inverse: ``m^2 = u^2 n(u) / d(u)`` with ``u = ln(1 + 0.4 distance / price)``. n and d are these,
by falling power, and the last coefficient leads n and, halved, d, as ``m^2 -> 2 u`` demands (fitted by
scripts/vectors/normal_start.py). Within 1.2e-4 for m to 36.
"""
_MIXED = -3.03e-4
"""The one fitted factor, of ``s^2 a^2``, by which the lognormal deviation differs from the normal one."""


class ImpliedStatus(IntEnum):
    """Why there is no volatility, or that there is one."""

    FOUND = 0
    NOT_ABOVE_INTRINSIC = 1
    NOT_BELOW_BOUND = 2
    BAD_INPUT = 3
    """A number that is not finite, or not positive where it must be."""


@dataclass(frozen=True, slots=True)
class ImpliedVolatility:
    """Volatilities and how each came out; arrays of one shape.

    Attributes
    ----------
    volatility : annual, 1.0 = 100 %; nan where there is none.
    status : `ImpliedStatus` as int8.
    """

    volatility: Floats
    status: NDArray[np.int8]


def implied_volatility(
    price: ArrayLike,
    forward: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    side: Side | ArrayLike,
    discount: ArrayLike = 1.0,
) -> ImpliedVolatility:
    """Annual volatility at which the discounted Black-76 price equals `price`; all arguments broadcast, none raises.

    Parameters
    ----------
    price : discounted price, in the unit of forward and strike (for a premium in base, times spot).
    forward, strike : positive.
    years : time to expiry, positive.
    side : `Side`, or an array of its numbers (0 call, 1 put).
    discount : discount factor of the price, positive.
    """
    shape = common_shape(price, forward, strike, years, side, discount)
    numbers = (flat(shape, value, np.float64) for value in (price, forward, strike, years, discount))
    found = np.empty(math.prod(shape))
    status = np.empty(found.size, dtype=np.int8)
    _implied(found, status, flat(shape, side, np.int8), *numbers)
    return ImpliedVolatility(found.reshape(shape), status.reshape(shape))


@kernel
def _start(p: float, a: float, distance: float) -> float:
    """A first s, within 3e-4 up to s = 0.8 and within a tenth up to half of the bound."""
    if distance <= 1e-6 * p:
        s = p * _ROOT_TWO_PI
    else:
        u = math.log1p(0.4 * distance / p)
        numerator = polynomial(_NORMAL_NUMERATOR, u) + _NORMAL_LAST * u**4
        denominator = polynomial(_NORMAL_DENOMINATOR, u) + 0.5 * _NORMAL_LAST * u**5
        s = a / (u * math.sqrt(numerator / denominator))
    q = s * s
    return s * (1.0 + q * max(0.0, (1 / 24) + q * (7 / 1920) + _MIXED * a * a))


@kernel
def _deviation(p: float, a: float, start: float, missing: float) -> float:
    """s at which the price is p, or at which `missing` (positive in the upper half) is what lacks to its bound."""
    s = start
    low, high = 0.0, math.inf
    upper = missing > 0.0
    target = math.log(missing) if upper else math.log(p)
    bound = math.exp(-0.5 * a)
    for _ in range(_MAX_STEPS):
        h = 0.5 * s
        inverse = 1.0 / s
        m = a * inverse
        density = math.exp(-0.5 * (m * m + h * h)) * _INVERSE_ROOT_TWO_PI
        value, near, far = tails(m, h)
        # In units of the density: the value sought, whose slope is 1 (or -1), and how the density itself changes.
        if upper:
            value = bound / density - value if value == value else near + far
            sign = -1.0
        else:
            if value != value:
                value = bound / density - (near + far)
            sign = 1.0
        newton = -sign * value * (math.log(value * density) - target)
        slope = sign / value
        q = m * inverse
        bend = m * q - 0.25 * s
        second = bend - slope
        third = bend * bend - 3.0 * q * q - 0.25 + slope * (2.0 * slope - 3.0 * bend)
        step = newton * (1.0 + 0.5 * newton * second) / (1.0 + newton * (second + newton * third * (1 / 6)))
        moved = s + step
        if newton > 0.0:
            low = s
        else:
            high = s
        step = newton * (1.0 + 0.5 * newton * second) / (1.0 + newton * (second + newton * third / 6.0))
        moved = s + step
        # nan, too, fails the first comparison
        if not low <= moved <= high:
            moved = 0.5 * (low + high) if high < math.inf else 2.0 * s
        done = abs(moved - s) < _CLOSE * s
        s = moved
        if done:
            return s
    return math.nan


@kernel
def _implied(
    found: Floats,
    status: NDArray[np.int8],
    side: NDArray[np.int8],
    price: Floats,
    forward: Floats,
    strike: Floats,
    years: Floats,
    discount: Floats,
) -> None:
    for i in range(price.size):
        P, F, K, T, D = price[i], forward[i], strike[i], years[i], discount[i]
        found[i] = math.nan
        finite = abs(P) < math.inf and math.inf > F and math.inf > K and math.inf > T and math.inf > D
        if not (finite and F > 0.0 and K > 0.0 and T > 0.0 and D > 0.0):
            status[i] = 3
            continue
        value = P / D
        if (side[i] == 0) != (F <= K):
            value -= abs(F - K)
        if not value > 0.0:
            status[i] = 1
            continue
        least = min(F, K)
        if not value < least:
            status[i] = 2
            continue
        middle = math.sqrt(F) * math.sqrt(K)
        p, a, distance = value / middle, abs(log_moneyness(F, K)), abs(F - K) / middle
        if value < _UPPER * least:
            # From the inflection, s = sqrt(2 a), the rule falls to any smaller s: a far start goes there.
            s = _deviation(p, a, min(_start(p, a, distance), max(1.5, math.sqrt(2.0 * a))), 0.0)
        else:
            missing = (least - value) / least
            # N(-d1) + N(-d2) e^-a lies between one tail and two: 2 N(-s / 2) is in the middle where a is small.
            start = 2.0 * math.sqrt(-2.0 * math.log(0.5 * missing)) + math.sqrt(2.0 * a)
            s = _deviation(p, a, start, missing * math.exp(-0.5 * a))
        found[i] = s / math.sqrt(T)
        status[i] = 0
