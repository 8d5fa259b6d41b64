"""Fits the curve from which the search for an implied volatility starts (optionix/pricing/implied.py), and prints it.

    .venv/bin/python scripts/vectors/normal_start.py

A normal price in units of the distance |F - K| depends on ``m = distance / deviation`` alone: ``phi(m) R1(m) / m`` with
``R1 = 1 - m R(m)``. With ``u = ln(1 + 0.4 distance / price)`` its inverse has simple ends: ``m^2 ~ u^2 / (2 pi 0.16)``
at 0 and ``m^2 ~ 2 u`` far out, the latter held exactly. Least squares, weights moved towards the largest errors.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from optionix.pricing.mills import mills

FACTOR = 0.4
TERMS = 5


def price_by_distance(m: float) -> float:
    """The normal price over the distance."""
    ratio = mills(m)
    rest = 1.0 - m * ratio
    if m > 5.0:  # by the continued fraction: the difference has lost its digits
        t = 0.0
        for level in range(80, 0, -1):
            t = level / (m + t)
        rest = t / (m + t)
    return float(np.exp(-0.5 * m * m) / np.sqrt(2 * np.pi) * rest / m)


def curve(p: NDArray[np.float64], u: NDArray[np.float64]) -> NDArray[np.float64]:
    """m^2 from u."""
    numerator = np.polyval(p[:TERMS][::-1], u)
    denominator = 1 + u * np.polyval(np.append(p[TERMS:], 0.5 * p[TERMS - 1])[::-1], u)
    return np.asarray(u * u * numerator / denominator)


def main() -> None:
    m = np.concatenate([np.geomspace(1e-5, 1, 400), np.linspace(1, 9, 600), np.geomspace(9, 36, 150)])
    u = np.log1p(FACTOR / np.array([price_by_distance(float(z)) for z in m]))

    def errors(p: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(np.where(m < 8, 1.0, 0.3) * (np.sqrt(np.abs(curve(p, u))) / m - 1))

    def weighed(p: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
        return weights * errors(p)

    weights = np.ones_like(m)
    start = [1 / (2 * np.pi * FACTOR**2), 0.9, 0.4, 0.05, 0.05, 2.0, 2.0, 0.3, 0.3]
    best = least_squares(errors, start, max_nfev=20_000, xtol=1e-15, ftol=1e-15).x
    for _ in range(40):
        error = np.abs(errors(best))
        weights *= 0.3 + error / error.max()
        weights /= weights.mean()
        best = least_squares(weighed, best, max_nfev=2_000, xtol=1e-15, ftol=1e-15, args=(weights,)).x
    print("numerator, by rising power:", best[:TERMS].tolist())
    print("denominator, by rising power from the first:", best[TERMS:].tolist())
    print("largest error:", float(np.max(np.abs(np.sqrt(curve(best, u)) / m - 1))))


if __name__ == "__main__":
    main()
