"""Queries for histories."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from api.deribit.repository import price_in_ticks
from api.reader import Reader
from optionix.store.models import Block, FeedRound, SpotCandle, SurfaceHistory, Trade

HOUR = 3_600


@dataclass(frozen=True)
class Bar:
    """Trades of an interval.

    Attributes
    ----------
    open, high, low, close : ticks of 1e-8 base.
    volume : contracts, WAD.
    cost : sum of ticks times WAD contracts.
    """

    start: int
    open: int
    high: int
    low: int
    close: int
    volume: int
    cost: int


@dataclass(frozen=True)
class PastSlice:
    """A slice in the units of `surface`, and the time of its block."""

    posted_at: int
    theta: int
    phi: int
    rho: int
    carry: int
    timestamp: int


async def bars(reader: Reader, series_id: int, seconds: int, first: int, until: int, limit: int) -> list[Bar]:
    """The newest bars that start in a range, oldest first.

    Put prices in base need the index of each trade, which candles do not keep: bars are made from trades.
    """
    price = price_in_ticks()
    start = (Trade.timestamp - Trade.timestamp % seconds).label("start")
    rows = await reader.rows(
        select(
            start,
            func.array_agg(aggregate_order_by(price, Trade.block_number, Trade.log_index))[1].label("open"),
            func.max(price).label("high"),
            func.min(price).label("low"),
            func.array_agg(aggregate_order_by(price, Trade.block_number.desc(), Trade.log_index.desc()))[1].label(
                "close"
            ),
            func.sum(Trade.amount).label("volume"),
            func.sum(price * Trade.amount).label("cost"),
        )
        .where(
            Trade.chain_id == reader.chain_id,
            Trade.series_id == series_id,
            Trade.timestamp >= first,
            Trade.timestamp < until - until % seconds + seconds,
        )
        .group_by(start)
        .order_by(start.desc())
        .limit(limit)
    )
    return [Bar(*(int(value) for value in row)) for row in reversed(rows)]


async def spots(reader: Reader, market: int, since: int, until: int) -> Sequence[tuple[int, float]]:
    """(time from which it was known, price) of the index: each minute's last, and the last before the range."""
    before = await reader.rows(
        select(FeedRound.updated_at, FeedRound.price)
        .where(FeedRound.chain_id == reader.chain_id, FeedRound.market == market, FeedRound.updated_at <= since)
        .order_by(FeedRound.updated_at.desc(), FeedRound.round_id.desc())
        .limit(1)
    )
    minutes = await reader.rows(
        select(SpotCandle.start, SpotCandle.close)
        .where(
            SpotCandle.chain_id == reader.chain_id,
            SpotCandle.market == market,
            SpotCandle.interval_seconds == 60,
            SpotCandle.start > since - 60,
            SpotCandle.start <= until - 60,
        )
        .order_by(SpotCandle.start)
    )
    found = [(int(row[0]), int(row[1]) / 1e18) for row in before]
    # A minute's last price is known when the minute is over.
    return found + [(row.start + 60, row.close / 1e18) for row in minutes]


async def past_slices(reader: Reader, market: int, expiry: int, until: int) -> Sequence[PastSlice]:
    """Slices of an expiry that were posted by a time, oldest first."""
    rows = await reader.rows(
        select(
            Block.timestamp.label("posted_at"),
            SurfaceHistory.theta,
            SurfaceHistory.phi,
            SurfaceHistory.rho,
            SurfaceHistory.carry,
            SurfaceHistory.timestamp,
        )
        .join(Block, (Block.chain_id == SurfaceHistory.chain_id) & (Block.number == SurfaceHistory.block_number))
        .where(
            SurfaceHistory.chain_id == reader.chain_id,
            SurfaceHistory.market == market,
            SurfaceHistory.expiry == expiry,
            SurfaceHistory.timestamp <= until,
            Block.timestamp <= until,
        )
        .order_by(SurfaceHistory.timestamp)
    )
    return [PastSlice(*row) for row in rows]


async def hourly_closes(reader: Reader, market: int, since: int) -> Sequence[tuple[int, float]]:
    """(start of an hour, its last price) of the index, oldest first."""
    rows = await reader.rows(
        select(SpotCandle.start, SpotCandle.close)
        .where(
            SpotCandle.chain_id == reader.chain_id,
            SpotCandle.market == market,
            SpotCandle.interval_seconds == HOUR,
            SpotCandle.start >= since,
        )
        .order_by(SpotCandle.start)
    )
    return [(row.start, row.close / 1e18) for row in rows]
