"""Answers about signed orders: one, a maker's, a series' book."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from sqlalchemy import select

from api.errors import NotFound
from api.instruments.service import series_by_name
from api.money import WAD_DECIMALS, decimal_string
from api.orders import repository
from api.orders.message import OrderMessage
from api.orders.schemas import OrderAnswer, OrderBook, Orders, OrderView
from api.orders.standing import Stand, Standing
from api.reader import Reader
from api.valuation.repository import MarketState, market_state
from optionix.instruments import Series as SeriesKey
from optionix.orders import LimitKind
from optionix.pricing.payoff import WAD
from optionix.store.models import Market, Series, SignedOrder

MOST_OF_A_BOOK = 1_000
"""Orders of a series that are live at once."""
CURSOR = r"^([0-9]{1,17})\.(0x[0-9a-f]{64})$"
_MICRO = 1_000_000


async def order(reader: Reader, order_hash: str) -> OrderAnswer:
    """One order as it stands.

    Raises
    ------
    NotFound
        When nobody sent it in, or its series is not listed now.
    """
    stored = await repository.by_hash(reader, order_hash.lower())
    if stored is None:
        raise NotFound(f"No order of hash {order_hash} was sent to this API. POST /v1/orders takes signed orders.")
    shown = await views(reader, [stored])
    if not shown:
        raise NotFound(f"The listing of the order's series {stored.series_id} was taken back by a reorg of the chain.")
    return OrderAnswer(block=await reader.head(), order=shown[0])


async def orders_of(reader: Reader, maker: str, limit: int, cursor: str | None) -> Orders:
    """All orders of a maker, whatever became of them, newest first."""
    before = _parse(cursor) if cursor is not None else None
    rows = await repository.of_maker(reader, maker.lower(), limit + 1, before)
    shown = rows[:limit]
    return Orders(
        block=await reader.head(),
        orders=await views(reader, shown),
        next_cursor=_cursor(shown[-1]) if len(rows) > limit else None,
    )


async def book(reader: Reader, name: str) -> OrderBook:
    """The orders of a series that fill now: bids from the highest, asks from the lowest; of equal ones the older first.

    Raises
    ------
    NotFound
        When no series has that name.
    """
    series, market = await series_by_name(reader, name)
    state = await market_state(reader, market)
    standing = await fillable(reader, state, series)
    ranked = sorted(standing, key=lambda each: (each.settlement_price is None, each.settlement_price or 0))
    bids = sorted((each for each in standing if each.order.is_buy), key=lambda each: -(each.settlement_price or 0))
    return OrderBook(
        block=await reader.head(),
        name=series.name,
        series_id=str(series.series_id),
        asset=state.asset(series.side)[0],
        bids=[view(each, series, market) for each in bids],
        asks=[view(each, series, market) for each in ranked if not each.order.is_buy],
    )


async def fillable(reader: Reader, state: MarketState, series: Series) -> list[Standing]:
    """The orders of a series that fill now, the older first."""
    stored = await repository.live_of_series(reader, series.series_id, MOST_OF_A_BOOK)
    return [each for each in await _stand(reader, state, series, stored) if each.status == "open"]


async def views(reader: Reader, stored: Sequence[SignedOrder]) -> list[OrderView]:
    """Orders of any series as they stand, in the order given."""
    found: dict[str, OrderView] = {}
    listed = await reader.rows(
        select(Series, Market)
        .join(Market, (Market.chain_id == Series.chain_id) & (Market.market == Series.market))
        .where(Series.chain_id == reader.chain_id, Series.series_id.in_({each.series_id for each in stored}))
    )
    states: dict[int, MarketState] = {}
    for series, market in listed:
        if market.market not in states:
            states[market.market] = await market_state(reader, market)
        mine = [each for each in stored if each.series_id == series.series_id]
        for standing in await _stand(reader, states[market.market], series, mine):
            found[standing.stored.order_hash] = view(standing, series, market)
    # A series whose listing was taken back by a reorg has no answer of its own: its orders come again with it.
    return [found[each.order_hash] for each in stored if each.order_hash in found]


async def _stand(reader: Reader, state: MarketState, series: Series, stored: Iterable[SignedOrder]) -> list[Standing]:
    orders = list(stored)
    if not orders:
        return []
    exchange = await repository.exchange_address(reader)
    stand = await Stand.read(reader, exchange, state, SeriesKey.from_id(series.series_id), orders)
    return [stand.of(each) for each in orders]


def view(standing: Standing, series: Series, market: Market) -> OrderView:
    """One order as it is answered."""
    order, stored = standing.order, standing.stored
    in_quote = order.premium_token == market.quote_token
    is_volatility = order.kind is LimitKind.VOLATILITY
    return OrderView(
        hash=stored.order_hash,
        name=series.name,
        maker=order.maker,
        action="buy" if order.is_buy else "sell",
        kind="volatility" if is_volatility else "premium",
        status=standing.status,
        reason=standing.reason,
        price=_wad(standing.price),
        asset=market.quote_symbol if in_quote else market.base_symbol,
        settlement_price=_wad(standing.settlement_price),
        volatility=order.limit / WAD if is_volatility else None,
        amount=decimal_string(order.amount, WAD_DECIMALS),
        filled=decimal_string(standing.filled, WAD_DECIMALS),
        remaining=decimal_string(standing.remaining, WAD_DECIMALS),
        fillable=decimal_string(standing.fillable, WAD_DECIMALS),
        deadline=order.deadline,
        received_at=stored.received_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        order=OrderMessage.of(order),
        signature="0x" + stored.signature.hex(),
    )


def _wad(value: int | None) -> str | None:
    return None if value is None else decimal_string(value, WAD_DECIMALS)


def _cursor(row: SignedOrder) -> str:
    stamp = row.received_at
    return f"{int(stamp.timestamp()) * _MICRO + stamp.microsecond}.{row.order_hash}"


def _parse(cursor: str) -> tuple[datetime, str]:
    match = re.fullmatch(CURSOR, cursor)
    if match is None:
        raise ValueError(f"{cursor!r} is no cursor; a route that takes one holds it to the pattern")
    seconds, micro = divmod(int(match[1]), _MICRO)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=micro), match[2]
