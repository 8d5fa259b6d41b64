"""Positions of several options: what they pay at expiry, where they break even, what they can lose and gain.

Values are in quote per unit of base: a call's base payoff ``max(S - K, 0) / S`` is worth ``max(S - K, 0)`` at S. Model
quantities in floats; what a book must lock is `optionix.pricing.book`, in integers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from optionix.instruments import Side

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class OptionLeg:
    """An option of a position.

    Attributes
    ----------
    side, strike : of the series; strike in quote per base.
    amount : contracts, positive bought, negative written.
    premium : quote per contract, paid or received.
    """

    side: Side
    strike: float
    amount: float
    premium: float = 0.0

    def __post_init__(self) -> None:
        if not (self.strike > 0 and math.isfinite(self.strike)):
            raise ValueError(f"a strike of {self.strike} is not a positive number")
        if not (self.amount != 0 and math.isfinite(self.amount) and math.isfinite(self.premium)):
            raise ValueError(f"{self} needs a finite amount other than zero, and a finite premium")


@dataclass(frozen=True, slots=True)
class Position:
    """Options of one expiry, and base held beside them.

    Attributes
    ----------
    legs : its options, in any order.
    base : units of base held (a covered call's), negative owed.
    cost : what that base cost, quote per unit.
    """

    legs: tuple[OptionLeg, ...]
    base: float = 0.0
    cost: float = 0.0

    def profit(self, prices: ArrayLike) -> Floats:
        """Profit at expiry in quote, premiums counted, at settlement prices of any shape."""
        S = np.asarray(prices, dtype=np.float64)
        total = self.base * (S - self.cost)
        for leg in self.legs:
            paid = np.maximum(S - leg.strike if leg.side is Side.CALL else leg.strike - S, 0.0)
            total = total + leg.amount * (paid - leg.premium)
        return np.asarray(total)

    @property
    def premium(self) -> float:
        """What the options cost together; negative when they bring money in."""
        return sum(leg.amount * leg.premium for leg in self.legs)

    def worst(self) -> tuple[float, float]:
        """The least profit and the price at which it occurs; -inf at inf where the loss has no bound."""
        return self._extreme(-1.0)

    def best(self) -> tuple[float, float]:
        """The largest profit and the price at which it occurs; inf at inf where there is no bound."""
        return self._extreme(1.0)

    def break_evens(self) -> tuple[float, ...]:
        """Prices at which the profit is zero, ascending; of a stretch without profit or loss its two ends."""
        corners = self._corners()
        values = self.profit(corners).tolist()
        found: list[float] = []
        for (a, u), (b, v) in pairwise(zip(corners, values, strict=True)):
            if u == 0.0:
                found.append(a)
            elif u * v < 0.0:
                found.append(a + (b - a) * u / (u - v))
        last, value, slope = corners[-1], values[-1], self._slope_above()
        if value == 0.0:
            found.append(last)
        elif slope * value < 0.0:
            found.append(last - value / slope)
        return tuple(dict.fromkeys(found))

    def _corners(self) -> list[float]:
        return sorted({0.0, *(leg.strike for leg in self.legs)})

    def _slope_above(self) -> float:
        """Of the profit by the price, above all strikes."""
        return self.base + sum(leg.amount for leg in self.legs if leg.side is Side.CALL)

    def _extreme(self, sign: float) -> tuple[float, float]:
        # Straight between corners: an end of a piece decides, or what lies above all.
        if sign * self._slope_above() > 0.0:
            return sign * math.inf, math.inf
        corners = self._corners()
        values = sign * self.profit(corners)
        at = int(np.argmax(values))
        return float(sign * values[at]), corners[at]


def vertical(side: Side, bought: float, written: float, premiums: Sequence[float] = (0.0, 0.0)) -> Position:
    """One option bought and one of the same side written at another strike; premiums in that order."""
    return Position((OptionLeg(side, bought, 1.0, premiums[0]), OptionLeg(side, written, -1.0, premiums[1])))


def straddle(strike: float, premiums: Sequence[float] = (0.0, 0.0)) -> Position:
    """A call and a put of one strike, bought; the call's premium first."""
    return strangle(strike, strike, premiums)


def strangle(put: float, call: float, premiums: Sequence[float] = (0.0, 0.0)) -> Position:
    """A put and a call at a higher strike, bought; the call's premium first."""
    return Position((OptionLeg(Side.CALL, call, 1.0, premiums[0]), OptionLeg(Side.PUT, put, 1.0, premiums[1])))


def butterfly(side: Side, strikes: Sequence[float], premiums: Sequence[float] = (0.0, 0.0, 0.0)) -> Position:
    """Two options written at the middle strike, the wings bought in the amounts that end flat on both sides."""
    low, middle, high = _ascending(strikes, 3)
    lower = 2.0 * (high - middle) / (high - low)
    legs = zip((low, middle, high), (lower, -2.0, 2.0 - lower), premiums, strict=True)
    return Position(tuple(OptionLeg(side, strike, amount, premium) for strike, amount, premium in legs))


def condor(strikes: Sequence[float], premiums: Sequence[float] = (0.0, 0.0, 0.0, 0.0)) -> Position:
    """An iron condor: a put spread and a call spread written around the price; strikes and premiums ascending."""
    wing_put, put, call, wing_call = _ascending(strikes, 4)
    sides, amounts = (Side.PUT, Side.PUT, Side.CALL, Side.CALL), (1.0, -1.0, -1.0, 1.0)
    legs = zip(sides, (wing_put, put, call, wing_call), amounts, premiums, strict=True)
    return Position(tuple(OptionLeg(side, strike, amount, premium) for side, strike, amount, premium in legs))


def covered_call(strike: float, premium: float = 0.0, cost: float = 0.0) -> Position:
    """One unit of base held and a call written on it."""
    return Position((OptionLeg(Side.CALL, strike, -1.0, premium),), base=1.0, cost=cost)


def collar(put: float, call: float, premiums: Sequence[float] = (0.0, 0.0), cost: float = 0.0) -> Position:
    """One unit of base held, a put bought as its floor and a call written above; the put's premium first."""
    legs = (OptionLeg(Side.PUT, put, 1.0, premiums[0]), OptionLeg(Side.CALL, call, -1.0, premiums[1]))
    return Position(legs, base=1.0, cost=cost)


def _ascending(strikes: Sequence[float], count: int) -> Sequence[float]:
    if len(strikes) != count or any(b <= a for a, b in pairwise(strikes)):
        raise ValueError(f"{count} strikes are needed, strictly ascending, not {list(strikes)}")
    return strikes
