"""Open, high, low and close of an interval, as trades and feeds both have them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from sqlalchemy import ColumnElement, select

from api.money import WAD_DECIMALS, decimal_string
from api.reader import Reader
from api.schemas import DecimalString, Schema, Timestamp
from optionix.store.models import Candle as TradeCandle
from optionix.store.models import SpotCandle

INTERVALS = {"1m": 60, "5m": 300, "15m": 900, "1h": 3_600, "4h": 14_400, "1d": 86_400}
"""Seconds of each interval that is kept."""


Row = TypeVar("Row", TradeCandle, SpotCandle)


class Candle(Schema):
    """Open, high, low, close and volume of one interval."""

    start: Timestamp
    open: DecimalString
    high: DecimalString
    low: DecimalString
    close: DecimalString
    volume: DecimalString


async def newest_candles(
    reader: Reader, table: type[Row], which: ColumnElement[bool], interval: str, limit: int
) -> list[Candle]:
    """The newest candles of what `which` picks from a table, oldest first."""
    rows = await reader.all(
        select(table)
        .where(table.chain_id == reader.chain_id, which, table.interval_seconds == INTERVALS[interval])
        .order_by(table.start.desc())
        .limit(limit)
    )
    return _oldest_first(rows)


def _oldest_first(newest_first: Sequence[TradeCandle | SpotCandle]) -> list[Candle]:
    """The rows of a query for the newest candles as they are shown. A feed has no volume."""
    return [
        Candle(
            start=row.start,
            open=decimal_string(row.open, WAD_DECIMALS),
            high=decimal_string(row.high, WAD_DECIMALS),
            low=decimal_string(row.low, WAD_DECIMALS),
            close=decimal_string(row.close, WAD_DECIMALS),
            volume=decimal_string(row.volume, WAD_DECIMALS) if isinstance(row, TradeCandle) else "0",
        )
        for row in reversed(newest_first)
    ]
