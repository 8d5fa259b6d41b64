"""Taking a signed order in: what the Exchange would refuse for good, or cannot be paid for, never enters a book.

Signature, nonce, time, token, amount and funds are looked at as the contract does. The chain is asked for one thing
alone: whether an ERC-1271 account takes a signature that is not its key's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from api.errors import ApiError, NotFound, Unavailable
from api.orders import repository
from api.orders.message import OrderMessage
from api.orders.schemas import NewOrder, OrderAnswer
from api.orders.service import MOST_OF_A_BOOK, view
from api.orders.standing import Stand, Standing
from api.reader import Reader
from api.valuation.repository import market_state
from api.writer import Writer
from optionix.chain.errors import ChainError
from optionix.chain.rpc import Rpc
from optionix.chain.signatures import is_signed_by_key
from optionix.instruments import Series as SeriesKey
from optionix.orders import LimitKind, Order, hash_order
from optionix.orders.pricing import AMOUNT_UNIT, MAX_VOLATILITY, MOST_AMOUNT
from optionix.orders.signing import is_signed
from optionix.pricing.payoff import WAD
from optionix.store.models import Market, Series, SignedOrder
from optionix.store.notify import OrderChange

MOST_OF_A_MAKER = 200
"""Orders of one account that are live at once."""
_FOR_GOOD = frozenset({"TradingCutoff", "PricesOutOfRange"})
"""Reasons to have no price that no later block takes away."""


class OrderRefusal(ApiError):
    """The Exchange would not fill the order; `reason` is the name of its error."""

    status = 422
    code = "order_refused"
    title = "Order refused"

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail, reason=reason)


class TooManyOrders(ApiError):
    """An account or a book has as many live orders as it may."""

    status = 429
    code = "too_many_orders"
    title = "Too many orders"


@dataclass(frozen=True)
class Intake:
    """What an order is checked with and where it goes."""

    reader: Reader
    writer: Writer
    rpc: Rpc

    async def take(self, new: NewOrder) -> OrderAnswer:
        """Check an order and keep it; one that is known already is answered as it stands.

        Raises
        ------
        NotFound
            Its series is not listed.
        OrderRefusal
            The Exchange would not fill it, now or ever.
        TooManyOrders
        Unavailable
            Neither the tables nor the chain can tell yet.
        """
        order, signature = new.order.signed(), bytes.fromhex(new.signature[2:])
        series, market = await self._listed(order)
        require_sound(order, market)
        exchange = await repository.exchange_address(self.reader)
        digest = hash_order(order, self.reader.chain_id, exchange)
        order_hash = "0x" + digest.hex()
        stored = await repository.by_hash(self.reader, order_hash)
        is_known = stored is not None
        if stored is None:
            by_contract = await self._require_signed(order, digest, signature, exchange)
            stored = _row(self.reader.chain_id, order_hash, order, signature, by_contract)
        key = SeriesKey.from_id(series.series_id)
        state = await market_state(self.reader, market)
        stand = await Stand.read(self.reader, exchange, state, key, [stored])
        standing = stand.of(stored)
        if not is_known:
            _require_alive(standing, stand)
            await self._keep(stored, series.name)
        return OrderAnswer(block=await self.reader.head(), order=view(standing, series, market))

    async def _listed(self, order: Order) -> tuple[Series, Market]:
        found = await self.reader.rows(
            select(Series, Market)
            .join(Market, (Market.chain_id == Series.chain_id) & (Market.market == Series.market))
            .where(Series.chain_id == self.reader.chain_id, Series.series_id == order.series)
        )
        if not found:
            raise NotFound(f"No series of id {order.series} is listed. GET /v1/markets leads to those that are.")
        series, market = found[0]
        return series, market

    async def _require_signed(self, order: Order, digest: bytes, signature: bytes, exchange: str) -> bool:
        """Whether an account's code signed; refuses where nobody did."""
        if is_signed_by_key(order.maker, digest, signature):
            return False
        try:
            signed = await is_signed(self.rpc, order, signature, self.reader.chain_id, exchange)
        except ChainError as error:
            raise Unavailable(
                "The signature is not of the maker's key, and the chain cannot be asked now whether the maker is an"
                " account that takes it. Try again in a moment."
            ) from error
        if not signed:
            raise OrderRefusal(
                "BadSignature",
                f"The signature is not that of {order.maker} over this order on chain {self.reader.chain_id}."
                " Sign the message as it is sent, for the Exchange that GET /v1/contracts names.",
            )
        return True

    async def _keep(self, row: SignedOrder, name: str) -> None:
        async with self.writer.transaction() as session:
            await _require_room(session, row, (await self.reader.head()).timestamp)
            values = {column.key: getattr(row, column.key) for column in SignedOrder.__table__.columns}
            # Sent twice at once it is kept once.
            await session.execute(insert(SignedOrder).values(values).on_conflict_do_nothing())
            await OrderChange(row.chain_id, name).announce(session)


