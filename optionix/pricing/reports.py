"""What the volatility oracle accepts, checked before anything is signed or sent, and more than it checks.

The conditions on parameters are those of `contracts/libraries/Ssvi.sol` in exact integers; volatilities and moves are
those of `contracts/libraries/SliceMoves.sol` in floats, with a margin where they meet a bound.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from optionix.pricing.ssvi import (
    CARRY_ONE,
    PackedSlice,
    is_butterfly_free,
    is_calendar_free,
    total_variance,
    volatility,
)

Floats = NDArray[np.float64]

YEAR_SECONDS = 365 * 86_400
MIN_VOLATILITY = 0.05
MAX_VOLATILITY = 5.0
MAX_CARRY = 1.0
MAX_CARRY_TIMES_YEARS = 0.2
POINTS = np.array([-2.0, -1.0, 0.0, 1.0, 2.0])
"""Where two slices are compared, in standard deviations at the money."""
MOVE_MARGIN = 0.98
"""Share of the contract's bound that a move may use here: floats are not the contract's integers."""
_GRID = np.linspace(-6.0, 6.0, 241)
_SLACK = 1e-9


@dataclass(frozen=True, slots=True)
class Bounds:
    """The oracle's bounds on moves.

    Attributes
    ----------
    heartbeat : seconds after which a slice is stale.
    volatility_per_day : largest move of volatility a day (1.0 is 100 points).
    carry_per_day : largest move of annual carry a day.
    max_move_seconds : cap of the time that the bounds are multiplied by.
    """

    heartbeat: int
    volatility_per_day: float
    carry_per_day: float
    max_move_seconds: int

    def volatility_move(self, elapsed: int) -> float:
        """Largest move of volatility `elapsed` seconds after the stored report."""
        return self.volatility_per_day * min(elapsed, self.max_move_seconds) / 86_400

    def carry_move(self, elapsed: int) -> float:
        """Largest move of annual carry `elapsed` seconds after the stored report."""
        return self.carry_per_day * min(elapsed, self.max_move_seconds) / 86_400


@dataclass(frozen=True, slots=True)
class Check:
    """One check and its outcome; `detail` says what was looked at, or what is wrong."""

    name: str
    ok: bool
    detail: str


def check_surface(slices: Mapping[int, PackedSlice]) -> list[Check]:
    """Every check of a market's slices, by expiry (seconds), that needs no knowledge of what is stored.

    The contract's: butterfly, calendar, range of volatility, carry. Beyond it: the density implied at 241 strikes is
    not negative, and no two slices cross at any of them.
    """
    ordered = sorted(slices.items())
    pairs = list(pairwise(ordered))
    return [
        _summary("butterfly", (_butterfly(expiry, entry) for expiry, entry in ordered)),
        _summary("calendar", (_calendar(*near, *far) for near, far in pairs)),
        _summary("volatility range", (_range(expiry, entry) for expiry, entry in ordered)),
        _summary("carry range", (_carry(expiry, entry) for expiry, entry in ordered)),
        _summary("density", (_density(expiry, entry) for expiry, entry in ordered)),
        _summary("crossing", (_crossing(*near, *far) for near, far in pairs)),
    ]


def check_report(
    slices: Mapping[int, PackedSlice], binding: Mapping[int, PackedSlice], clipped: Collection[int] = ()
) -> list[Check]:
    """Every check of a report beside the slices that stay on chain, to be repeated by each signer before signing.

    Parameters
    ----------
    slices : what the report says, by expiry.
    binding : stored slices of the oracle's `bindingExpiries`; those that the report replaces are passed over.
    clipped : expiries of the report that the oracle will clip; it compares those with no neighbour.
    """
    wrong = calendar_conflicts(
        {expiry: entry for expiry, entry in slices.items() if expiry not in clipped},
        {expiry: entry for expiry, entry in binding.items() if expiry not in clipped},
    )
    late = [
        f"expiry {expiry}: {entry.timestamp} is not after {binding[expiry].timestamp}"
        for expiry, entry in sorted(slices.items())
        if expiry in binding and entry.timestamp <= binding[expiry].timestamp
    ]
    return [
        *check_surface(slices),
        _summary("neighbours", [f"expiries {near} and {far} break the calendar conditions" for near, far in wrong]),
        _summary("newer", late),
    ]


def calendar_conflicts(slices: Mapping[int, PackedSlice], binding: Mapping[int, PackedSlice]) -> list[tuple[int, int]]:
    """Neighbouring expiries (near, far) that break the calendar conditions once a report is stored.

    As the oracle looks: each reported slice against the nearest on either side, reported or binding.

    The comparison is at the later of the two reports' times. The oracle's is at the time of the block, and what holds
    once holds later.
    """
    merged = sorted({**binding, **slices}.items())
    return [
        (near_expiry, far_expiry)
        for (near_expiry, near), (far_expiry, far) in pairwise(merged)
        if (near_expiry in slices or far_expiry in slices) and _calendar(near_expiry, near, far_expiry, far) is not None
    ]


def moves_too_far(bounds: Bounds, stored: PackedSlice, new: PackedSlice, expiry: int) -> bool:
    """Whether the oracle would clip a report, or nearly: `MOVE_MARGIN` of its bounds is what may be used."""
    age = new.timestamp - stored.timestamp
    carry = abs(new.carry - stored.carry) / CARRY_ONE
    return carry > bounds.carry_move(age) or largest_move(stored, new, expiry) > MOVE_MARGIN * bounds.volatility_move(
        age
    )


def largest_move(stored: PackedSlice, new: PackedSlice, expiry: int) -> float:
    """Largest change of volatility at the oracle's five points from a stored slice to a new one."""
    left = expiry - new.timestamp
    old = stored.unpack()
    k = POINTS * np.sqrt(old.theta * left / (expiry - stored.timestamp))
    return float(np.max(np.abs(volatilities(new, expiry, k) - volatilities(stored, expiry, k))))


