"""Option values with 50 digits (protocol, sections 4 and 6)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from mpmath import exp, log, mp, mpf, ncdf, npdf, sqrt

from .series import CALL, WAD

mp.dps = 50
YEAR = 365 * 86_400
AVERAGING = 1200
#: The contracts state their values within this share of one base (calls) or of the strike (puts).
STATED_ERROR = mpf(10) ** -16


@dataclass(frozen=True)
class Slice:
    """A volatility slice in the report's integer units."""

    theta: int
    phi: int
    rho: int
    carry: int
    timestamp: int


@dataclass(frozen=True)
class Price:
    """Per contract: value, vega and stated error in whole units of the settlement asset, delta of the forward."""

    value: mpf
    vega: mpf
    delta: mpf
    error: mpf


@lru_cache(maxsize=50_000)
def price(spot: int, strike: int, side: int, smile: Slice, expiry: int, now: int) -> Price:
    """Black-76 on the forward of a slice, time running to expiry - 20 minutes."""
    left = max(expiry - AVERAGING - now, 0)
    years = mpf(left) / YEAR
    carry = mpf(smile.carry) / 10**9
    s, k = mpf(spot) / WAD, mpf(strike) / WAD
    forward, discount = s * exp(carry * years), exp(-max(carry, mpf(0)) * years)
    m = log(k / forward)
    theta, phi, rho = mpf(smile.theta) / 10**16, mpf(smile.phi) / 10**15, mpf(smile.rho) / 10**12
    w0 = theta / 2 * (1 + rho * phi * m + sqrt((phi * m + rho) ** 2 + 1 - rho**2))
    w = w0 * left / (expiry - smile.timestamp)
    root = sqrt(w)
    if root == 0:
        n1 = mpf(1) if forward > k else mpf(1) / 2 if forward == k else mpf(0)
        call, put, kernel = max(forward - k, mpf(0)), max(k - forward, mpf(0)), mpf(0)
    else:
        d1 = -m / root + root / 2
        d2 = d1 - root
        n1 = ncdf(d1)
        call = forward * n1 - k * ncdf(d2)
        put = k * ncdf(-d2) - forward * ncdf(-d1)
        kernel = forward * npdf(d1)
    unit = discount / s if side == CALL else discount
    value = unit * (call if side == CALL else put)
    error = STATED_ERROR * (1 if side == CALL else k)
    return Price(value, unit * kernel * sqrt(years), n1 if side == CALL else n1 - 1, error)
