"""Signed orders: making, filling, matching, quoting and cancelling them on the Exchange."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from optionix.chain.abi import decode_revert, load_abi
from optionix.chain.errors import Reverted
from optionix.chain.operator import read
from optionix.chain.transactions import Receipt
from optionix.client.connection import Connection
from optionix.client.values import Number, contracts, units
from optionix.instruments import Series
from optionix.orders import LimitKind, Order, hash_order, is_signed, sign_order

ABI = "Exchange"
DEADLINE_SECONDS = 24 * 3600
"""How long an order stands when nothing else is said, market time."""
UNLIMITED = 2**128 - 1


@dataclass(frozen=True)
class Filled:
    """What was traded: contracts in WAD, premium and fee in units of the premium token.

    In a match the seller got `premium` and the buyer paid `premium + fee`; `caller_fee` is the matcher's share of it.
    """

    amount: int
    premium: int
    fee: int
    caller_fee: int
    receipt: Receipt


@dataclass(frozen=True)
class FillQuote:
    """What a fill would do now.

    Attributes
    ----------
    refusal : the contract's own error; None where the fill would go through.
    price : executable premium a contract, WAD of the premium token.
    collateral : what the seller's book would lock more, units of the settlement asset.
    released : what the buyer's book would release by closing.
    """

    refusal: Reverted | None
    price: int
    amount: int
    premium: int
    fee: int
    collateral: int
    released: int


class Exchange(Connection):
    """Everything of the Exchange. Money is free balance of the Clearinghouse on both sides."""

    def premium_order(
        self,
        series: Series | str,
        amount: Number,
        price: Number,
        *,
        is_buy: bool,
        premium_token: str | None = None,
        **more: Any,
    ) -> Order:
        """An order of the own account at a premium a contract, in whole units of the premium token.

        Parameters
        ----------
        premium_token : symbol; the settlement asset when absent.
        more : further fields of `Order`.
        """
        return self._order(series, amount, is_buy, premium_token, LimitKind.PREMIUM, units(price, 18), more)

    def volatility_order(
        self,
        series: Series | str,
        amount: Number,
        volatility: Number,
        *,
        is_buy: bool,
        min_spot: Number,
        max_spot: Number,
        max_feed_age: int,
        premium_token: str | None = None,
        **more: Any,
    ) -> Order:
        """An order of the own account at an annual volatility (`0.62`), priced by spot when it is filled.

        Parameters
        ----------
        min_spot, max_spot : quote per base; outside of them it does not fill. What the premium may come to is not bound
            further unless `min_premium` and `max_premium` (WAD) say so.
        max_feed_age : oldest spot, seconds.
        """
        bounds = {"max_premium": UNLIMITED} | more
        bounds |= {
            "min_spot": units(min_spot, 18),
            "max_spot": units(max_spot, 18),
            "max_feed_age": max_feed_age,
        }
        limit = units(volatility, 18)
        return self._order(series, amount, is_buy, premium_token, LimitKind.VOLATILITY, limit, bounds)

    def sign(self, order: Order) -> bytes:
        """Sign an order with the account's key."""
        return sign_order(order, self.account, self.deployment)

    def order_hash(self, order: Order) -> bytes:
        """The order's EIP-712 digest."""
        return hash_order(order, self.deployment.chain_id, self.deployment.address(ABI))

    def is_signed(self, order: Order, signature: bytes) -> bool:
        """Whether the Exchange would take the signature, of a key or of a contract account."""
        place = (self.deployment.chain_id, self.deployment.address(ABI))
        return bool(self.rpc.run(is_signed, self.rpc.rpc, order, signature, *place))

    def ready_to_trade(self, *, selling: bool = False) -> list[Receipt]:
        """Let the Exchange move free balance and books, and option tokens where they are to be sold."""
        exchange = self.deployment.address(ABI)
        sent = [self.allow_trading(exchange)]
        if selling and not self.read("OptionToken", "isApprovedForAll", self.address, exchange):
            sent.append(self.transact("OptionToken", "setApprovalForAll", exchange, True))
        return [receipt for receipt in sent if receipt is not None]

    def fill(
        self,
        order: Order,
        signature: bytes,
        amount: Number | None = None,
        *,
        limit: int | None = None,
        min_amount: int = 0,
        receiver: str | None = None,
        use_book: bool = False,
    ) -> Filled:
        """Take somebody's order.

        Parameters
        ----------
        amount : contracts at most; what is left of the order when absent.
        limit : most to pay with the fee, or least to get after it, in units of the premium token; what the Exchange
            quotes now when absent.
        min_amount : least contracts, WAD.
        use_book : write what is sold and not held; close what was written first when buying.
        """
        take = self._take(order, amount, limit, min_amount, receiver, use_book)
        if limit is None:
            now = self._quote(order, signature, take)
            if now.refusal is not None:
                raise now.refusal
            # Pro rata to what can be filled; a volatility order may move a little until it is mined.
            take["amount"] = now.amount
            worst = now.premium - now.fee if order.is_buy else now.premium + now.fee
            moves = worst // 50 + 1 if order.kind is LimitKind.VOLATILITY else 0
            take["limit"] = max(worst - moves, 0) if order.is_buy else worst + moves
        return self._filled(self.transact(ABI, "fill", order.struct(), signature, take))

    def match(
        self,
        buy_order: Order,
        buy_signature: bytes,
        sell_order: Order,
        sell_signature: bytes,
        amount: Number | None = None,
    ) -> Filled:
        """Match two orders that cross, for a share of the fee."""
        most = UNLIMITED if amount is None else contracts(amount)
        receipt = self.transact(
            ABI, "matchOrders", buy_order.struct(), buy_signature, sell_order.struct(), sell_signature, most
        )
        return self._filled(receipt)

    def quote_fill(
        self,
        order: Order,
        signature: bytes,
        amount: Number | None = None,
        *,
        taker: str | None = None,
        limit: int | None = None,
        min_amount: int = 0,
        receiver: str | None = None,
        use_book: bool = False,
    ) -> FillQuote:
        """What `fill` would do now, for the own account or another taker, and why it would fail where it would."""
        take = self._take(order, amount, limit, min_amount, receiver or taker, use_book)
        return self._quote(order, signature, take, taker)

    def cancel_order(self, nonce: int) -> Receipt:
        """Cancel the own order of a nonce."""
        return self.transact(ABI, "cancel", nonce)

    def cancel_orders_below(self, floor: int) -> Receipt:
        """Cancel all own orders with a nonce below `floor`."""
        return self.transact(ABI, "cancelBelow", floor)

    def remaining(self, order: Order) -> int:
        """Contracts that are left of an order, WAD; zero where it is cancelled or its nonce is another's."""
        return int(self.read(ABI, "remaining", order.struct()))

    def _order(
        self,
        series: Series | str,
        amount: Number,
        is_buy: bool,
        premium_token: str | None,
        kind: LimitKind,
        limit: int,
        more: dict[str, Any],
    ) -> Order:
        wanted = self.series(series)
        token = self.settlement_token(wanted) if premium_token is None else self.deployment.token(premium_token)
        fields: dict[str, Any] = {"maker": self.address, "nonce": 0, "deadline": 0} | more
        if "nonce" not in more:
            fields["nonce"] = max(int(self.read(ABI, "nonceFloor", fields["maker"])), secrets.randbits(48))
        if "deadline" not in more:
            fields["deadline"] = self.head().timestamp + DEADLINE_SECONDS
        return Order(
            series=wanted.id,
            is_buy=is_buy,
            premium_token=token.address,
            amount=contracts(amount),
            kind=kind,
            limit=limit,
            **fields,
        )

    def _take(
        self,
        order: Order,
        amount: Number | None,
        limit: int | None,
        min_amount: int,
        receiver: str | None,
        use_book: bool,
    ) -> dict[str, Any]:
        unlimited = 0 if order.is_buy else 2**256 - 1
        return {
            "amount": order.amount if amount is None else contracts(amount),
            "minAmount": min_amount,
            "limit": unlimited if limit is None else limit,
            "receiver": receiver or self.address,
            "useBook": use_book,
        }

    def _quote(self, order: Order, signature: bytes, take: dict[str, Any], taker: str | None = None) -> FillQuote:
        exchange, abi = self.deployment.address(ABI), load_abi(ABI)
        found = read(self.rpc, abi, exchange, "quoteFill", taker or self.address, order.struct(), signature, take)
        fill = found["fill"]
        return FillQuote(
            refusal=decode_revert("0x" + found["reason"].hex()) if found["reason"] else None,
            price=int(found["price"]),
            amount=int(fill["amount"]),
            premium=int(fill["premium"]),
            fee=int(fill["fee"]),
            collateral=int(found["collateral"]),
            released=int(found["released"]),
        )

    def _filled(self, receipt: Receipt) -> Filled:
        (told,) = receipt.events(load_abi(ABI), "Traded", self.deployment.address(ABI))
        return Filled(told["amount"], told["premium"], told["fee"], told["callerFee"], receipt)