def volatilities(entry: PackedSlice, expiry: int, k: Floats) -> Floats:
    """Annual volatilities of a slice at log-moneyness `k`: constant between reports."""
    value = entry.unpack()
    return np.asarray(volatility(k, value.theta, value.phi, value.rho, (expiry - entry.timestamp) / YEAR_SECONDS))


def atm_volatility(entry: PackedSlice, expiry: int) -> float:
    """Annual volatility at the money."""
    return float(volatilities(entry, expiry, np.zeros(1))[0])


def _summary(name: str, problems: Iterable[str | None]) -> Check:
    found = list(problems)
    wrong = [problem for problem in found if problem is not None]
    return Check(name, not wrong, "; ".join(wrong) if wrong else f"{len(found)} looked at")


def _butterfly(expiry: int, entry: PackedSlice) -> str | None:
    if is_butterfly_free(entry.theta, entry.phi, entry.rho):
        return None
    return f"expiry {expiry}: theta {entry.theta}, phi {entry.phi}, rho {entry.rho} break the butterfly conditions"


def _calendar(near_expiry: int, near: PackedSlice, far_expiry: int, far: PackedSlice) -> str | None:
    at = max(near.timestamp, far.timestamp)
    if at < near_expiry and is_calendar_free(near, near_expiry, far, far_expiry, at):
        return None
    return f"expiries {near_expiry} and {far_expiry} break the calendar conditions"


def _range(expiry: int, entry: PackedSlice) -> str | None:
    value = entry.unpack()
    found = volatilities(entry, expiry, POINTS * np.sqrt(value.theta))
    if np.all((found >= MIN_VOLATILITY * 1.0001) & (found <= MAX_VOLATILITY * 0.9999)):
        return None
    return (
        f"expiry {expiry}: volatility {found.min():.4f} to {found.max():.4f} "
        f"leaves {MIN_VOLATILITY} to {MAX_VOLATILITY}"
    )


def _carry(expiry: int, entry: PackedSlice) -> str | None:
    carry = entry.carry / CARRY_ONE
    over_life = carry * (expiry - entry.timestamp) / YEAR_SECONDS
    if abs(carry) <= MAX_CARRY and abs(over_life) <= MAX_CARRY_TIMES_YEARS:
        return None
    return f"expiry {expiry}: carry {carry} ({over_life:.4f} to expiry) is too large"


def _density(expiry: int, entry: PackedSlice) -> str | None:
    """Gatheral's g(k) is the density's sign; its derivatives are the slice's own, in closed form."""
    value = entry.unpack()
    x = value.phi * _GRID * np.sqrt(value.theta)
    root = np.sqrt((x + value.rho) ** 2 + 1 - value.rho**2)
    w = total_variance(_GRID * np.sqrt(value.theta), value.theta, value.phi, value.rho)
    first = value.theta / 2 * value.phi * (value.rho + (x + value.rho) / root)
    second = value.theta / 2 * value.phi**2 * (1 - value.rho**2) / root**3
    k = _GRID * np.sqrt(value.theta)
    g = (1 - k * first / (2 * w)) ** 2 - first**2 / 4 * (1 / w + 0.25) + second / 2
    if np.all(g >= -_SLACK):
        return None
    return f"expiry {expiry}: the density is negative at k = {k[np.argmin(g)]:.4f}"


def _crossing(near_expiry: int, near: PackedSlice, far_expiry: int, far: PackedSlice) -> str | None:
    at = max(near.timestamp, far.timestamp)
    a, b = near.unpack(), far.unpack()
    k = _GRID * np.sqrt(max(a.theta, 1e-12))
    lower = a.total_variance(k) * (near_expiry - at) / (near_expiry - near.timestamp)
    upper = b.total_variance(k) * (far_expiry - at) / (far_expiry - far.timestamp)
    if np.all(upper >= lower * (1 - _SLACK)):
        return None
    return f"expiries {near_expiry} and {far_expiry} cross at k = {k[np.argmin(upper - lower)]:.4f}"
