"""Histories: bars of trades, marks, and the volatility of the index."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from api.deribit import chart_repository as repository
from api.deribit import units
from api.deribit.chart_repository import Bar, PastSlice
from api.deribit.errors import InvalidParams
from api.deribit.names import market_of_currency, series_of_instrument
from api.deribit.params import Params
from api.deribit.tickers import ticks
from api.reader import Reader
from optionix.instruments import Side
from optionix.pricing import marks
from optionix.pricing.ssvi import PackedSlice
from optionix.store.models import Series

Floats = NDArray[np.float64]

RESOLUTIONS = {str(minutes): 60 * minutes for minutes in (1, 3, 5, 10, 15, 30, 60, 120, 180, 360, 720)} | {"1D": 86_400}
MOST_BARS = 5_000
MARK_STEP = 300
"""Seconds between two marks of a history."""
MOST_MARK_SECONDS = 31 * 86_400
HOUR = 3_600
WINDOW_HOURS = 15 * 24
"""Of the historical volatility."""
SHOWN_HOURS = 16 * 24
HOURS_A_YEAR = 365 * 24


async def get_tradingview_chart_data(reader: Reader, params: Params) -> dict[str, object]:
    """Bars of an instrument's trades, at most the newest 5,000; an interval without a trade has none."""
    series, _ = await series_of_instrument(reader, params.text("instrument_name"))
    seconds = RESOLUTIONS[params.choice("resolution", tuple(RESOLUTIONS))]
    since, until = times(params)
    # A bar belongs to the answer by the time that it starts at.
    first = -(-since // seconds) * seconds
    return chart(await repository.bars(reader, series.series_id, seconds, first, until, MOST_BARS))


def chart(bars: Sequence[Bar]) -> dict[str, object]:
    """Bars, oldest first, as columns."""
    return {
        "status": "ok" if bars else "no_data",
        "ticks": [bar.start * 1000 for bar in bars],
        "open": [ticks(bar.open) for bar in bars],
        "high": [ticks(bar.high) for bar in bars],
        "low": [ticks(bar.low) for bar in bars],
        "close": [ticks(bar.close) for bar in bars],
        "volume": [units.contracts(bar.volume) for bar in bars],
        "cost": [cost_of(bar.cost) for bar in bars],
    }


async def newest_bar(reader: Reader, series_id: int, seconds: int) -> Bar | None:
    """The bar of the present interval; None while it has no trade."""
    now = (await reader.head()).timestamp
    found = await repository.bars(reader, series_id, seconds, now - now % seconds, now, 1)
    return found[0] if found else None


def tick(bar: Bar) -> dict[str, object]:
    """One bar, as the channel of charts carries it."""
    return {
        "tick": bar.start * 1000,
        "open": ticks(bar.open),
        "high": ticks(bar.high),
        "low": ticks(bar.low),
        "close": ticks(bar.close),
        "volume": units.contracts(bar.volume),
        "cost": cost_of(bar.cost),
    }


def cost_of(tick_wads: int) -> Decimal:
    """Base, from the sum of ticks times WAD contracts."""
    return units.ratio(tick_wads, units.TICKS * 10**18, units.EVEN)


async def get_mark_price_history(reader: Reader, params: Params) -> list[list[float]]:
    """Marks in base at every five minutes of market time, oldest first, as far as prices and slices are known."""
    series, market = await series_of_instrument(reader, params.text("instrument_name"))
    since, until = times(params)
    if until - since > MOST_MARK_SECONDS:
        raise InvalidParams(f"at most {MOST_MARK_SECONDS // 86_400} days", "end_timestamp")
    now = (await reader.head()).timestamp
    until = min(until, now, series.expiry - 1)
    spots = await repository.spots(reader, market.market, since, until)
    slices = await repository.past_slices(reader, market.market, series.expiry, until)
    at = np.arange(-(-since // MARK_STEP) * MARK_STEP, until + 1, MARK_STEP, dtype=np.int64)
    return [[float(1000 * when), price] for when, price in marks_at(series, at, spots, slices)]


def marks_at(
    series: Series, at: NDArray[np.int64], spots: Sequence[tuple[int, float]], slices: Sequence[PastSlice]
) -> list[tuple[int, float]]:
    """Marks in base at times, each from the newest price and the newest slice that were there by then.

    Parameters
    ----------
    spots : (time from which it was known, quote per base), ascending.
    slices : ascending by the time that they were posted at.
    """
    if not spots or not slices:
        return []
    known_from, prices = (np.array(column) for column in zip(*spots, strict=True))
    posted = np.array([each.posted_at for each in slices])
    spot_at = np.searchsorted(known_from, at, side="right") - 1
    slice_at = np.searchsorted(posted, at, side="right") - 1
    found: list[tuple[int, float]] = []
    side = Side(series.side)
    for number, each in enumerate(slices):
        chosen = (slice_at == number) & (spot_at >= 0)
        if not chosen.any():
            continue
        when, spot = at[chosen], prices[spot_at[chosen]]
        stored = PackedSlice(each.theta, each.phi, each.rho, each.carry, each.timestamp).unpack()
        value = marks.mark(spot, series.strike / 1e8, side, stored, series.expiry, when).value
        base = value if side is Side.CALL else value / spot
        found += zip(when.tolist(), np.round(base, units.PLACES).tolist(), strict=True)
    return found


async def get_historical_volatility(reader: Reader, params: Params) -> list[list[float]]:
    """Annual volatility of the index in percent, hourly for 16 days, each over the 15 days before it."""
    market = await market_of_currency(reader, params)
    now = (await reader.head()).timestamp
    rows = await repository.hourly_closes(reader, market.market, now - (SHOWN_HOURS + WINDOW_HOURS + 1) * HOUR)
    return [[float(1000 * when), value] for when, value in historical_volatility(rows, now)]


def historical_volatility(closes: Sequence[tuple[int, float]], now: int) -> list[tuple[int, float]]:
    """Realised volatility at the end of each hour.

    The root of the mean of squared hourly log returns over up to 360 hours, times the root of 8,760, in percent. An
    hour without a price keeps the one before; where less is known the mean is over what there is, from 2 returns on.

    Parameters
    ----------
    closes : (start of an hour, its last price), ascending.
    """
    if not closes:
        return []
    first, last = closes[0][0], min(closes[-1][0] + (WINDOW_HOURS * HOUR), (now // HOUR - 1) * HOUR)
    hours = np.arange(first, last + 1, HOUR, dtype=np.int64)
    starts, prices = (np.array(column) for column in zip(*closes, strict=True))
    filled = prices[np.searchsorted(starts, hours, side="right") - 1]
    squares = np.concatenate(([0.0], np.cumsum(np.diff(np.log(filled)) ** 2)))
    ends = np.arange(2, len(hours))
    begins = np.maximum(ends - WINDOW_HOURS, 0)
    values = 100 * np.sqrt((squares[ends] - squares[begins]) / (ends - begins) * HOURS_A_YEAR)
    told = zip((hours[ends] + HOUR).tolist(), values.tolist(), strict=True)
    return list(told)[-SHOWN_HOURS:]


def times(params: Params) -> tuple[int, int]:
    """The required range, seconds: from the first whole second to the last.

    Raises
    ------
    InvalidParams
        When it is missing or ends before it begins.
    """
    since, until = params.integer("start_timestamp"), params.integer("end_timestamp")
    if until < since:
        raise InvalidParams("ends before it begins", "end_timestamp")
    return -(-since // 1000), until // 1000
