"""Buying and selling through the Router: orders and vault best first, from and to any token in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from optionix.chain.abi import load_abi
from optionix.chain.deployment import DeployedToken
from optionix.chain.errors import Reverted
from optionix.chain.transactions import Receipt
from optionix.client.trading import SLIPPAGE, Trading
from optionix.client.values import BadAmount, Funds, Number, contracts, units
from optionix.instruments import Series
from optionix.orders import Order

ABI = "Router"
NATIVE = "native"
"""What the native coin is called where a token's symbol stands."""
GAS_PER_ORDER = 600_000
"""Enough for a fill whose maker is an account with code and writes into a netted book."""
_NO_SWAP = ("0x" + "00" * 20, b"", 0)
_NO_PERMIT = (0, 0, b"\0" * 32, b"\0" * 32)

SignedOrder = tuple[Order, bytes]


@dataclass(frozen=True)
class Swap:
    """A call that turns one token into another.

    Attributes
    ----------
    target : who is called, with an allowance of the whole input.
    data : what it is called with; it has to pay its output to its caller.
    min_output : least output, units of the token that comes out.
    """

    target: str
    data: bytes
    min_output: int


@dataclass(frozen=True)
class Payment:
    """What a purchase is paid with.

    Attributes
    ----------
    token : symbol, or `NATIVE`.
    amount : how much, whole tokens; the purchase's limit when absent. A payment that is swapped has to say it.
    swap : into the settlement token, where it is another one.
    """

    token: str
    amount: Number | None = None
    funds: Funds = Funds.WALLET
    swap: Swap | None = None


@dataclass(frozen=True)
class Routed:
    """What was traded: contracts in WAD, of which orders filled `by_orders`, and cost or proceeds in token units."""

    series: Series
    amount: int
    by_orders: int
    assets: int
    token: str
    receipt: Receipt


