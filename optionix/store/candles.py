"""Candles of any interval, rolled up in the database from those that are kept.

A candle of five minutes is exactly what its minutes say, one of a day what its hours say. So only minutes and hours are
written, and at most 24 rows are read for a candle: fast both ways, and never in disagreement.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, cast, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from optionix.store.models import Candle, SpotCandle

INTERVALS = {"1m": 60, "5m": 300, "15m": 900, "1h": 3_600, "4h": 14_400, "1d": 86_400}
"""Seconds of market time of each interval, by its name."""
KEPT = (60, 3_600)
"""Intervals that have rows of their own, seconds."""


def newest_candles(
    table: type[Candle] | type[SpotCandle], chain_id: int, which: ColumnElement[bool], seconds: int, limit: int
) -> Select[Any]:
    """The newest candles of an interval, the newest first: `start`, `open`, `high`, `low`, `close`, and of trades
    `volume` and `trades`.

    Parameters
    ----------
    table : candles of trades or of spot.
    which : picks the series or the market.
    seconds : one of `INTERVALS`.
    limit : most candles.
    """
    kept = max(each for each in KEPT if seconds % each == 0)
    # Each candle has at most `seconds // kept` rows: so many of the newest hold the newest `limit` whole.
    rows = (
        select(table)
        .where(table.chain_id == chain_id, which, table.interval_seconds == kept)
        .order_by(table.start.desc())
        .limit(limit * (seconds // kept))
        .subquery()
    )
    start = (rows.c.start - rows.c.start % seconds).label("start")
    columns: list[ColumnElement[Any]] = [
        start,
        func.array_agg(aggregate_order_by(rows.c.open, rows.c.start))[1].label("open"),
        func.max(rows.c.high).label("high"),
        func.min(rows.c.low).label("low"),
        func.array_agg(aggregate_order_by(rows.c.close, rows.c.start.desc()))[1].label("close"),
    ]
    if table is Candle:
        columns += [func.sum(rows.c.volume).label("volume"), cast(func.sum(rows.c.trades), BigInteger).label("trades")]
    return select(*columns).group_by(start).order_by(start.desc()).limit(limit)
