"""Two fits of one snapshot's quotes: raw SVI per expiry for analysis, and SSVI slices that the contract accepts.

Both are free of arbitrage across strikes and expiries. Raw SVI is fitted from far to near, since a far expiry is quoted
over the wider range: where the best slice has a negative density or crosses the one after it, it is fitted again with
both as constraints on a grid. SSVI slices are fitted one by one, then again together, each between its neighbours with
the contract's calendar conditions, until none is broken; what a last trace of penalty leaves is lifted exactly.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.calibration.least_squares import RAW, SSVI, density_sign, explicit_start, fit, total_variance, wings
from ml.calibration.quotes import Quotes
from optionix.pricing.compiled import kernel
from optionix.pricing.reports import Check, check_surface
from optionix.pricing.ssvi import PackedSlice, SsviSlice
from optionix.pricing.svi import RawSvi

Floats = NDArray[np.float64]

GRID_POINTS = 41
"""Over a slice's own reach, and as many beyond it."""
DENSER = 10
"""A fit is judged on so many times more points than it is held on."""
_STEPS = 30
_ROOM = 2e-4
"""Of total variance, between two raw slices on the grid: more than they can come nearer between its points."""
_BENT = 1.2
"""A slice that lost no more than this much of its fit to what is forbidden is not sought from a second start."""
_PENALTIES = (30.0, 300.0, 3000.0)
_SWEEPS = 3
_NOTHING = np.empty(0)
_NO_CEILING = np.ones(1)


@dataclass(frozen=True)
class FittedSlice:
    """Both fits of one expiry.

    Attributes
    ----------
    quotes : what was fitted.
    raw : raw SVI of total variance at the snapshot's time.
    ssvi : the slice as the contract stores it.
    raw_error, ssvi_error : vega-weighted root mean square error, points of volatility.
    repaired : which fits were bent to take arbitrage out.
    """

    quotes: Quotes
    raw: RawSvi
    ssvi: PackedSlice
    raw_error: float
    ssvi_error: float
    repaired: tuple[str, ...]

    def raw_volatility(self, k: Floats) -> Floats:
        """Annual volatilities of the raw fit at log-moneyness `k`."""
        return np.asarray(np.sqrt(np.maximum(self.raw.total_variance(k), 0.0) / self.quotes.years))

    def ssvi_volatility(self, k: Floats) -> Floats:
        """Annual volatilities of the slice at log-moneyness `k`."""
        return np.asarray(np.sqrt(self.ssvi.unpack().total_variance(k) / self.quotes.years))


@dataclass(frozen=True)
class FittedSurface:
    """All fitted expiries of a snapshot, near first, the contract's checks on them, and expiries that were left out."""

    slices: tuple[FittedSlice, ...]
    checks: tuple[Check, ...]
    skipped: tuple[tuple[int, str], ...]


def fit_surface(expiries: Sequence[Quotes]) -> FittedSurface:
    """Fit every usable expiry of a snapshot; near first."""
    usable = [quotes for quotes in expiries if quotes.usable]
    skipped = tuple((quotes.expiry, f"{len(quotes.k)} usable quotes") for quotes in expiries if not quotes.usable)
    if not usable:
        return FittedSurface((), (), skipped)
    weights = [np.sqrt(quotes.vega / quotes.vega.sum()) for quotes in usable]
    chain, bent = _fit_chain_slices(usable, weights)
    packed = [
        SsviSlice(math.exp(p[0]), math.exp(p[1]), math.tanh(p[2]), 0.0, quotes.timestamp).pack()
        for p, quotes in zip(chain, usable, strict=True)
    ]
    reach = max(_reach(quotes) for quotes in usable)
    fitted: list[FittedSlice] = []
    after: Floats | None = None
    for quotes, weight, p, entry, was_bent in reversed(list(zip(usable, weights, chain, packed, bent, strict=True))):
        after, repaired = _fit_raw(quotes, weight, reach, after, p)
        marks = tuple(name for name, done in (("raw", repaired), ("ssvi", was_bent)) if done)
        a, b, rho, m, sigma = after.tolist()
        curve = RawSvi(a, math.exp(b), math.tanh(rho), m, math.exp(sigma))
        fitted.append(FittedSlice(quotes, curve, entry, _error(curve, quotes), _error(entry.unpack(), quotes), marks))
    fitted.reverse()
    checks = check_surface({slice_.quotes.expiry: slice_.ssvi for slice_ in fitted})
    return FittedSurface(tuple(fitted), tuple(checks), skipped)


