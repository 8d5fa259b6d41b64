"""How much of an order its maker can fill now, by the ledger of the Clearinghouse alone.

A maker that buys pays out of its free balance. One that sells delivers what it holds, and where its order says so
writes the rest, for which its book locks more; what it is paid may pay for that. As contracts/libraries/
TradeSettlement.sol has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from optionix.instruments import Series
from optionix.orders.order import Order
from optionix.orders.pricing import AMOUNT_UNIT, MOST_AMOUNT, OrderRefused, premium_of
from optionix.pricing.book import BookError, Leg, required
from optionix.pricing.payoff import WAD, collateral_up


@dataclass(frozen=True, slots=True)
class Asset:
    """A token: its address, and the WAD of one of its units."""

    token: str
    scale: int


@dataclass(frozen=True, slots=True)
class Ledger:
    """What the Clearinghouse knows of a maker and of one book of its.

    Attributes
    ----------
    may_trade : whether the Exchange has the TRADE flag.
    may_deliver : whether the Exchange is approved for its option tokens.
    may_write : whether writing is not paused.
    free_premium, free_collateral : free balance of the premium token and of the settlement asset, token units.
    held : option tokens of the series, WAD.
    is_netted : whether the book is.
    legs : of the book, ascending strikes; a netted book's all, a plain one's that of the series.
    """

    may_trade: bool
    may_deliver: bool
    may_write: bool
    free_premium: int
    free_collateral: int
    held: int
    is_netted: bool
    legs: Sequence[Leg]


@dataclass(frozen=True, slots=True)
class Funding:
    """An order at a price beside what its maker has.

    Attributes
    ----------
    price : executable premium a contract, WAD of the premium token.
    premium, collateral : the premium token and the settlement asset.
    """

    order: Order
    series: Series
    price: int
    ledger: Ledger
    premium: Asset
    collateral: Asset

    def most(self) -> int:
        """The most contracts (WAD) that the maker can pay or deliver, at most those of the order."""
        high = min(self.order.amount, MOST_AMOUNT) // AMOUNT_UNIT
        if self.covers(high * AMOUNT_UNIT):
            return high * AMOUNT_UNIT
        # What is paid and locked grows with the amount, or, in a netted book, is convex in it and nothing at nothing:
        # what fills is one range, that begins where a premium no longer rounds to nothing.
        low = self._least()
        if low >= high or not self.covers(low * AMOUNT_UNIT):
            return 0
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self.covers(middle * AMOUNT_UNIT) else (low, middle)
        return low * AMOUNT_UNIT

    def covers(self, amount: int) -> bool:
        """Whether the maker can pay or deliver so many contracts (WAD)."""
        if amount <= 0:
            return False
        try:
            paid = premium_of(self.order, self.price, amount, self.premium.scale)
        except OrderRefused:
            return False
        if self.order.is_buy:
            return self.ledger.may_trade and paid <= self.ledger.free_premium
        return self._delivers(amount, paid)

    def _delivers(self, amount: int, paid: int) -> bool:
        written = amount - (min(amount, self.ledger.held) if self.ledger.may_deliver else 0)
        if written == 0:
            return True
        if not (self.order.use_book and self.ledger.may_trade and self.ledger.may_write):
            return False
        locks = self._locks(written)
        free = self.ledger.free_collateral + (paid if self.premium.token == self.collateral.token else 0)
        return locks is not None and locks <= free

    def _locks(self, written: int) -> int | None:
        """What the book locks more when so much is written; None where it cannot have such a leg."""
        side, scale = self.series.side, self.collateral.scale
        before = {leg.strike: leg.amount for leg in self.ledger.legs}
        mine = before.get(self.series.strike, 0)
        if written - mine > MOST_AMOUNT:
            return None
        if not self.ledger.is_netted:
            strike = self.series.strike_wad
            return collateral_up(side, strike, written - mine, scale) - collateral_up(side, strike, -mine, scale)
        after = before | {self.series.strike: mine - written}
        try:
            return required(side, _legs(after), scale) - required(side, _legs(before), scale)
        except BookError:
            return None

    def _least(self) -> int:
        """Units of amount below which nothing fills."""
        if not self.order.is_buy or self.price == 0:
            return 1
        return max(-(-WAD * self.premium.scale // (self.price * AMOUNT_UNIT)), 1)


def _legs(amounts: dict[int, int]) -> list[Leg]:
    return [Leg(strike, amount) for strike, amount in sorted(amounts.items()) if amount]
