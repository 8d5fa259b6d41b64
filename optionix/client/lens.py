"""What would be: books after a trade, requests processed now, orders as they stand; each in one call of a lens."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from optionix.chain.abi import decode_revert
from optionix.chain.errors import Reverted
from optionix.client.connection import Connection
from optionix.instruments import Series
from optionix.orders import NOBODY, Order

PRECISION = 12
"""How often the lens halves the amount between what fills and what does not: to 1/4096 of what is left."""


@dataclass(frozen=True)
class BookAfter:
    """A book after changes to its legs, token units; `worst_price` is where the worst loss occurs, as the lens has it.

    Attributes
    ----------
    must_net : it is plain now, and the changes need `net` first.
    difference : what would move from the free balance into the book; negative where it is released.
    refusal : what the first action that fails would revert with.
    """

    netted: bool
    must_net: bool
    required_before: int
    required_after: int
    difference: int
    free: int
    worst_loss: int
    worst_price: int
    refusal: Reverted | None


@dataclass(frozen=True)
class Estimate:
    """A request processed at the present marks: shares and assets in their own units, or why there is no estimate."""

    shares: int
    assets: int
    refusal: Reverted | None


@dataclass(frozen=True)
class OrderView:
    """An order as it stands, contracts in WAD.

    Attributes
    ----------
    price : executable premium a contract, WAD of the premium token; zero where `refusal` says why there is none.
    fillable : the most contracts that would fill for the asker now, whatever its limit; zero when nobody asks.
    """

    hash: bytes
    filled: int
    cancelled: bool
    remaining: int
    price: int
    fillable: int
    refusal: Reverted | None


class Lens(Connection):
    """Reads of the lenses, for the own account where one is meant."""

    def book_after(self, changes: Sequence[tuple[Series | str, int]], account: str | None = None) -> BookAfter:
        """The book of one (market, side, expiry) after its legs change, one after the other.

        Parameters
        ----------
        changes : series with WAD contracts: negative written or taken back, positive closed or placed.
        """
        legs = [(self.series(series), amount) for series, amount in changes]
        key = legs[0][0].book_key
        told = [(series.strike, amount) for series, amount in legs]
        found = self.read("AccountLens", "bookAfter", account or self.address, key, told)
        return BookAfter(
            netted=found["netted"],
            must_net=found["mustNet"],
            required_before=found["requiredBefore"],
            required_after=found["requiredAfter"],
            difference=found["difference"],
            free=found["free"],
            worst_loss=found["worstLoss"],
            worst_price=found["worstPrice"],
            refusal=_refusal(found["refusal"]),
        )

    def estimate_deposit(self, vault: str, assets: int) -> Estimate:
        """What a deposit of so many token units would become were it processed now."""
        return self._estimate("estimateDeposit", vault, assets)

    def estimate_redeem(self, vault: str, shares: int) -> Estimate:
        """What so many shares would be paid were they processed now."""
        return self._estimate("estimateRedeem", vault, shares)

    def order_views(self, orders: Iterable[tuple[Order, bytes]], *, taker: str | None = None) -> list[OrderView]:
        """Signed orders as they stand, for `taker` to fill out of its free balance, or to look at when it is absent."""
        queries = [
            (order.struct(), signature, (order.amount, 0, 0 if order.is_buy else 2**256 - 1, taker or NOBODY, False))
            for order, signature in orders
        ]
        found: list[OrderView] = []
        start = 0
        while queries:
            page = self.read("OrderLens", "orders", taker or NOBODY, queries, start, PRECISION)
            found += [
                OrderView(
                    hash=view["hash"],
                    filled=view["filled"],
                    cancelled=view["cancelled"],
                    remaining=view["remaining"],
                    price=view["price"],
                    fillable=view["fillable"],
                    refusal=_refusal(view["priceError"]),
                )
                for view in page["orders"]
            ]
            start = page["next"]
            if not start:
                break
        return found

    def _estimate(self, function: str, vault: str, units: int) -> Estimate:
        found = self.read("VaultLens", function, self.vault_address(vault), units)
        return Estimate(found["shares"], found["assets"], _refusal(found["refusal"]))


def _refusal(data: bytes) -> Reverted | None:
    return decode_revert("0x" + data.hex()) if data else None


__all__ = ["BookAfter", "Estimate", "Lens", "OrderView"]
