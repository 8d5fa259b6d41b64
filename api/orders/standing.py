"""How signed orders of one series stand at the block that the tables show: price, what is left, what is funded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from api.orders import repository
from api.orders.message import OrderMessage
from api.orders.repository import Known, Ledgers
from api.orders.schemas import Status
from api.reader import Reader
from api.valuation.repository import MarketState
from optionix.instruments import Series as SeriesKey
from optionix.orders import Order
from optionix.orders.funding import Asset, Funding
from optionix.orders.pricing import AMOUNT_UNIT, Conditions, OrderRefused, price_of, require_in_time
from optionix.pricing.payoff import WAD, scale_of
from optionix.store.models import SignedOrder


@dataclass(frozen=True)
class Standing:
    """An order at one block.

    Attributes
    ----------
    price : executable premium a contract, WAD of the premium token; None where there is none.
    settlement_price : the same in the settlement asset at the feed's spot.
    filled, remaining, fillable : contracts, WAD.
    reason : the contract's error that a fill would meet; None where it would fill.
    """

    stored: SignedOrder
    order: Order
    status: Status
    price: int | None
    settlement_price: int | None
    filled: int
    remaining: int
    fillable: int
    reason: str | None


class Stand:
    """Judges the orders of one series."""

    def __init__(self, state: MarketState, series: SeriesKey, known: Known, ledgers: Ledgers) -> None:
        self._state = state
        self._series = series
        self._known = known
        self._ledgers = ledgers
        self._now = conditions_of(state, series.expiry)

    @classmethod
    async def read(
        cls, reader: Reader, exchange: str, state: MarketState, series: SeriesKey, orders: Sequence[SignedOrder]
    ) -> Stand:
        """With what the tables know of these orders and their makers."""
        known = await repository.known_of(reader, {(each.maker, each.nonce) for each in orders})
        makers = {each.maker for each in orders}
        collateral = state.asset(series.side)[1]
        return cls(state, series, known, await Ledgers.read(reader, exchange, series, collateral, makers))

    def of(self, stored: SignedOrder) -> Standing:
        """One order."""
        order = OrderMessage.model_validate(stored.message).signed()
        filled, gone = self._left(stored, order)
        remaining = 0 if gone else max(order.amount - filled, 0)

        def told(status: Status, reason: str | None, price: int | None = None, fillable: int = 0) -> Standing:
            worth = self._in_settlement_asset(order, price)
            return Standing(stored, order, status, price, worth, filled, remaining, fillable, reason)

        if gone:
            return told("cancelled", gone)
        if remaining == 0:
            return told("filled", "BadAmount")
        try:
            require_in_time(order, self._series, self._state.time)
        except OrderRefused as refused:
            return told("expired", refused.reason)
        try:
            price = price_of(order, self._series, self._now, in_quote=self._in_quote(order))
        except OrderRefused as refused:
            return told("unpriced", refused.reason)
        fillable = min(self.funding(order, price).most(), remaining)
        if fillable < AMOUNT_UNIT:
            return told("unfunded", "NotFunded", price)
        return told("open", None, price, fillable)

    def funding(self, order: Order, price: int) -> Funding:
        """An order at a price beside what its maker has."""
        market = self._state.market
        in_quote = self._in_quote(order)
        premium = Asset(order.premium_token, scale_of(market.quote_decimals if in_quote else market.base_decimals))
        _, collateral, decimals = self._state.asset(self._series.side)
        ledger = self._ledgers.of(order.maker, order.premium_token)
        return Funding(order, self._series, price, ledger, premium, Asset(collateral, scale_of(decimals)))

    def _in_quote(self, order: Order) -> bool:
        return order.premium_token == self._state.market.quote_token

    def _left(self, stored: SignedOrder, order: Order) -> tuple[int, str | None]:
        """What was filled, and the error that says that nothing more will be."""
        state = self._known.states.get((order.maker, order.nonce))
        if order.nonce < self._known.floors.get(order.maker, 0):
            gone: str | None = "NonceBelowFloor"
        elif state is not None and state.cancelled:
            gone = "NonceCancelled"
        elif state is not None and state.order_hash not in (None, stored.order_hash):
            gone = "NonceBound"
        else:
            gone = None
        mine = state is not None and state.order_hash == stored.order_hash
        return (state.filled if state is not None and mine else 0), gone

    def _in_settlement_asset(self, order: Order, price: int | None) -> int | None:
        """A price in the settlement asset, rounded down."""
        in_quote, spot = self._in_quote(order), self._now.spot
        if price is None or in_quote == bool(self._series.side):
            return price
        if spot is None:
            return None
        return price * WAD // spot if in_quote else price * spot // WAD


def conditions_of(state: MarketState, expiry: int) -> Conditions:
    """What prices the orders of an expiry now."""
    feed, spot, surface = state.feed(expiry), state.spot, state.surfaces.get(expiry)
    readable = (
        spot is not None
        and spot.updated_at + feed.max_age >= state.time
        and feed.min_price <= spot.price <= feed.max_price
    )
    fresh = surface is not None and surface.timestamp and state.time <= surface.timestamp + state.heartbeat
    return Conditions(
        timestamp=state.time,
        spot=spot.price if spot is not None and readable else None,
        updated_at=spot.updated_at if spot is not None else 0,
        max_age=feed.max_age,
        carry=surface.carry if surface is not None and fresh else None,
    )
