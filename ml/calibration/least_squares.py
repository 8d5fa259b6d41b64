"""Levenberg and Marquardt's least squares for one volatility slice, compiled.

Two models of total variance w(k): raw SVI with five parameters and SSVI with three, each in coordinates that keep them
inside their domain, so that the search is free. What must not happen (a negative density, a crossing with a neighbour)
enters as residuals that are zero while all is well.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from optionix.pricing.compiled import kernel

Floats = NDArray[np.float64]

RAW, SSVI = 0, 1
"""Models: raw SVI as (a, ln b, atanh rho, m, ln sigma), SSVI as (ln theta, ln phi, atanh rho)."""

_LEAST_VARIANCE = 1e-10
_STEEPEST_RHO = 2.0
"""atanh of the largest correlation of an SSVI slice: beyond, one wing is flat and nothing holds the others."""
_MARGIN = 1e-7
"""Conditions are kept with this relative margin, which the rounding of stored slices does not use up."""


@kernel
def total_variance(model: int, p: Floats, k: float) -> float:
    """w(k)."""
    rho = math.tanh(p[2])
    if model == RAW:
        x = k - p[3]
        return float(p[0] + math.exp(p[1]) * (rho * x + math.sqrt(x * x + math.exp(2.0 * p[4]))))
    x = math.exp(p[1]) * k
    return 0.5 * math.exp(p[0]) * (1.0 + rho * x + math.sqrt((x + rho) * (x + rho) + 1.0 - rho * rho))


@kernel
def density_sign(p: Floats, k: float) -> float:
    """Durrleman's g(k) of a raw SVI slice: negative exactly where a butterfly profits."""
    b, rho, sigma = math.exp(p[1]), math.tanh(p[2]), math.exp(p[4])
    x = k - p[3]
    root = math.sqrt(x * x + sigma * sigma)
    w = max(p[0] + b * (rho * x + root), _LEAST_VARIANCE)
    first = b * (rho + x / root)
    second = b * sigma * sigma / (root * root * root)
    half = 1.0 - 0.5 * k * first / w
    return float(half * half - 0.25 * first * first * (1.0 / w + 0.25) + 0.5 * second)


@kernel
def wings(p: Floats) -> tuple[float, float, float, float]:
    """theta, phi and both wings, ``theta phi (1 + rho)`` and ``theta phi (1 - rho)``, of an SSVI slice."""
    theta, phi, rho = math.exp(p[0]), math.exp(p[1]), math.tanh(p[2])
    return theta, phi, theta * phi * (1.0 + rho), theta * phi * (1.0 - rho)


@kernel
def residuals(
    out: Floats,
    model: int,
    p: Floats,
    k: Floats,
    volatility: Floats,
    root_weight: Floats,
    years: float,
    grid: Floats,
    ceiling: Floats,
    near: Floats,
    far: Floats,
    penalty: float,
) -> None:
    """Errors in points of volatility, times the roots of their weights; behind them what is forbidden, times `penalty`.

    Raw SVI may not have a negative density on `grid`, nor lie above `ceiling` there (the expiry after), nor have wings
    steeper than 2; behind the ceilings stands the total variance that a crossing is measured by. SSVI keeps the
    butterfly conditions of the contract, and its calendar conditions against `near` and `far` (parameters of the
    neighbours, empty where there is none).
    """
    n = k.size
    for i in range(n):
        w = max(total_variance(model, p, k[i]), _LEAST_VARIANCE)
        out[i] = 100.0 * root_weight[i] * (math.sqrt(w / years) - volatility[i])
    for i in range(n, out.size):
        out[i] = 0.0
    if penalty == 0.0:
        return
    if model == RAW:
        scale = ceiling[grid.size]
        for j in range(grid.size):
            out[n + 2 * j] = penalty * min(0.0, density_sign(p, grid[j]) - 1e-3)
            w = total_variance(RAW, p, grid[j])
            crossed = max(0.0, w - ceiling[j] * (1.0 - 1e-4)) - min(0.0, w - 1e-3 * scale)
            out[n + 2 * j + 1] = penalty * crossed / scale
        steepest = math.exp(p[1]) * (1.0 + abs(math.tanh(p[2])))
        out[n + 2 * grid.size] = penalty * max(0.0, steepest - 1.999)
        return
    theta, phi, right, left = wings(p)
    steepest = max(right, left)
    out[n] = penalty * max(0.0, steepest * (1.0 + _MARGIN) - 3.99)
    out[n + 1] = penalty * max(0.0, steepest * phi * (1.0 + _MARGIN) - 4.0)
    if near.size:
        t, f, r, s = wings(near)
        out[n + 2] = penalty * max(0.0, math.log(t / theta) + _MARGIN)
        out[n + 3] = penalty * max(0.0, math.log(r / right) + _MARGIN)
        out[n + 4] = penalty * max(0.0, math.log(s / left) + _MARGIN)
        out[n + 5] = penalty * max(0.0, math.log(phi / f) + _MARGIN)
    if far.size:
        t, f, r, s = wings(far)
        out[n + 6] = penalty * max(0.0, math.log(theta / t) + _MARGIN)
        out[n + 7] = penalty * max(0.0, math.log(right / r) + _MARGIN)
        out[n + 8] = penalty * max(0.0, math.log(left / s) + _MARGIN)
        out[n + 9] = penalty * max(0.0, math.log(f / phi) + _MARGIN)
    out[n + 10] = penalty * max(0.0, abs(p[2]) - _STEEPEST_RHO)


