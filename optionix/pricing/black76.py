"""Black-76 prices and greeks, undiscounted, vectorised, from total variance.

With ``s = sqrt(total variance)``, ``d1 = ln(F / K) / s + s / 2`` and ``d2 = d1 - s``:
``call = F N(d1) - K N(d2)`` and ``put = K N(-d2) - F N(-d1)``. As in the contracts the option out of the money is
computed from the two upper tails, ``N(-z) = phi(z) R(z)`` with the Mills ratio R, and ``F phi(d1) = K phi(d2)``; the
other follows by parity. That keeps the relative error of a far option small, where subtracting two distribution values
would leave no digit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import erfcx

Floats = NDArray[np.float64]

_ROOT_HALF = np.sqrt(0.5)
_ROOT_HALF_PI = np.sqrt(0.5 * np.pi)
_INVERSE_ROOT_TWO_PI = 1.0 / np.sqrt(2.0 * np.pi)


@dataclass(frozen=True, slots=True)
class Greeks:
    """Undiscounted derivatives of a call, arrays of one shape.

    Attributes
    ----------
    call, put : undiscounted prices.
    delta : N(d1), by the forward; a put's is this minus one.
    gamma : second derivative by the forward, of call and put alike.
    vega_kernel : F phi(d1); times the square root of time it is the vega of call and put per 1.00 of volatility.
    d1, d2 : the usual arguments; infinite without variance.
    """

    call: Floats
    put: Floats
    delta: Floats
    gamma: Floats
    vega_kernel: Floats
    d1: Floats
    d2: Floats


def price(forward: ArrayLike, strike: ArrayLike, total_variance: ArrayLike) -> tuple[Floats, Floats]:
    """Undiscounted call and put; arguments broadcast.

    Parameters
    ----------
    forward, strike : positive, in one unit.
    total_variance : volatility squared times years, not negative. Zero gives the intrinsic values.

    Returns
    -------
    call, put : in the unit of forward and strike; nan where an argument is not in its domain.
    """
    result = greeks(forward, strike, total_variance)
    return result.call, result.put


def greeks(forward: ArrayLike, strike: ArrayLike, total_variance: ArrayLike) -> Greeks:
    """Prices and undiscounted greeks; arguments as for `price`."""
    F, K, w = np.broadcast_arrays(
        np.asarray(forward, dtype=np.float64),
        np.asarray(strike, dtype=np.float64),
        np.asarray(total_variance, dtype=np.float64),
    )
    with np.errstate(divide="ignore", invalid="ignore", over="ignore", under="ignore"):
        x = _log_ratio(F, K)
        s = np.sqrt(w)
        # At the money without variance d1 is 0 / 0, whose limit is 0: half a unit of delta.
        d2 = np.where((x == 0.0) & (s == 0.0), 0.0, x / s) - 0.5 * s
        d1 = d2 + s
        z1, z2 = np.abs(d1), np.abs(d2)
        nearest = np.minimum(z1, z2)
        density = np.where(z1 < z2, F, K) * np.exp(-0.5 * nearest * nearest) * _INVERSE_ROOT_TWO_PI
        tail1 = np.where(np.isinf(z1), 0.0, density * _mills(z1))
        tail2 = np.where(np.isinf(z2), 0.0, density * _mills(z2))
        put_out = np.maximum(tail2 - tail1, 0.0)
        call_out = np.maximum(tail1 - tail2, 0.0)
        # Without variance the tails at the money add to the price itself, which rounding must not miss.
        least = np.minimum(F, K)
        tails = np.where(s == 0.0, least, np.minimum(tail1 + tail2, least))
        call = np.where(d2 > 0.0, put_out + (F - K), np.where(d1 < 0.0, call_out, F - tails))
        put = np.where(d2 > 0.0, put_out, np.where(d1 < 0.0, call_out + (K - F), K - tails))
        share = tail1 / F
        delta = np.where(d1 > 0.0, 1.0 - share, share)
        gamma = np.where(density == 0.0, 0.0, density / (F * F * s))
        invalid = ~((F > 0.0) & (K > 0.0) & (w >= 0.0))
        blank = np.where(invalid, np.nan, 0.0)
    return Greeks(call + blank, put + blank, delta + blank, gamma + blank, density + blank, d1 + blank, d2 + blank)


def _mills(z: Floats) -> Floats:
    """R(z) = N(-z) / phi(z), z >= 0."""
    return np.asarray(erfcx(z * _ROOT_HALF) * _ROOT_HALF_PI)


def _log_ratio(F: Floats, K: Floats) -> Floats:
    """ln(F / K) with full relative precision near the money, where rounding the quotient would cost digits."""
    ratio = F / K
    near = np.abs(ratio - 1.0) < 0.25
    return np.where(near, np.log1p((F - K) / K), np.log(ratio))
