"""Raw SVI, for analysis only: the chain stores SSVI slices, whose freedom from arbitrage is known in closed form.

``w(k) = a + b (rho (k - m) + sqrt((k - m)^2 + sigma^2))``. Source: Gatheral and Jacquier, "Arbitrage-free SVI
volatility surfaces" (2014).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from optionix.pricing.ssvi import SsviSlice

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RawSvi:
    """A raw SVI slice of total variance.

    Attributes
    ----------
    a, b : level and slope of the wings, `b` not negative.
    rho : skew, within (-1, 1).
    m : shift in log-moneyness.
    sigma : smoothness of the vertex, positive.
    """

    a: float
    b: float
    rho: float
    m: float
    sigma: float

    def total_variance(self, k: ArrayLike) -> Floats:
        """Total variance at log-moneyness `k` of any shape."""
        x = np.asarray(k, dtype=np.float64) - self.m
        return np.asarray(self.a + self.b * (self.rho * x + np.hypot(x, self.sigma)))

    def density_sign(self, k: ArrayLike) -> Floats:
        """Durrleman's g(k): negative exactly where the risk-neutral density is, that is where a butterfly profits."""
        k = np.asarray(k, dtype=np.float64)
        x = k - self.m
        root = np.hypot(x, self.sigma)
        w = self.total_variance(k)
        first = self.b * (self.rho + x / root)
        second = self.b * self.sigma**2 / root**3
        return np.asarray((1 - k * first / (2 * w)) ** 2 - first**2 / 4 * (1 / w + 0.25) + second / 2)

    @classmethod
    def from_ssvi(cls, volatility_slice: SsviSlice) -> RawSvi:
        """The same curve as an SSVI slice at its report's time."""
        theta, phi, rho = volatility_slice.theta, volatility_slice.phi, volatility_slice.rho
        return cls(
            a=theta / 2 * (1 - rho * rho),
            b=theta * phi / 2,
            rho=rho,
            m=-rho / phi,
            sigma=float(np.sqrt(1 - rho * rho)) / phi,
        )
