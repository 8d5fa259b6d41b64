"""Queries for trades. Prices are ticks of 1e-8 base."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Numeric, Select, cast, func, select, tuple_
from sqlalchemy.orm import aliased

from api.deribit.repository import price_in_ticks
from api.reader import Reader
from optionix.pricing.ssvi import PackedSlice
from optionix.store.models import Series, SurfaceHistory, Trade


@dataclass(frozen=True)
class Wanted:
    """Which trades: of a market, or of one of its series.

    Attributes
    ----------
    since, until : seconds, both included.
    first, last : places (block, log index), both included.
    first_sequence, last_sequence : places in the series' own sequence, both included.
    """

    market: int
    series_id: int | None = None
    since: int | None = None
    until: int | None = None
    first: tuple[int, int] | None = None
    last: tuple[int, int] | None = None
    first_sequence: int | None = None
    last_sequence: int | None = None

    @property
    def has_start(self) -> bool:
        """Whether they begin somewhere."""
        return any(each is not None for each in (self.since, self.first, self.first_sequence))


@dataclass(frozen=True)
class Found:
    """A trade with its place in its series; see `trades.Fill`."""

    trade: Trade
    name: str
    sequence: int
    price: int
    before: int | None
    different: int | None


async def trades(reader: Reader, wanted: Wanted, limit: int, *, oldest_first: bool) -> list[Found]:
    """Trades that fit, in the order asked for."""
    place = (Trade.block_number, Trade.log_index)
    query = select(Trade).where(Trade.chain_id == reader.chain_id)
    if wanted.series_id is None:
        query = query.where(Trade.market == wanted.market)
    else:
        query = query.where(Trade.series_id == wanted.series_id)
    if wanted.since is not None:
        query = query.where(Trade.timestamp >= wanted.since)
    if wanted.until is not None:
        query = query.where(Trade.timestamp <= wanted.until)
    if wanted.first is not None:
        query = query.where(tuple_(*place) >= wanted.first)
    if wanted.last is not None:
        query = query.where(tuple_(*place) <= wanted.last)
    if wanted.series_id is not None and (wanted.first_sequence, wanted.last_sequence) != (None, None):
        query = _within_sequence(query, reader.chain_id, wanted)
    order = place if oldest_first else tuple(each.desc() for each in place)
    page = query.order_by(*order).limit(limit).subquery()
    paged = aliased(Trade, page)
    rows = await reader.rows(
        select(paged, Series.name, *_surroundings(paged))
        .join(Series, (Series.chain_id == paged.chain_id) & (Series.series_id == paged.series_id))
        .order_by(
            *(
                (paged.block_number, paged.log_index)
                if oldest_first
                else (paged.block_number.desc(), paged.log_index.desc())
            )
        )
    )
    return [
        Found(row[0], row.name, row.sequence, int(row.price), _whole(row.before), _whole(row.different)) for row in rows
    ]


def _within_sequence(query: Select[Any], chain_id: int, wanted: Wanted) -> Select[Any]:
    """Only those at the wanted places: their order is that of the index, so that an offset finds them."""
    first = max(wanted.first_sequence or 1, 1)
    numbered = (
        select(Trade.block_number, Trade.log_index)
        .where(Trade.chain_id == chain_id, Trade.series_id == wanted.series_id)
        .order_by(Trade.block_number, Trade.log_index)
        .offset(first - 1)
    )
    if wanted.last_sequence is not None:
        numbered = numbered.limit(max(wanted.last_sequence - first + 1, 0))
    places = numbered.subquery()
    return query.where(tuple_(Trade.block_number, Trade.log_index).in_(select(places)))


def _surroundings(paged: Any) -> tuple[ColumnElement[Any], ...]:
    """Of each trade of a page: its number, its price, the price before it, and the newest other price before it."""
    other = aliased(Trade)
    same = (other.chain_id == paged.chain_id) & (other.series_id == paged.series_id)
    earlier = same & (tuple_(other.block_number, other.log_index) < tuple_(paged.block_number, paged.log_index))
    newest_first = (other.block_number.desc(), other.log_index.desc())
    price, theirs = price_in_ticks(paged), price_in_ticks(other)
    count = select(func.count()).select_from(other).where(earlier).scalar_subquery()
    before = select(theirs).where(earlier).order_by(*newest_first).limit(1)
    different = select(theirs).where(earlier, theirs != price).order_by(*newest_first).limit(1)
    return (
        cast(count + 1, BigInteger).label("sequence"),
        cast(price, Numeric).label("price"),
        before.scalar_subquery().label("before"),
        different.scalar_subquery().label("different"),
    )


async def slices_of(reader: Reader, found: Sequence[Found]) -> dict[tuple[int, int], PackedSlice]:
    """The slice in force at each trade, by the trade's place."""
    places = [(each.trade.block_number, each.trade.log_index) for each in found]
    if not places:
        return {}
    history = aliased(SurfaceHistory)
    newest = (
        select(history)
        .where(
            history.chain_id == Trade.chain_id,
            history.market == Series.market,
            history.expiry == Series.expiry,
            tuple_(history.block_number, history.log_index) < tuple_(Trade.block_number, Trade.log_index),
        )
        # Each slice is newer than the one before it, and the index goes by time.
        .order_by(history.timestamp.desc())
        .limit(1)
        .lateral()
    )
    rows = await reader.rows(
        select(Trade.block_number, Trade.log_index, *(newest.c[name] for name in PackedSlice.__dataclass_fields__))
        .join(Series, (Series.chain_id == Trade.chain_id) & (Series.series_id == Trade.series_id))
        .join(newest, newest.c.chain_id == Trade.chain_id)
        .where(Trade.chain_id == reader.chain_id, tuple_(Trade.block_number, Trade.log_index).in_(places))
    )
    return {(row[0], row[1]): PackedSlice(*(int(value) for value in row[2:])) for row in rows}


def _whole(value: Any) -> int | None:
    return None if value is None else int(value)