class Routing(Trading):
    """Trades over the Router. It keeps nothing and acts for its caller alone."""

    def buy_best(
        self,
        series: Series | str,
        amount: Number,
        orders: Sequence[SignedOrder] = (),
        *,
        limit: Number | None = None,
        slippage: Decimal = SLIPPAGE,
        payment: Payment | None = None,
        vault: bool = True,
        deadline: int | None = None,
        gas_per_order: int = GAS_PER_ORDER,
    ) -> Routed:
        """Buy from orders and the vault, best first; all or nothing.

        Parameters
        ----------
        orders : of others, to sell; those that have no price now are passed over.
        limit : most to pay in all, whole settlement tokens; what it would cost now and `slippage` when absent.
        payment : the settlement token from the wallet when absent. What is not spent goes back where it came from, as
            the settlement token where a swap was made.
        vault : whether the vault may take part.

        Raises
        ------
        Reverted
            `NotFilled` where orders and vault do not have as much, `CostAboveLimit` and so on.
        """
        wanted, size = self.series(series), contracts(amount)
        asset = self.settlement_token(wanted)
        most = self._limit(limit, slippage, asset, wanted, size, orders, vault, is_buy=True)
        paid = payment or Payment(asset.symbol)
        assets = self._payment_assets(paid, most)
        back = (NATIVE if paid.swap is None and paid.token == NATIVE else asset.symbol, paid.funds, None)
        receipt = self.transact(
            ABI,
            "buyBest",
            self._trade(wanted, size, most, vault, deadline, gas_per_order),
            _signed(orders),
            self._payment(paid, assets),
            self._payout(*back),
            value=assets if paid.token == NATIVE else 0,
        )
        return self._routed(wanted, receipt)

    def sell_best(
        self,
        series: Series | str,
        amount: Number,
        orders: Sequence[SignedOrder] = (),
        *,
        limit: Number | None = None,
        slippage: Decimal = SLIPPAGE,
        token: str | None = None,
        funds: Funds = Funds.WALLET,
        swap: Swap | None = None,
        vault: bool = True,
        deadline: int | None = None,
        gas_per_order: int = GAS_PER_ORDER,
    ) -> Routed:
        """Sell held contracts to orders and the vault that wrote them, best first; all or nothing.

        Parameters
        ----------
        limit : least to get in all, whole settlement tokens; what it would bring now less `slippage` when absent.
        token : what to get, a symbol or `NATIVE`; the settlement token when absent.
        funds : where to get it.
        swap : into `token`, where it is another one.
        """
        wanted, size = self.series(series), contracts(amount)
        asset = self.settlement_token(wanted)
        least = self._limit(limit, slippage, asset, wanted, size, orders, vault, is_buy=False)
        router = self.deployment.address(ABI)
        if not self.read("OptionToken", "isApprovedForAll", self.address, router):
            self.transact("OptionToken", "setApprovalForAll", router, True)
        receipt = self.transact(
            ABI,
            "sellBest",
            self._trade(wanted, size, least, vault, deadline, gas_per_order),
            _signed(orders),
            self._payout(token or asset.symbol, funds, swap),
        )
        return self._routed(wanted, receipt)

    def deposit_by_router(self, payment: Payment, token: str) -> int:
        """Bring a payment, swapped where it must be, into the free balance as `token`; how many units came in."""
        assets = self._payment_assets(payment, None)
        receipt = self.transact(
            ABI,
            "deposit",
            self._payment(payment, assets),
            self.deployment.token(token).address,
            value=assets if payment.token == NATIVE else 0,
        )
        house = self.deployment.address("Clearinghouse")
        *_, credited = receipt.events(load_abi("Clearinghouse"), "Paid", house)
        return int(credited["assets"])

    # --- what a trade would come to ---

    def _limit(
        self,
        limit: Number | None,
        slippage: Decimal,
        asset: DeployedToken,
        series: Series,
        size: int,
        orders: Sequence[SignedOrder],
        use_vault: bool,
        *,
        is_buy: bool,
    ) -> int:
        """The limit that is given, or what it would come to now and `slippage` to the worse side; token units."""
        if limit is not None:
            return units(limit, asset.decimals)
        return _worse(self._expected(series, size, orders, use_vault, is_buy=is_buy), slippage if is_buy else -slippage)

    def _expected(
        self, series: Series, size: int, orders: Sequence[SignedOrder], use_vault: bool, *, is_buy: bool
    ) -> int:
        """What it comes to at least as well: at the vault alone, or by the orders first where the vault refuses."""
        quote = "quoteBuy" if is_buy else "quoteSell"
        vault = self.vault_address(series)
        try:
            if use_vault:
                return int(self.read_at("OptionVault", vault, quote, series.id, size)["total"])
        except Reverted:
            if not orders:
                raise
        left, total = size, 0
        for order, _ in sorted(self._priced(orders, is_buy), key=lambda pair: pair[1], reverse=not is_buy):
            part = min(left, int(self.read("Exchange", "remaining", order.struct())))
            if part:
                total += self._value(order, part, is_buy)
                left -= part
        if left and use_vault:
            total += int(self.read_at("OptionVault", vault, quote, series.id, left)["total"])
        elif left:
            raise BadAmount(
                f"the orders given have {size - left} of {size} contracts (WAD) that can be priced now.",
                "Trade less, give more orders, or let the vault take part.",
            )
        return total

    def _priced(self, orders: Sequence[SignedOrder], is_buy: bool) -> list[tuple[Order, int]]:
        """Orders of the other side that have a price now, with what one contract comes to."""
        found = []
        for order, _ in orders:
            if order.is_buy is is_buy:
                continue
            try:
                found.append((order, self._value(order, 10**18, is_buy)))
            except Reverted:
                continue
        return found

    def _value(self, order: Order, size: int, is_buy: bool) -> int:
        fill = self.read("Exchange", "valueOf", order.struct(), size)
        return int(fill["premium"] + fill["fee"] if is_buy else fill["premium"] - fill["fee"])

    # --- words of the Router ---

    def _trade(
        self, series: Series, size: int, limit: int, use_vault: bool, deadline: int | None, gas_per_order: int
    ) -> tuple[Any, ...]:
        until = self._deadline(self.head(), deadline)
        vault = self.vault_address(series) if use_vault else _NO_SWAP[0]
        return (series.id, size, limit, vault, until, gas_per_order)

    def _payment_assets(self, payment: Payment, most: int | None) -> int:
        if payment.amount is not None:
            return units(payment.amount, self._token(payment.token)[1])
        if payment.swap is not None or most is None:
            raise BadAmount(f"how much {payment.token} is paid is not said.", "Give the payment an amount.")
        return most

    def _payment(self, payment: Payment, assets: int) -> tuple[Any, ...]:
        """The payment, with the right to take it given first where it is missing."""
        address, _ = self._token(payment.token)
        free = payment.funds is Funds.FREE_BALANCE and payment.token != NATIVE
        router = self.deployment.address(ABI)
        if free:
            self.allow_trading(router)
        elif payment.token != NATIVE:
            self.approve(self.deployment.token(payment.token), router, assets)
        return (address, assets, free, _NO_PERMIT, _swap(payment.swap))

    def _payout(self, token: str, funds: Funds, swap: Swap | None) -> tuple[Any, ...]:
        return (self._token(token)[0], funds is Funds.FREE_BALANCE and token != NATIVE, _swap(swap))

    def _token(self, token: str) -> tuple[str, int]:
        """Address (zero for the native coin) and decimals."""
        if token == NATIVE:
            return _NO_SWAP[0], 18
        entry = self.deployment.token(token)
        return entry.address, entry.decimals

    def _routed(self, series: Series, receipt: Receipt) -> Routed:
        (told,) = receipt.events(load_abi(ABI), "Routed", self.deployment.address(ABI))
        token = self.settlement_token(series).symbol
        return Routed(series, told["amount"], told["byOrders"], told["assets"], token, receipt)


def _signed(orders: Sequence[SignedOrder]) -> list[tuple[Any, bytes]]:
    return [(order.struct(), signature) for order, signature in orders]


def _swap(swap: Swap | None) -> tuple[str, bytes, int]:
    return _NO_SWAP if swap is None else (swap.target, swap.data, swap.min_output)


def _worse(assets: int, slippage: Decimal) -> int:
    """`slippage` above for what is paid, below (a negative one) for what is got, to the worse side by a unit."""
    return max(assets + int(assets * slippage) + (1 if slippage >= 0 else -1), 0)