def _error(curve: RawSvi | SsviSlice, quotes: Quotes) -> float:
    volatility = np.sqrt(np.maximum(curve.total_variance(quotes.k), 0.0) / quotes.years)
    return float(100 * np.sqrt(np.average((volatility - quotes.volatility) ** 2, weights=quotes.vega)))


# --- raw SVI ---


def _fit_raw(
    quotes: Quotes, weight: Floats, reach: float, after: Floats | None, fallback: Floats
) -> tuple[Floats, bool]:
    """Parameters of the best raw SVI without arbitrage against itself and the slice after, and whether it was bent."""
    deviation = _deviation(quotes)
    arguments = (quotes.k, quotes.volatility, weight, quotes.years)
    best, free = _free_raw(*arguments, deviation)
    dense = _grid(_reach(quotes), reach, DENSER * GRID_POINTS)
    limit = _ceiling(after, dense, deviation)
    if _clean(best, dense, limit):
        return best, False
    grid = _grid(_reach(quotes), reach, GRID_POINTS)
    ceiling = _ceiling(after, grid, deviation)
    # The contract's slice has no negative density, at no level below its own either: lowered under the next it is a
    # way out, and a second start for the search, which from far outside may end nowhere.
    same = RawSvi.from_ssvi(SsviSlice(math.exp(fallback[0]), math.exp(fallback[1]), math.tanh(fallback[2])))
    way_out = np.array([same.a, math.log(same.b), fallback[2], same.m, math.log(same.sigma)])
    candidates = [_lowered(way_out, dense, limit)]
    enough = (_BENT * free + 0.01) ** 2 / 1e4
    for start in (best, candidates[0]):
        if min(_squares(p, *arguments) for p in candidates) < enough:
            break
        found = start
        for penalty in _PENALTIES:
            found, _ = fit(RAW, found, *arguments, grid, ceiling, _NOTHING, _NOTHING, penalty, _STEPS)
            under = _lowered(found, dense, limit)
            if _clean(under, dense, limit):
                candidates.append(under)
                break
    errors = [_squares(p, *arguments) for p in candidates]
    return candidates[int(np.argmin(errors))], True


@kernel
def _squares(p: Floats, k: Floats, volatility: Floats, root_weight: Floats, years: float) -> float:
    """The weighted sum of squared errors of a raw slice."""
    total = 0.0
    for i in range(k.size):
        miss = root_weight[i] * (math.sqrt(max(total_variance(0, p, k[i]), 0.0) / years) - volatility[i])
        total += miss * miss
    return total


def _lowered(p: Floats, grid: Floats, ceiling: Floats) -> Floats:
    """The raw slice in a smaller measure, just under the ceiling where it came above it."""
    share = float(np.min(ceiling[:-1] / np.maximum(_curve(p, grid), 1e-300)))
    if share >= 1.0:
        return p
    share *= 1.0 - 1e-9
    return np.array([share * p[0], p[1] + math.log(share), p[2], p[3], p[4]])


def _deviation(quotes: Quotes) -> float:
    """The root of total variance at the money."""
    return float(np.interp(0.0, quotes.k, quotes.volatility)) * math.sqrt(quotes.years)


def _reach(quotes: Quotes) -> float:
    """How far from the money arbitrage is kept out: more than twice as far as quotes go, and seven deviations."""
    return max(2.2 * float(np.abs(quotes.k).max()), 7.0 * _deviation(quotes))