@kernel
def fit(
    model: int,
    start: Floats,
    k: Floats,
    volatility: Floats,
    root_weight: Floats,
    years: float,
    grid: Floats,
    ceiling: Floats,
    near: Floats,
    far: Floats,
    penalty: float,
    steps: int,
) -> tuple[Floats, float]:
    """The best parameters from a start, and the root of the sum of squares there."""
    count = start.size
    rows = k.size + (2 * grid.size + 1 if model == RAW else 11)
    p = start.copy()
    at, moved = np.empty(rows), np.empty(rows)
    jacobian = np.empty((rows, count))
    residuals(at, model, p, k, volatility, root_weight, years, grid, ceiling, near, far, penalty)
    cost = 0.0
    for i in range(rows):
        cost += at[i] * at[i]
    damping = 1e-3
    for _ in range(steps):
        for j in range(count):
            width = 1e-6 * max(abs(p[j]), 0.01)
            kept = p[j]
            p[j] = kept + width
            residuals(moved, model, p, k, volatility, root_weight, years, grid, ceiling, near, far, penalty)
            p[j] = kept
            for i in range(rows):
                jacobian[i, j] = (moved[i] - at[i]) / width
        gradient = jacobian.T @ at
        normal = jacobian.T @ jacobian
        better = False
        for _ in range(8):
            system = normal.copy()
            for j in range(count):
                system[j, j] += damping * (normal[j, j] + 1e-12)
            step = np.linalg.solve(system, gradient)
            trial = p - step
            finite = True
            for j in range(count):
                if not abs(trial[j]) < 50.0:
                    finite = False
            new = math.inf
            if finite:
                residuals(moved, model, trial, k, volatility, root_weight, years, grid, ceiling, near, far, penalty)
                new = 0.0
                for i in range(rows):
                    new += moved[i] * moved[i]
            if new < cost:
                gain = cost - new
                p, cost = trial, new
                at[:] = moved
                damping = max(0.2 * damping, 1e-12)
                better = gain > 1e-5 * cost
                break
            damping *= 6.0
        if not better:
            break
    return p, math.sqrt(cost)


@kernel
def explicit_start(k: Floats, variance: Floats, weight: Floats, m: float, sigma: float) -> tuple[Floats, float]:
    """The best raw SVI for a given m and sigma, in which it is linear (Zeliade's quasi-explicit form), and its error.

    With ``y = (k - m) / sigma``: ``w = a + d y + c sqrt(y^2 + 1)``; d and c are drawn back to ``|d| <= 0.99 c``.
    """
    normal = np.zeros((3, 3))
    right = np.zeros(3)
    row = np.empty(3)
    for i in range(k.size):
        y = (k[i] - m) / sigma
        row[0], row[1], row[2] = 1.0, y, math.sqrt(y * y + 1.0)
        for u in range(3):
            right[u] += weight[i] * row[u] * variance[i]
            for v in range(3):
                normal[u, v] += weight[i] * row[u] * row[v]
    for u in range(3):
        normal[u, u] *= 1.0 + 1e-10
    a, d, c = np.linalg.solve(normal, right)
    c = max(c, 1e-8)
    d = min(max(d, -0.99 * c), 0.99 * c)
    error = 0.0
    for i in range(k.size):
        y = (k[i] - m) / sigma
        miss = a + d * y + c * math.sqrt(y * y + 1.0) - variance[i]
        error += weight[i] * miss * miss
    return np.array([a, math.log(c / sigma), math.atanh(d / c), m, math.log(sigma)]), error
