"""What the volatility oracle holds of a market, and what it would do with new slices: store, clip and halt, or refuse.

The rule is that of `contracts/oracles/SliceStore.sol`: a report moves no volatility further from the stored slice than
the bound of the time between them, else it is stored clipped and the vaults stop trading that expiry; the first report
of an expiry lies near the nearest expiry that may vouch for it, or near the market's anchor, else the batch reverts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from optionix.pricing.reports import (
    MOVE_MARGIN,
    POINTS,
    Bounds,
    atm_volatility,
    largest_move,
    moves_too_far,
    volatilities,
)
from optionix.pricing.ssvi import CARRY_ONE, PackedSlice


class Verdict(StrEnum):
    """What the oracle would do with a slice."""

    FITS = "fits"
    FIRST = "first report"
    CLIPPED = "would be clipped and halt the expiry"
    NOT_NEWER = "is not newer than the stored one"
    TOO_FAR = "is too far for a first report"


ACCEPTED = frozenset({Verdict.FITS, Verdict.FIRST})


@dataclass(frozen=True)
class Posted:
    """A stored slice.

    Attributes
    ----------
    clipped : whether it was stored clipped: trades wait for a report that fits.
    halted_until : when its newest halt ends, seconds; 0 without one.
    """

    packed: PackedSlice
    clipped: bool
    halted_until: int


@dataclass(frozen=True)
class Oracle:
    """The oracle's rules and what it holds of a market, as indexed.

    Attributes
    ----------
    anchor : volatility that first reports are compared with where no expiry vouches for them; 0 for none.
    posted : by expiry.
    since : when each expiry was first reported; known where some expiry has no slice yet.
    """

    bounds: Bounds
    anchor: float
    posted: Mapping[int, Posted]
    since: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Move:
    """A slice beside the stored one.

    Attributes
    ----------
    posted_at : the stored report's time, seconds; None where there is none.
    posted_volatility : of the stored slice at the money.
    move, limit : the largest change of volatility at the oracle's five points, and the bound on it.
    halted_until : until when the expiry is halted, seconds; 0 where it is not.
    """

    verdict: Verdict
    posted_at: int | None
    posted_volatility: float | None
    move: float
    limit: float
    halted_until: int

    @property
    def problem(self) -> str | None:
        """Words where the oracle would not store the slice as it is."""
        if self.verdict in ACCEPTED:
            return None
        return f"{self.verdict.value}: it moves by {self.move:.4f}, the bound is {self.limit:.4f}"


def moves(oracle: Oracle, slices: Mapping[int, PackedSlice], as_of: int) -> dict[int, Move]:
    """What the oracle would do with each slice of a report at `as_of` that has them all."""
    return {
        expiry: _again(oracle.bounds, stored, entry, expiry, as_of)
        if (stored := oracle.posted.get(expiry)) is not None
        else _first(oracle, slices, expiry, as_of)
        for expiry, entry in sorted(slices.items())
    }


def _again(bounds: Bounds, stored: Posted, entry: PackedSlice, expiry: int, as_of: int) -> Move:
    old = stored.packed
    halted = stored.halted_until if stored.halted_until > as_of else 0
    if entry.timestamp <= old.timestamp:
        return Move(Verdict.NOT_NEWER, old.timestamp, atm_volatility(old, expiry), 0.0, 0.0, halted)
    too_far = moves_too_far(bounds, old, entry, expiry)
    return Move(
        Verdict.CLIPPED if too_far else Verdict.FITS,
        old.timestamp,
        atm_volatility(old, expiry),
        largest_move(old, entry, expiry),
        bounds.volatility_move(entry.timestamp - old.timestamp),
        halted,
    )


def _first(oracle: Oracle, slices: Mapping[int, PackedSlice], expiry: int, as_of: int) -> Move:
    entry, bounds = slices[expiry], oracle.bounds
    limit = bounds.volatility_move(bounds.max_move_seconds)
    own = _own(entry, expiry)
    tried = []
    if (near := _vouching(oracle, expiry, as_of)) is not None:
        # An earlier expiry of the batch is stored before this one is looked at, a later one after it.
        before = slices[near] if near < expiry and near in slices else oracle.posted[near].packed
        if abs(before.carry - entry.carry) / CARRY_ONE <= bounds.carry_move(bounds.max_move_seconds):
            tried.append(float(np.max(np.abs(own - _own(before, near)))))
    if oracle.anchor > 0 and abs(entry.carry) / CARRY_ONE <= bounds.carry_move(bounds.max_move_seconds):
        tried.append(float(np.max(np.abs(own - oracle.anchor))))
    move = min(tried, default=float(np.max(own)))
    near_enough = bool(tried) and move <= MOVE_MARGIN * limit
    return Move(Verdict.FIRST if near_enough else Verdict.TOO_FAR, None, None, move, limit, 0)


def _vouching(oracle: Oracle, expiry: int, as_of: int) -> int | None:
    """The nearest expiry with a fresh slice whose own first report is old enough; of two as near, the earlier."""
    able = [
        other
        for other, stored in oracle.posted.items()
        if other > as_of
        and as_of - stored.packed.timestamp <= oracle.bounds.heartbeat
        and other in oracle.since
        and oracle.since[other] + oracle.bounds.max_move_seconds <= as_of
    ]
    return min(able, key=lambda other: (abs(other - expiry), other), default=None)


def _own(entry: PackedSlice, expiry: int) -> np.ndarray:  # type: ignore[type-arg]
    """Volatilities at a slice's own deviations."""
    return volatilities(entry, expiry, POINTS * np.sqrt(entry.unpack().theta))
