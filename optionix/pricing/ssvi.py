"""SSVI volatility slices, as the contracts store and use them (contracts/libraries/Ssvi.sol).

``w0(k) = theta / 2 (1 + rho phi k + sqrt((phi k + rho)^2 + 1 - rho^2))`` is the total variance at log-moneyness
``k = ln(K / F)`` at the time of the report; at a later time it is scaled by time left over time reported. Source:
Gatheral and Jacquier, "Arbitrage-free SVI volatility surfaces" (2014).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

THETA_ONE = 10**16
PHI_ONE = 10**15
RHO_ONE = 10**12
CARRY_ONE = 10**9

Floats = NDArray[np.float64]


class SliceError(ValueError):
    """Parameters that a stored slice cannot hold."""


@dataclass(frozen=True, slots=True)
class PackedSlice:
    """A slice in the integer units that the contracts store.

    Attributes
    ----------
    theta : at-the-money total variance at the report's time, units of 1e-16 (uint64).
    phi : curvature, units of 1e-15 (uint64).
    rho : correlation, units of 1e-12 (int48).
    carry : annual carry of the forward, units of 1e-9 (int40).
    timestamp : the report's time, seconds; zero means no slice.
    """

    theta: int
    phi: int
    rho: int
    carry: int
    timestamp: int

    def __post_init__(self) -> None:
        fields = (
            ("theta", 0, 64),
            ("phi", 0, 64),
            ("rho", -(1 << 47), 47),
            ("carry", -(1 << 39), 39),
            ("timestamp", 0, 40),
        )
        for name, low, bits in fields:
            value = getattr(self, name)
            if not low <= value < 1 << bits:
                raise SliceError(f"{name} {value} does not fit in a stored slice ({low} to 2^{bits} - 1)")

    def unpack(self) -> SsviSlice:
        """The same slice as floats."""
        return SsviSlice(
            self.theta / THETA_ONE, self.phi / PHI_ONE, self.rho / RHO_ONE, self.carry / CARRY_ONE, self.timestamp
        )


@dataclass(frozen=True, slots=True)
class SsviSlice:
    """A slice as floats.

    Attributes
    ----------
    theta : at-the-money total variance at the report's time.
    phi : curvature.
    rho : correlation, within (-1, 1).
    carry : annual carry of the forward.
    timestamp : the report's time, seconds.
    """

    theta: float
    phi: float
    rho: float
    carry: float = 0.0
    timestamp: int = 0

    def pack(self) -> PackedSlice:
        """Rounded to the contracts' units, phi downwards so that rounding breaks no butterfly condition.

        Raises
        ------
        SliceError
            When a parameter does not fit its field.
        """
        return PackedSlice(
            theta=round(self.theta * THETA_ONE),
            phi=int(self.phi * PHI_ONE),
            rho=round(self.rho * RHO_ONE),
            carry=round(self.carry * CARRY_ONE),
            timestamp=self.timestamp,
        )

    def total_variance(self, k: ArrayLike) -> Floats:
        """Total variance at the report's time, at log-moneyness `k` of any shape."""
        return total_variance(k, self.theta, self.phi, self.rho)


def total_variance(k: ArrayLike, theta: ArrayLike, phi: ArrayLike, rho: ArrayLike) -> Floats:
    """w0(k); all arguments broadcast.

    Parameters
    ----------
    k : log-moneyness ln(K / F).
    theta : at-the-money total variance.
    phi : curvature.
    rho : correlation.
    """
    x = np.multiply(phi, k, dtype=np.float64)
    r = np.asarray(rho, dtype=np.float64)
    root = np.hypot(x + r, np.sqrt(1.0 - r * r))
    # Where 1 + rho x is negative the sum cancels, its conjugate does not: root^2 - (1 + rho x)^2 = x^2 (1 - rho^2).
    line = 1.0 + r * x
    with np.errstate(divide="ignore", invalid="ignore"):
        conjugate = x * x * (1.0 - r * r) / (root - line)
    shape = np.where(line >= 0.0, line + root, conjugate)
    return np.asarray(0.5 * np.asarray(theta, dtype=np.float64) * shape)


def volatility(k: ArrayLike, theta: ArrayLike, phi: ArrayLike, rho: ArrayLike, years: ArrayLike) -> Floats:
    """Annual implied volatility at log-moneyness `k`, `years` from the report to expiry."""
    return np.asarray(np.sqrt(total_variance(k, theta, phi, rho) / np.asarray(years, dtype=np.float64)))


def is_butterfly_free(theta: int, phi: int, rho: int) -> bool:
    """The contracts' sufficient conditions on a slice (integer units): theta, phi > 0, |rho| < 1,
    theta phi (1 + |rho|) < 4 and theta phi^2 (1 + |rho|) <= 4. Exact.
    """
    if theta <= 0 or phi <= 0 or abs(rho) >= RHO_ONE:
        return False
    wing = theta * phi * (RHO_ONE + abs(rho))
    return wing < 4 * THETA_ONE * PHI_ONE * RHO_ONE and wing * phi <= 4 * THETA_ONE * PHI_ONE**2 * RHO_ONE


def is_calendar_free(near: PackedSlice, near_expiry: int, far: PackedSlice, far_expiry: int, at: int) -> bool:
    """Whether the far slice lies above the near one at every strike (Hendriks and Martini, sufficient), at time `at`.

    Both are scaled to one time, theta counting as theta * left / reported. Exact. Once true it stays true: the near
    slice decays faster.

    Parameters
    ----------
    near, far : slices of one market.
    near_expiry, far_expiry : seconds, `near_expiry` first.
    at : the common time, seconds, before `near_expiry`.
    """
    if far.phi > near.phi:
        return False
    level_near = near.theta * (near_expiry - at) * (far_expiry - far.timestamp)
    level_far = far.theta * (far_expiry - at) * (near_expiry - near.timestamp)
    if level_far < level_near:
        return False
    level_near *= near.phi
    level_far *= far.phi
    return level_far * (RHO_ONE + far.rho) >= level_near * (RHO_ONE + near.rho) and level_far * (
        RHO_ONE - far.rho
    ) >= level_near * (RHO_ONE - near.rho)