def _grid(own: float, common: float, points: int) -> Floats:
    """Evenly over a slice's own reach, and from there in even steps of the logarithm to the snapshot's."""
    beyond = np.geomspace(own, max(common, 1.001 * own), points // 2)[1:]
    return np.concatenate([-beyond[::-1], np.linspace(-own, own, points), beyond])


def _ceiling(after: Floats | None, grid: Floats, deviation: float) -> Floats:
    """The next slice's total variance on the grid, less some room, and behind it the slice's own at the money."""
    above = np.full(grid.size, np.inf) if after is None else (1.0 - _ROOM) * _curve(after, grid)
    return np.append(above, deviation * deviation)


@kernel
def _curve(p: Floats, grid: Floats) -> Floats:
    out = np.empty(grid.size)
    for j in range(grid.size):
        out[j] = total_variance(0, p, grid[j])
    return out


@kernel
def _clean(p: Floats, grid: Floats, ceiling: Floats) -> bool:
    """Whether a raw slice has no negative density, no crossing and no wing steeper than 2."""
    if math.exp(p[1]) * (1.0 + abs(math.tanh(p[2]))) > 2.0:
        return False
    for j in range(grid.size):
        w = total_variance(0, p, grid[j])
        if w <= 0.0 or w > ceiling[j] or density_sign(p, grid[j]) < 0.0:
            return False
    return True


@kernel
def _free_raw(
    k: Floats, volatility: Floats, root_weight: Floats, years: float, deviation: float
) -> tuple[Floats, float]:
    """The best raw SVI as if nothing were forbidden: quasi-explicit on a net of vertices, then least squares."""
    variance = volatility * volatility * years
    weight = np.square(root_weight / (2.0 * volatility * years))
    best, least = np.zeros(5), math.inf
    for i in range(-3, 4):
        for j in range(7):
            p, error = explicit_start(k, variance, weight, 0.6 * i * deviation, 0.1 * deviation * 2.0**j)
            if error < least:
                best, least = p, error
    nothing = np.empty(0)
    return fit(0, best, k, volatility, root_weight, years, nothing, np.ones(1), nothing, nothing, 0.0, 40)


# --- SSVI ---


def _fit_chain_slices(expiries: Sequence[Quotes], weights: Sequence[Floats]) -> tuple[list[Floats], list[bool]]:
    """Parameters of slices that fit together by the contract's conditions, and which of them were bent for it."""

    def best(i: int, start: Floats, near: Floats, far: Floats, penalty: float) -> Floats:
        quotes = expiries[i]
        data = (quotes.k, quotes.volatility, weights[i], quotes.years, _NOTHING, _NO_CEILING)
        found, _ = fit(SSVI, start, *data, near, far, penalty, _STEPS)
        return found

    found = []
    for i, quotes in enumerate(expiries):
        deviation = _deviation(quotes)
        start = np.array([2 * math.log(deviation), -math.log(deviation), -0.2])
        found.append(best(i, start, _NOTHING, _NOTHING, _PENALTIES[-1]))
    alone = [p.copy() for p in found]
    count = len(found)
    for penalty in _PENALTIES:
        for _ in range(_SWEEPS):
            if all(_ordered(found[i], found[i + 1]) for i in range(count - 1)):
                break
            for i in range(count):
                near = found[i - 1] if i else _NOTHING
                far = found[i + 1] if i + 1 < count else _NOTHING
                found[i] = best(i, found[i], near, far, penalty)
    for i in range(1, count):
        found[i] = _lifted(found[i - 1], found[i])
    return found, [bool(np.abs(p - q).max() > 1e-6) for p, q in zip(found, alone, strict=True)]


def _ordered(near: Floats, far: Floats) -> bool:
    """The contract's calendar conditions."""
    theta0, phi0, right0, left0 = wings(near)
    theta1, phi1, right1, left1 = wings(far)
    return theta1 >= theta0 and phi1 <= phi0 and right1 >= right0 and left1 >= left0


def _lifted(near: Floats, far: Floats) -> Floats:
    """The far slice raised, where it must be, to what its nearer neighbour asks for, with room for rounding."""
    room = 1.0 + 1e-9
    theta0, phi0, right0, left0 = wings(near)
    theta1, phi1, right1, left1 = wings(far)
    if theta1 >= theta0 * room and phi1 * room <= phi0 and right1 >= right0 * room and left1 >= left0 * room:
        return far
    theta, right, left = max(theta1, theta0 * room), max(right1, right0 * room), max(left1, left0 * room)
    theta = max(theta, (right + left) / (2 * phi0) * room)
    phi = (right + left) / (2 * theta)
    return np.array([math.log(theta), math.log(phi), math.atanh((right - left) / (right + left))])