def require_sound(order: Order, market: Market) -> None:
    """Refuse what no block ever fills."""
    if order.premium_token not in (market.base_token, market.quote_token):
        raise OrderRefusal(
            "BadPremiumToken",
            f"Premiums of {market.base_symbol} options are paid in {market.base_symbol} or {market.quote_symbol}:"
            f" {market.base_token} or {market.quote_token}.",
        )
    if not 0 < order.amount <= MOST_AMOUNT or order.amount % AMOUNT_UNIT:
        raise OrderRefusal("BadAmount", "Amounts are multiples of 1e-8 contracts (1e10 in WAD) above zero.")
    if order.taker == order.maker:
        raise OrderRefusal("SelfTrade", "The order names its maker as the only taker.")
    if order.kind is LimitKind.PREMIUM:
        return
    if order.limit > MAX_VOLATILITY:
        raise OrderRefusal("VolatilityOutOfRange", "A volatility is at most 1,000 % (1e19).")
    if order.spot_edge >= WAD:
        raise OrderRefusal("SpotEdgeOutOfRange", "An edge is below 100 % (1e18).")
    for reason, least, most in (
        ("SpotOutOfRange", order.min_spot, order.max_spot),
        ("CarryOutOfRange", order.min_carry, order.max_carry),
        ("PremiumOutOfRange", order.min_premium, order.max_premium),
    ):
        if least > most:
            raise OrderRefusal(reason, f"Its least value {least} is above its most {most}: nothing lies between.")


def _require_alive(standing: Standing, stand: Stand) -> None:
    """Refuse what is over, and what its maker cannot pay for even in part."""
    order, reason = standing.order, standing.reason
    if standing.status in ("cancelled", "filled", "expired") and reason is not None:
        raise OrderRefusal(reason, f"The order is {standing.status}: sign another with a new nonce and deadline.")
    if standing.status == "unpriced" and reason in _FOR_GOOD:
        raise OrderRefusal(str(reason), "The Exchange no longer prices a volatility for this series.")
    # Without a price at this block it may have one at the next: its maker has to be able to pay the least.
    may_pay = standing.status != "unpriced" or stand.funding(order, max(order.min_premium, 1)).most() >= AMOUNT_UNIT
    if standing.status == "unfunded" or not may_pay:
        raise _unfunded(order)


def _unfunded(order: Order) -> OrderRefusal:
    what = (
        "pay any of it: it needs a free balance of the premium token in the Clearinghouse"
        if order.is_buy
        else "deliver any of it: it needs option tokens that the Exchange is approved for, or useBook and a free"
        " balance to lock"
    )
    return OrderRefusal("NotFunded", f"The maker cannot {what}, and the Exchange as an operator (TRADE).")


async def _require_room(session: AsyncSession, row: SignedOrder, now: int) -> None:
    """Refuse more live orders than an account or a book may have; one at a time by account."""
    await session.execute(
        text("select pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": f"orders:{row.chain_id}:{row.maker}"}
    )
    live = repository.live(row.chain_id, now)
    counted = select(func.count()).select_from(SignedOrder)
    mine = await session.scalar(counted.where(live, SignedOrder.maker == row.maker))
    if (mine or 0) >= MOST_OF_A_MAKER:
        raise TooManyOrders(
            f"An account has at most {MOST_OF_A_MAKER} live orders: cancel some, or all below a nonce, on chain."
        )
    booked = await session.scalar(counted.where(live, SignedOrder.series_id == row.series_id))
    if (booked or 0) >= MOST_OF_A_BOOK:
        raise TooManyOrders(f"The book of a series has at most {MOST_OF_A_BOOK} live orders. Try again later.")


def _row(chain_id: int, order_hash: str, order: Order, signature: bytes, by_contract: bool) -> SignedOrder:
    return SignedOrder(
        chain_id=chain_id,
        order_hash=order_hash,
        maker=order.maker,
        series_id=order.series,
        nonce=order.nonce,
        deadline=order.deadline,
        message=OrderMessage.of(order).model_dump(mode="json"),
        signature=signature,
        by_contract=by_contract,
        received_at=datetime.now(UTC),
    )
