"""Model values and greeks of many options at once: the float twin of `contract.mark`.

With T the years left to expiry - 20 minutes (settlement is a 30-minute average, and that is its variance time):
``F = spot exp(carry T)``, ``D = exp(-max(carry, 0) T)``, ``w = w0(ln(K / F)) T / T0``; a call is worth
``D Black76(F, K, w).call / spot`` base and a put ``D Black76(F, K, w).put`` quote.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from optionix.instruments import Side
from optionix.pricing import black76
from optionix.pricing.contract import AVERAGING_SECONDS, YEAR
from optionix.pricing.ssvi import SsviSlice, total_variance

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Marks:
    """Values and greeks per contract, in the settlement asset (base for calls, quote for puts); arrays of one shape.

    Attributes
    ----------
    value : model value.
    value_quote : the same in quote (calls times spot).
    volatility : annual implied volatility at the strike.
    delta : of the forward, N(d1) for a call, N(d1) - 1 for a put.
    gamma : change of `delta` per unit of the forward.
    vega : change of `value` per 1.00 of annual volatility.
    theta : change of `value` per day, spot and slice standing still.
    forward : quote per base.
    seconds_left : to expiry - 20 minutes, not negative.
    """

    value: Floats
    value_quote: Floats
    volatility: Floats
    delta: Floats
    gamma: Floats
    vega: Floats
    theta: Floats
    forward: Floats
    seconds_left: Floats


def mark(
    spot: ArrayLike,
    strike: ArrayLike,
    side: Side,
    volatility_slice: SsviSlice,
    expiry: int,
    timestamp: ArrayLike,
    volatility_factor: ArrayLike = 1.0,
) -> Marks:
    """Value options of one side and expiry; `spot`, `strike`, `timestamp` and `volatility_factor` broadcast.

    Parameters
    ----------
    spot, strike : quote per base.
    side : call or put.
    volatility_slice : the slice of this expiry, with its report's time.
    expiry : seconds.
    timestamp : time of the value, seconds.
    volatility_factor : of the volatility at each standardised strike, which keeps the smile's form.

    Raises
    ------
    ValueError
        For a slice reported at or after its expiry.
    """
    if not 0 < volatility_slice.timestamp < expiry:
        raise ValueError(f"the slice's time {volatility_slice.timestamp} is not before its expiry {expiry}")
    shape = np.broadcast_shapes(np.shape(spot), np.shape(strike), np.shape(timestamp), np.shape(volatility_factor))
    S, K, at = (np.broadcast_to(np.asarray(value, dtype=np.float64), shape) for value in (spot, strike, timestamp))
    factor = np.asarray(volatility_factor, dtype=np.float64)
    left = np.maximum(expiry - AVERAGING_SECONDS - at, 0.0)
    T = left / YEAR
    years_reported = (expiry - volatility_slice.timestamp) / YEAR
    carry = volatility_slice.carry
    F = S * np.exp(carry * T)
    D = np.exp(-max(carry, 0.0) * T)
    k = np.log(K / F)
    theta, phi = volatility_slice.theta * factor**2, volatility_slice.phi / factor
    rate = total_variance(k, theta, phi, volatility_slice.rho) / years_reported
    volatility = np.sqrt(rate)
    result = black76.greeks(F, K, volatility, T, side)
    unit = D / S if side is Side.CALL else D
    return Marks(
        value=unit * result.price,
        value_quote=D * result.price,
        volatility=volatility,
        delta=result.delta,
        gamma=result.gamma,
        vega=unit * result.vega,
        theta=unit * _daily_decay(result, F, T, carry),
        forward=F,
        seconds_left=left,
    )


def _daily_decay(result: black76.Greeks, F: Floats, T: Floats, carry: float) -> Floats:
    """Change of D Black76 per day over D, the strike's volatility held: variance, the forward's carry, the discount."""
    growth = carry * F * result.delta - max(carry, 0.0) * result.price
    return np.where(T > 0.0, result.theta - growth, 0.0) / 365.0
