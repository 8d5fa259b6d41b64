"""The packed series id and what a series pays (protocol, sections 1 and 2)."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

CALL, PUT = 0, 1
WAD = 10**18
STRIKE_UNIT = 10**10


@dataclass(frozen=True)
class Series:
    """Market, side, expiry (seconds) and strike (units of 1e-8) of an id."""

    id: int

    @property
    def market(self) -> int:
        """Bits 112 to 127."""
        return self.id >> 112

    @property
    def side(self) -> int:
        """Bits 104 to 111: 0 call, 1 put."""
        return self.id >> 104 & 0xFF

    @property
    def expiry(self) -> int:
        """Bits 64 to 103."""
        return self.id >> 64 & (1 << 40) - 1

    @property
    def strike(self) -> int:
        """WAD."""
        return (self.id & (1 << 64) - 1) * STRIKE_UNIT

    @property
    def book(self) -> int:
        """The id without its strike."""
        return self.id >> 64


def book_market(key: int) -> int:
    """The market of a book key."""
    return key >> 48


def book_side(key: int) -> int:
    """The side of a book key."""
    return key >> 40 & 0xFF


def book_expiry(key: int) -> int:
    """The expiry of a book key."""
    return key & (1 << 40) - 1


def payoff(side: int, strike: int, price: int) -> Fraction:
    """Per contract, in whole units of the settlement asset, exactly."""
    if side == CALL:
        return Fraction(max(price - strike, 0), price)
    return Fraction(max(strike - price, 0), WAD)


def up(value: Fraction) -> int:
    """Rounded towards plus infinity."""
    return -(-value.numerator // value.denominator)


def down(value: Fraction) -> int:
    """Rounded towards minus infinity."""
    return value.numerator // value.denominator


def contracts(amount: int) -> Fraction:
    """A WAD amount as contracts."""
    return Fraction(amount, WAD)


def leg_collateral(series: Series, amount: int, unit: int) -> int:
    """What a written leg locks, token units (`unit` of them in a whole token): 1 base a call, K quote a put."""
    each = Fraction(1) if series.side == CALL else Fraction(series.strike, WAD)
    return up(contracts(amount) * each * unit)


def book_worst_loss(side: int, legs: dict[int, int], unit: int) -> int:
    """What a netted book locks: its worst loss over every settlement price, by trying every price at which it can lie.

    `legs` maps strikes (WAD) to signed amounts (WAD).
    """
    if side == CALL:
        values = [book_value(side, legs, strike) for strike in legs]
        values.append(sum((contracts(amount) for amount in legs.values()), Fraction(0)))
    else:
        values = [book_value(side, legs, strike) for strike in legs]
        values.append(sum((contracts(a) * Fraction(k, WAD) for k, a in legs.items()), Fraction(0)))
    return up(max(Fraction(0), -min(values, default=Fraction(0))) * unit)


def book_value(side: int, legs: dict[int, int], price: int) -> Fraction:
    """The exact value of a netted book at a price, whole units of the settlement asset."""
    return sum((contracts(a) * payoff(side, k, price) for k, a in legs.items()), Fraction(0))
