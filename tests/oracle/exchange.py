"""Signed orders at a premium (protocol, section 7): who pays whom, who delivers, what the fee is."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from .ledger import Ledger
from .refusals import Refused
from .series import CALL, Series

WAD = 10**18
PREMIUM = 0
#: Fields of an order, in the order of its struct.
FIELDS = (
    *("maker", "taker", "series", "is_buy", "use_book", "kind", "premium_token", "amount"),
    *("limit", "deadline", "nonce", "min_premium", "max_premium", "min_spot"),
    *("max_spot", "max_feed_age", "stored_carry", "min_carry", "max_carry", "spot_edge"),
)


class ExchangeModel:
    """What was filled and cancelled, over the ledger that pays and delivers.

    Parameters
    ----------
    fees : `ofNotional`, `ofPremium`, `ofCaller`, WAD.
    """

    def __init__(self, ledger: Ledger, fees: dict[str, int]) -> None:
        self.ledger, self.fees = ledger, fees
        self.filled: dict[tuple[str, int], int] = defaultdict(int)
        self.cancelled: set[tuple[str, int]] = set()
        self.floor: dict[str, int] = defaultdict(int)

    def fill(self, taker: str, order_fields: tuple[Any, ...], take: tuple[Any, ...], now: int) -> None:
        """The taker takes what is left, at most what it asked for."""
        order = dict(zip(FIELDS, order_fields, strict=True))
        wanted, least, limit, receiver, use_book = take
        maker, series = order["maker"], Series(order["series"])
        amount = min(order["amount"] - self.filled[maker, order["nonce"]], wanted)
        self._require_standing(order, taker, amount, now)
        if amount < least:
            raise Refused("AmountBelowMinimum", f"{amount} of {least}")
        self.filled[maker, order["nonce"]] += amount

        premium, fee = self._value(order, series, amount)
        if order["is_buy"]:
            if premium - fee < limit * amount // wanted:
                raise Refused("ProceedsBelowLimit", f"{premium} - {fee} against {limit}")
            self._pay(maker, receiver, order["premium_token"], premium - fee, fee, series)
            self._deliver(series, amount, taker, use_book, maker, maker, order["use_book"])
        else:
            if premium + fee > -(-limit * amount // wanted):
                raise Refused("CostAboveLimit", f"{premium} + {fee} against {limit}")
            self._pay(taker, maker, order["premium_token"], premium, fee, series)
            self._deliver(series, amount, maker, order["use_book"], taker, receiver, use_book)

    def cancel(self, maker: str, nonce: int) -> None:
        """One order."""
        self.cancelled.add((maker, nonce))

    def cancel_below(self, maker: str, floor: int) -> None:
        """All older ones."""
        self.floor[maker] = floor

    def _require_standing(self, order: dict[str, Any], taker: str, amount: int, now: int) -> None:
        maker, nonce = order["maker"], order["nonce"]
        if order["kind"] != PREMIUM:
            raise Refused("NoRule", "volatility orders are not played here")
        if now > order["deadline"]:
            raise Refused("DeadlinePassed", f"{order['deadline']} at {now}")
        if int(order["taker"], 16) and order["taker"] != taker:
            raise Refused("NotTaker", taker)
        if maker == taker:
            raise Refused("SelfTrade", taker)
        if nonce < self.floor[maker] or (maker, nonce) in self.cancelled:
            raise Refused("NonceCancelled", f"{maker} {nonce}")
        if amount <= 0:
            raise Refused("BadAmount", f"{amount}")

    def _value(self, order: dict[str, Any], series: Series, amount: int) -> tuple[int, int]:
        """Premium, rounded to the maker, and the taker's fee, rounded up."""
        asset = self._asset(series, order["premium_token"])
        exact = order["limit"] * amount * asset.unit
        premium = exact // WAD**2 if order["is_buy"] else -(-exact // WAD**2)
        in_base = asset is self.ledger.assets[series.market, CALL]
        notional = WAD if in_base else series.strike
        of_notional = -(-notional * self.fees["ofNotional"] * amount * asset.unit // WAD**3)
        of_premium = -(-premium * self.fees["ofPremium"] // WAD)
        return premium, min(of_notional, of_premium)

    def _asset(self, series: Series, token: str) -> Any:
        sides = (self.ledger.assets[series.market, side] for side in (CALL, 1 - CALL))
        return next(asset for asset in sides if asset.token == token)

    def _pay(self, buyer: str, payee: str, token: str, proceeds: int, fee: int, series: Series) -> None:
        if proceeds:
            self.ledger.pay(buyer, payee, token, proceeds)
        if fee:
            in_base = self._asset(series, token) is self.ledger.assets[series.market, CALL]
            side = CALL if in_base else 1 - CALL
            self.ledger.accrue_fee(buyer, series.market << 48 | side << 40 | series.expiry, fee)

    def _deliver(
        self, series: Series, amount: int, seller: str, writes: bool, buyer: str, receiver: str, closes: bool
    ) -> None:
        """From what the seller holds, then newly written; first into what the buyer has written."""
        ledger = self.ledger
        held = min(amount, ledger.options[seller, series.id]) if writes else amount
        leg = ledger.books[buyer, series.book].legs.get(series.id, 0)
        closing = min(amount, -leg) if closes and leg < 0 else 0
        if held:
            ledger.move_option(series.id, seller, buyer if closing else receiver, held)
        if amount - held:
            ledger.write(seller, series.id, amount - held, buyer if closing else receiver)
        if closing:
            # All came to the buyer first: what it does not close goes on to the receiver.
            ledger.close(buyer, series.id, closing, buyer)
            if amount - closing:
                ledger.move_option(series.id, buyer, receiver, amount - closing)
