"""Orders to be signed: a trader's words made into the typed data that a wallet signs, with what would become of it."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from api.errors import BadRequest
from api.instruments.service import series_by_name
from api.money import WAD_DECIMALS, units
from api.orders import repository
from api.orders.acceptance import require_sound
from api.orders.message import OrderMessage
from api.orders.schemas import OrderView
from api.orders.service import view
from api.orders.standing import Stand
from api.reader import Reader
from api.schemas import AddressText, Answer, DecimalString, Schema
from api.valuation.repository import market_state
from optionix.instruments import Series as SeriesKey
from optionix.orders import NOBODY, LimitKind, Order, hash_order, typed_data
from optionix.store.models import Market, SignedOrder

DAY = 86_400
LONGEST_SECONDS = 90 * DAY
NO_BOUND = 2**128 - 1
WIDEST_CARRY = 2**39 - 1
"""Units of a slice: any carry that one can hold."""
_NONCE_BITS = 48

Positive = Annotated[DecimalString, Field(pattern=r"^\d{1,20}(\.\d{1,18})?$")]


class VolatilityTerms(Schema):
    """What bounds an order at a volatility; the formula is that of IExchange.sol."""

    volatility: Positive = Field(description="Annual: 0.62 is 62 %.")
    min_spot: Positive
    max_spot: Positive
    max_feed_age: int = Field(ge=1, le=DAY, description="Oldest price of the feed, seconds.")
    spot_edge: Positive = Field("0", description="Fraction by which spot is moved against the taker.")
    min_premium: Positive | None = Field(None, description="Least premium a contract that it may come to.")
    max_premium: Positive | None = Field(None, description="Most.")
    carry: str | None = Field(
        None,
        pattern=r"^-?\d(\.\d{1,9})?$",
        description="Annual carry of the maker's own; that of the stored surface, whatever it is, when absent.",
    )


class OrderTerms(Schema):
    """An order in a trader's words."""

    maker: AddressText
    name: str = Field(examples=["ETH-27NOV26-3000-C"])
    action: Literal["buy", "sell"]
    amount: Positive = Field(description="Contracts.")
    price: Positive | None = Field(None, description="Premium a contract in `asset`: the limit of a premium order.")
    volatility: VolatilityTerms | None = Field(None, description="The limit of a volatility order.")
    asset: str | None = Field(None, description="What the premium is paid in; the settlement asset when absent.")
    lasts: int = Field(DAY, ge=1, le=LONGEST_SECONDS, description="Seconds of market time until the deadline.")
    use_book: bool = Field(True, description="Write what is not held, or first close what is written.")
    taker: AddressText | None = Field(None, description="Who alone may fill it; anybody when absent.")
    nonce: str | None = Field(
        None, pattern=r"^\d{1,20}$", description="One that replaces another order; else a new one."
    )

    @model_validator(mode="after")
    def _has_one_limit(self) -> OrderTerms:
        if (self.price is None) == (self.volatility is None):
            raise ValueError("name a price or a volatility, and not both")
        return self


class OrderDraft(Answer):
    """What to sign, and how it would stand once it is."""

    typed_data: dict[str, Any] = Field(description="For `eth_signTypedData_v4`, integers as decimal text.")
    draft: OrderView = Field(description="As it would stand now; its signature is empty.")


async def draft(reader: Reader, terms: OrderTerms) -> OrderDraft:
    """The typed data of an order.

    Raises
    ------
    NotFound
        No series has that name.
    BadRequest
        An asset or a number that no order of this series can have.
    OrderRefusal
        An order that no block would ever fill.
    """
    series, market = await series_by_name(reader, terms.name)
    state = await market_state(reader, market)
    exchange = await repository.exchange_address(reader)
    head = await reader.head()
    token = _premium_token(terms, market, state.asset(series.side)[1])
    try:
        order = Order(
            maker=terms.maker.lower(),
            taker=(terms.taker or NOBODY).lower(),
            series=series.series_id,
            is_buy=terms.action == "buy",
            use_book=terms.use_book,
            premium_token=token,
            amount=units(terms.amount, WAD_DECIMALS),
            deadline=head.timestamp + terms.lasts,
            nonce=await _nonce(reader, terms),
            **_limit(terms),
        )
        message = OrderMessage.of(order)
    except ValueError as error:
        raise BadRequest(f"A number is outside of what an order can hold: {error}") from error
    require_sound(order, market)
    stored = SignedOrder(
        chain_id=reader.chain_id,
        order_hash="0x" + hash_order(order, reader.chain_id, exchange).hex(),
        maker=order.maker,
        series_id=order.series,
        nonce=order.nonce,
        deadline=order.deadline,
        message=message.model_dump(mode="json"),
        signature=b"",
        by_contract=False,
        received_at=datetime.now(UTC),
    )
    key = SeriesKey.from_id(series.series_id)
    standing = (await Stand.read(reader, exchange, state, key, [stored])).of(stored)
    return OrderDraft(
        block=head,
        typed_data=typed_data(order, reader.chain_id, exchange) | {"message": stored.message},
        draft=view(standing, series, market),
    )


def _premium_token(terms: OrderTerms, market: Market, settlement: str) -> str:
    tokens = {market.base_symbol: market.base_token, market.quote_symbol: market.quote_token}
    if terms.asset is None:
        return settlement
    if terms.asset not in tokens:
        raise BadRequest(f"Premiums of {terms.name} are paid in {' or '.join(tokens)}, not in {terms.asset!r}.")
    return tokens[terms.asset]


async def _nonce(reader: Reader, terms: OrderTerms) -> int:
    """One of the maker's own choice, or one that nobody has used, at or above the maker's floor."""
    if terms.nonce is not None:
        return int(terms.nonce)
    drawn = secrets.randbits(_NONCE_BITS)
    known = await repository.known_of(reader, {(terms.maker.lower(), drawn)})
    return max(known.floors.get(terms.maker.lower(), 0), drawn)


def _limit(terms: OrderTerms) -> dict[str, Any]:
    bounds = terms.volatility
    if bounds is None:
        return {"kind": LimitKind.PREMIUM, "limit": units(terms.price or "", WAD_DECIMALS)}
    carry = None if bounds.carry is None else int(Decimal(bounds.carry).scaleb(9))
    return {
        "kind": LimitKind.VOLATILITY,
        "limit": units(bounds.volatility, WAD_DECIMALS),
        "min_spot": units(bounds.min_spot, WAD_DECIMALS),
        "max_spot": units(bounds.max_spot, WAD_DECIMALS),
        "max_feed_age": bounds.max_feed_age,
        "spot_edge": units(bounds.spot_edge, WAD_DECIMALS),
        "min_premium": units(bounds.min_premium or "0", WAD_DECIMALS),
        "max_premium": NO_BOUND if bounds.max_premium is None else units(bounds.max_premium, WAD_DECIMALS),
        "stored_carry": carry is None,
        "min_carry": -WIDEST_CARRY if carry is None else carry,
        "max_carry": WIDEST_CARRY if carry is None else carry,
    }
