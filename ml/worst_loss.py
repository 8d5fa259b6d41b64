"""The worst that books can lose over every settlement price, and the price at which it occurs; exact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ml.holdings import Holding
from optionix.instruments import STRIKE_UNIT_WAD, Side, pack_book_key, split_book_key
from optionix.pricing.book import MAX_LEGS, Leg, required, settlement_floor
from optionix.pricing.payoff import scale_of


@dataclass(frozen=True)
class WorstCase:
    """What one book can lose and has locked, units of its settlement asset.

    Attributes
    ----------
    loss : over every settlement price; what is locked where the legs are too many to be netted.
    price : the settlement price (WAD) of the worst loss; None where it grows with the price without end, and where
        nothing can be lost.
    unbounded : whether the worst is approached as the price rises without end.
    """

    market: int
    side: Side
    expiry: int
    decimals: int
    locked: int
    loss: int
    price: int | None
    unbounded: bool


def worst_cases(
    holdings: Sequence[Holding], locked: Mapping[int, int], decimals: Mapping[tuple[int, Side], int]
) -> list[WorstCase]:
    """Of every book that has legs or collateral.

    Parameters
    ----------
    holdings : those whose place is `book` count.
    locked : by book key.
    decimals : of the settlement asset by (market, side).
    """
    legs: dict[int, dict[int, int]] = {key: {} for key in locked}
    for holding in holdings:
        if holding.place == "book":
            key = pack_book_key(holding.market, Side(holding.side), holding.expiry)
            book = legs.setdefault(key, {})
            book[holding.strike] = book.get(holding.strike, 0) + holding.amount
    found = []
    for key, book in sorted(legs.items()):
        market, side, expiry = split_book_key(key)
        places = decimals[market, side]
        held = [Leg(strike, amount) for strike, amount in sorted(book.items()) if amount]
        if len(held) > MAX_LEGS:
            loss, price, unbounded = locked.get(key, 0), None, False
        else:
            loss, price, unbounded = worst_loss(side, held, scale_of(places))
        found.append(WorstCase(market, side, expiry, places, locked.get(key, 0), loss, price, unbounded))
    return found


def worst_loss(side: Side, legs: Sequence[Leg], scale: int) -> tuple[int, int | None, bool]:
    """Loss, its price, and whether it is only approached; see `WorstCase`.

    Parameters
    ----------
    scale : WAD of one unit of the settlement asset (`payoff.scale_of`).
    """
    loss = required(side, legs, scale)
    if loss <= 0:
        return 0, None, False
    prices = [leg.strike * STRIKE_UNIT_WAD for leg in legs]
    for price in prices if side is Side.CALL else [0, *prices]:
        if settlement_floor(side, legs, price, scale) == -loss:
            return loss, price, False
    return loss, None, True
