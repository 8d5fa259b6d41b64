"""Open, high, low and close of an interval, as trades and feeds both have them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement

from api.money import WAD_DECIMALS, decimal_string
from api.reader import Reader
from api.schemas import DecimalString, Schema, Timestamp
from optionix.store import candles
from optionix.store.models import Candle as TradeCandle
from optionix.store.models import SpotCandle


class Candle(Schema):
    """Open, high, low, close and volume of one interval."""

    start: Timestamp
    open: DecimalString
    high: DecimalString
    low: DecimalString
    close: DecimalString
    volume: DecimalString


async def newest_candles(
    reader: Reader, table: type[TradeCandle] | type[SpotCandle], which: ColumnElement[bool], interval: str, limit: int
) -> list[Candle]:
    """The newest candles of what `which` picks from a table, oldest first."""
    seconds = candles.INTERVALS[interval]
    rows = await reader.rows(candles.newest_candles(table, reader.chain_id, which, seconds, limit))
    return [_shown(row) for row in reversed(rows)]


def _shown(row: Any) -> Candle:
    """A row of `optionix.store.candles`. A feed has no volume."""
    volume = getattr(row, "volume", None)
    return Candle(
        start=row.start,
        open=decimal_string(row.open, WAD_DECIMALS),
        high=decimal_string(row.high, WAD_DECIMALS),
        low=decimal_string(row.low, WAD_DECIMALS),
        close=decimal_string(row.close, WAD_DECIMALS),
        volume="0" if volume is None else decimal_string(volume, WAD_DECIMALS),
    )
