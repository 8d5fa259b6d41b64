"""Implied volatility: Black-76 inverted, vectorised.

The option out of the money, in units of the smaller of forward and strike, is ``b(s) = N(d1) - e^a N(d2)`` with
``a = |ln(F / K)|``, ``d1 = -a / s + s / 2`` and ``d2 = d1 - s``; it rises from 0 to 1. Below the inflection
``s = sqrt(2 a)`` ``ln b`` is nearly linear in ``1 / s^2``, above it the normal quantile of b nearly linear in s:
Newton's rule in those variables, kept inside a bracket, takes a handful of steps from anywhere.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import erfcx, ndtr, ndtri

from optionix.instruments import Side

Floats = NDArray[np.float64]

MAX_DEVIATION = 60.0
"""The largest square root of total variance searched: prices are at their bound far below it."""

_MAX_STEPS = 80
_TOLERANCE = 4e-16
_ROOT_HALF = np.sqrt(0.5)
_LOG_HALF = np.log(0.5)


def implied_volatility(
    price: ArrayLike, forward: ArrayLike, strike: ArrayLike, years: ArrayLike, side: Side, discount: ArrayLike = 1.0
) -> Floats:
    """Annual volatility at which the discounted Black-76 price equals `price`; all arguments broadcast.

    Parameters
    ----------
    price : discounted price, in the unit of forward and strike (for a premium in base, times spot).
    forward, strike : positive.
    years : time to expiry, positive.
    side : call or put.
    discount : discount factor of the price.

    Returns
    -------
    Volatility, 1.0 = 100 %; nan where there is none: a price at or below the discounted intrinsic value, at or above
    its bound, or an argument outside its domain.
    """
    P, F, K, T, D = np.broadcast_arrays(
        *(np.asarray(v, dtype=np.float64) for v in (price, forward, strike, years, discount))
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        intrinsic = np.maximum(F - K, 0.0) if side is Side.CALL else np.maximum(K - F, 0.0)
        b = (P / D - intrinsic) / np.minimum(F, K)
        a = np.abs(np.log(F / K))
        valid = (F > 0.0) & (K > 0.0) & (T > 0.0) & (D > 0.0) & (b > 0.0) & (b < 1.0)
    result = np.full(b.shape, np.nan)
    result[valid] = _deviation(b[valid], a[valid]) / np.sqrt(T[valid])
    return result


def _deviation(b: Floats, a: Floats) -> Floats:
    """s with b(s) = b, for 0 < b < 1 and a >= 0, one-dimensional arrays."""
    inflection = np.sqrt(2.0 * a)
    with np.errstate(divide="ignore", invalid="ignore"):
        lower = (a > 0.0) & (np.log(b) < _log_price(inflection, a))
    s = np.where(lower, inflection, np.maximum(inflection, 2.0 * ndtri(0.5 + 0.5 * b)))
    s = np.clip(s, 1e-12, MAX_DEVIATION)
    low = np.where(lower, 0.0, inflection)
    high = np.where(lower, inflection, MAX_DEVIATION)
    active = np.ones(b.shape, dtype=bool)
    for _ in range(_MAX_STEPS):
        i = np.flatnonzero(active)
        if i.size == 0:
            break
        below, step = _newton(s[i], a[i], b[i], lower[i])
        low[i] = np.where(below, s[i], low[i])
        high[i] = np.where(below, high[i], s[i])
        outside = ~((step > low[i]) & (step < high[i]))
        step = np.where(outside, 0.5 * (low[i] + high[i]), step)
        active[i] = np.abs(step - s[i]) > _TOLERANCE * s[i]
        s[i] = step
    return s


def _newton(s: Floats, a: Floats, b: Floats, lower: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], Floats]:
    """Whether b(s) is below the price, and Newton's next s in the variable of each side of the inflection."""
    with np.errstate(all="ignore"):
        d1 = -a / s + 0.5 * s
        density = np.exp(-0.5 * d1 * d1) / np.sqrt(2.0 * np.pi)
        log_price = _log_price(s, a)
        log_gap = log_price - np.log(b)
        # d ln b / d(s^-2) = -(s^3 / 2) density / b
        inverse_square = s**-2 + log_gap / (0.5 * s**3 * np.exp(-0.5 * d1 * d1 - log_price) / np.sqrt(2.0 * np.pi))
        lower_step = np.where(inverse_square > 0.0, inverse_square, np.nan) ** -0.5
        # 1 - b(s), free of cancellation, and the quantile y with N(-y) = (1 - b) / 2
        complement = ndtr(-d1) + np.exp(a) * ndtr(d1 - s)
        y, y_target = -ndtri(0.5 * complement), -ndtri(0.5 * (1.0 - b))
        slope = 0.5 * density * np.sqrt(2.0 * np.pi) * np.exp(0.5 * y * y)
        upper_step = s + (y_target - y) / slope
    return np.where(lower, log_gap < 0.0, y < y_target), np.where(lower, lower_step, upper_step)


def _log_price(s: Floats, a: Floats) -> Floats:
    """ln b(s) up to the inflection, where d1 and d2 are negative: ln(phi(d1) (R(-d1) - R(-d2))), without underflow."""
    with np.errstate(all="ignore"):
        z1 = np.maximum(a / s - 0.5 * s, 0.0)
        return np.asarray(-0.5 * z1 * z1 + _LOG_HALF + np.log(erfcx(z1 * _ROOT_HALF) - erfcx((z1 + s) * _ROOT_HALF)))
