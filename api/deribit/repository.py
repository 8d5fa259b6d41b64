"""Queries that only this shape of market data asks. Prices are ticks of 1e-8 base, as `units` states them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Numeric, and_, case, cast, func, literal_column, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from api.deribit.tickers import Stats
from api.deribit.units import TICKS
from api.orders.repository import live
from api.reader import Reader
from optionix.store.models import Block, Checkpoint, Exchange, Market, Series, SignedOrder, Trade

DAY = 86_400
WAD: ColumnElement[Any] = literal_column("1000000000000000000")
_TICKS: ColumnElement[Any] = literal_column(str(TICKS))
_ORDER = (Trade.block_number.desc(), Trade.log_index.desc())
_MARKET_BITS = 112


def price_in_ticks(trade: type[Trade] = Trade) -> ColumnElement[Any]:
    """A trade's price in base, rounded down: `units.base_price` in the database."""
    return func.div(trade.price * _TICKS, case((trade.side == 0, WAD), else_=trade.spot))


async def series_of_market(
    reader: Reader, market: Market, *, after: int, before: int | None = None
) -> Sequence[Series]:
    """Series that expire after a time, and not after another, by expiry, strike and side."""
    query = select(Series).where(
        Series.chain_id == reader.chain_id, Series.market == market.market, Series.expiry > after
    )
    if before is not None:
        query = query.where(Series.expiry <= before)
    return await reader.all(query.order_by(Series.expiry, Series.strike, Series.side))


async def listing_times(reader: Reader, series: Collection[Series]) -> dict[int, int]:
    """Times of the blocks in which series were listed."""
    numbers = {each.listed_block for each in series}
    rows = await reader.rows(
        select(Block.number, Block.timestamp).where(Block.chain_id == reader.chain_id, Block.number.in_(numbers))
    )
    return {row.number: row.timestamp for row in rows}


async def exchange_fee(reader: Reader) -> int:
    """The share of notional that a taker of a signed order pays at most, WAD."""
    exchange = await reader.first(select(Exchange).where(Exchange.chain_id == reader.chain_id))
    return exchange.of_notional if exchange else 0


async def day_stats(reader: Reader, market: Market, time: int) -> dict[int, Stats]:
    """Trades of the last day by series."""
    price = price_in_ticks()
    forward = aggregate_order_by(price, Trade.block_number, Trade.log_index)
    backward = aggregate_order_by(price, *_ORDER)
    worth = func.div(Trade.price * Trade.amount, WAD)
    rows = await reader.rows(
        select(
            cast(Trade.series_id, Numeric).label("series_id"),
            cast(func.sum(Trade.amount), Numeric).label("volume"),
            func.sum(case((Trade.side == 0, func.div(worth * Trade.spot, WAD)), else_=worth)).label("premium"),
            func.max(price).label("high"),
            func.min(price).label("low"),
            func.array_agg(forward)[1].label("first"),
            func.array_agg(backward)[1].label("last"),
        )
        .where(Trade.chain_id == reader.chain_id, Trade.market == market.market, Trade.timestamp > time - DAY)
        .group_by(Trade.series_id)
    )
    return {
        int(row.series_id): Stats(*(int(getattr(row, name)) for name in Stats.__dataclass_fields__)) for row in rows
    }


async def last_prices(reader: Reader, series: Collection[Series]) -> dict[int, int]:
    """The price of the newest trade of each series that was ever traded."""
    newest = (
        select(price_in_ticks())
        .where(Trade.chain_id == Series.chain_id, Trade.series_id == Series.series_id)
        .order_by(*_ORDER)
        .limit(1)
        .correlate(Series)
        .scalar_subquery()
    )
    traded = {each.series_id for each in series if each.trades}
    if not traded:
        return {}
    rows = await reader.rows(
        select(Series.series_id, newest.label("price")).where(
            Series.chain_id == reader.chain_id, Series.series_id.in_(traded)
        )
    )
    return {row.series_id: int(row.price) for row in rows if row.price is not None}


async def series_with_orders(reader: Reader, market: Market) -> set[int]:
    """Series of a market for which there are orders that may fill."""
    now = (await reader.head()).timestamp
    low, high = market.market << _MARKET_BITS, market.market + 1 << _MARKET_BITS
    rows = await reader.rows(
        select(SignedOrder.series_id)
        .where(SignedOrder.series_id >= low, SignedOrder.series_id < high, live(reader.chain_id, now))
        .distinct()
    )
    return {row.series_id for row in rows}


async def change_id(reader: Reader, series: Series) -> int:
    """A number that rises with each change of a book: when the newest block or order of it came, microseconds.

    The same on every replica, since both times are in the tables.
    """
    now = (await reader.head()).timestamp
    newest = select(func.max(SignedOrder.received_at)).where(
        and_(SignedOrder.series_id == series.series_id, live(reader.chain_id, now))
    )
    moved = func.greatest(Checkpoint.updated_at, newest.scalar_subquery())
    rows = await reader.rows(
        select(cast(func.extract("epoch", moved) * 1_000_000, BigInteger)).where(Checkpoint.chain_id == reader.chain_id)
    )
    return int(rows[0][0])
