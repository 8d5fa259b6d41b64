"""The one rule of solvency: what a netted book must lock, and what it is worth.

The twin of contracts/libraries/BookRequirement.sol: all integers, exact, rounded once. With legs (K, n), n < 0 written
and n > 0 placed, a book's value at settlement price S is ``V(S) = sum n max(K - S, 0)`` for puts and
``V(S) = sum n max(S - K, 0) / S`` for calls. The worst of V lies at a strike, at S = 0 (puts) or at infinity (calls),
so finitely many prices decide what must be locked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from optionix.instruments import STRIKE_ONE, STRIKE_UNIT_WAD, Side
from optionix.pricing.payoff import WAD

MAX_LEGS = 16
"""The most legs a netted book may have."""
PRICE_LIMIT = 1 << 124
"""Settlement prices are below this (WAD)."""
_STRIKE_LIMIT = 1 << 64
_AMOUNT_LIMIT = 1 << 127


class BookError(ValueError):
    """Legs that no book can have."""


@dataclass(frozen=True, slots=True)
class Leg:
    """One series in a book.

    Attributes
    ----------
    strike : units of 1e-8 quote per base.
    amount : contracts, WAD; negative written, positive placed.
    """

    strike: int
    amount: int


def check(legs: Sequence[Leg]) -> None:
    """Refuse legs that the contracts refuse.

    Raises
    ------
    BookError
        For more than `MAX_LEGS` legs, strikes not strictly ascending from above zero, or numbers outside their fields.
    """
    if len(legs) > MAX_LEGS:
        raise BookError(f"a netted book has at most {MAX_LEGS} legs, not {len(legs)}")
    previous = 0
    for leg in legs:
        if leg.strike <= previous:
            raise BookError(f"strike {leg.strike} follows {previous}: strikes must ascend strictly from above zero")
        if leg.strike >= _STRIKE_LIMIT or not -_AMOUNT_LIMIT <= leg.amount < _AMOUNT_LIMIT:
            raise BookError(f"{leg} does not fit its fields (strike below 2^64, amount an int128)")
        previous = leg.strike


def required(side: Side, legs: Sequence[Leg], scale: int) -> int:
    """Collateral that covers the worst loss over every settlement price, rounded up once.

    Parameters
    ----------
    side : call or put.
    legs : strictly ascending strikes.
    scale : WAD of one unit of the settlement asset (`payoff.scale_of`).

    Returns
    -------
    Token units of the settlement asset.

    Raises
    ------
    BookError
        See `check`.
    """
    check(legs)
    amounts = weighted = worst = 0
    if side is Side.PUT:
        for leg in reversed(legs):
            worst = min(worst, weighted - leg.strike * amounts)
            amounts += leg.amount
            weighted += leg.amount * leg.strike
        return -(min(worst, weighted) // (STRIKE_ONE * scale))
    for leg in legs:
        worst = min(worst, (amounts * leg.strike - weighted) // (leg.strike * scale))
        amounts += leg.amount
        weighted += leg.amount * leg.strike
    return -min(worst, amounts // scale)


def settlement_floor(side: Side, legs: Sequence[Leg], price: int, scale: int) -> int:
    """The exact value of a book at a settlement price, rounded once towards minus infinity.

    Parameters
    ----------
    side, legs, scale : as for `required`.
    price : settlement price, WAD, from 0 to below `PRICE_LIMIT`.

    Returns
    -------
    Token units of the settlement asset; negative when the book owes.

    Raises
    ------
    BookError
        See `check`; also for a price outside its range.
    """
    check(legs)
    if not 0 <= price < PRICE_LIMIT:
        raise BookError(f"settlement price {price} is outside 0 to 2^124")
    if side is Side.PUT:
        value = sum(leg.amount * max(leg.strike * STRIKE_UNIT_WAD - price, 0) for leg in legs)
        return value // (WAD * scale)
    value = sum(leg.amount * max(price - leg.strike * STRIKE_UNIT_WAD, 0) for leg in legs)
    return value // (price * scale) if value else 0
