"""Trades: by instrument or currency, by time, id or place in the instrument's sequence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from api.deribit import trade_repository as repository
from api.deribit import units
from api.deribit.errors import InvalidParams
from api.deribit.names import lists_options, market_of_currency, series_of_instrument
from api.deribit.params import Params
from api.deribit.tickers import ticks
from api.deribit.trade_repository import Found, Wanted
from api.paging import decode_cursor, encode_cursor
from api.reader import Reader
from optionix.instruments import Series as SeriesKey
from optionix.instruments import Side
from optionix.pricing import contract
from optionix.pricing.contract import PricingError
from optionix.pricing.payoff import WAD
from optionix.pricing.ssvi import PackedSlice

DEFAULT_COUNT = 10
MOST = 1000
SORTINGS = ("default", "asc", "desc")
PLUS, ZERO_PLUS, MINUS, ZERO_MINUS = range(4)


@dataclass(frozen=True)
class Fill:
    """A trade with what surrounds it.

    Attributes
    ----------
    sequence : its number within its instrument, from 1.
    price, before, different : ticks: its own, of the trade before it in its instrument, and of the newest one before it
        at another price; None where there is none.
    mark : of the moment, in base; None where no slice was there to mark with.
    volatility : that it was priced at, 1.0 = 100 %; None for a signed order at a premium.
    """

    id: str
    name: str
    timestamp: int
    is_buy: bool
    sequence: int
    price: int
    before: int | None
    different: int | None
    amount: int
    index: int
    mark: Decimal | None
    volatility: float | None


def trade(fill: Fill) -> dict[str, object]:
    """As Deribit tells a trade."""
    told: dict[str, object] = {
        "trade_id": fill.id,
        "trade_seq": fill.sequence,
        "instrument_name": fill.name,
        "timestamp": fill.timestamp * 1000,
        "direction": "buy" if fill.is_buy else "sell",
        "tick_direction": tick_direction(fill.price, fill.before, fill.different),
        "price": ticks(fill.price),
        "amount": units.contracts(fill.amount),
        "contracts": units.contracts(fill.amount),
        "index_price": units.quote_amount(fill.index),
        "mark_price": fill.mark,
    }
    if fill.volatility is not None:
        told["iv"] = fill.volatility * 100
    return told


def tick_direction(price: int, before: int | None, different: int | None) -> int:
    """0 above the trade before, 2 below it; at its price 1 where the last move was up, 3 where it was down."""
    if before is None or price > before:
        return PLUS
    if price < before:
        return MINUS
    return ZERO_MINUS if different is not None and price < different else ZERO_PLUS


async def by_currency(reader: Reader, params: Params) -> dict[str, object]:
    """The last trades of a currency's options."""
    market = await market_of_currency(reader, params)
    return await _answer(reader, params, _wanted(params, market=market.market), listed=lists_options(params))


async def by_currency_and_time(reader: Reader, params: Params) -> dict[str, object]:
    """The same between two times."""
    _require_times(params)
    return await by_currency(reader, params)


async def by_instrument(reader: Reader, params: Params) -> dict[str, object]:
    """The last trades of one instrument."""
    series, market = await series_of_instrument(reader, params.text("instrument_name"))
    wanted = _wanted(params, market=market.market, series_id=series.series_id)
    return await _answer(reader, params, wanted, listed=True)


async def by_instrument_and_time(reader: Reader, params: Params) -> dict[str, object]:
    """The same between two times."""
    _require_times(params)
    return await by_instrument(reader, params)


def _require_times(params: Params) -> None:
    if params.integer("start_timestamp", None) is None and params.integer("end_timestamp", None) is None:
        raise InvalidParams("value required", "start_timestamp")


def _wanted(params: Params, *, market: int, series_id: int | None = None) -> Wanted:
    start, end = params.integer("start_timestamp", None), params.integer("end_timestamp", None)
    return Wanted(
        market=market,
        series_id=series_id,
        # Trades have whole seconds of market time.
        since=None if start is None else -(-start // 1000),
        until=None if end is None else end // 1000,
        first=_place(params, "start_id"),
        last=_place(params, "end_id"),
        first_sequence=params.integer("start_seq", None) if series_id is not None else None,
        last_sequence=params.integer("end_seq", None) if series_id is not None else None,
    )


def _place(params: Params, name: str) -> tuple[int, int] | None:
    text = params.optional_text(name)
    if text is None:
        return None
    try:
        return decode_cursor(text)
    except ValueError:
        raise InvalidParams("must be a trade_id of this API", name) from None


async def _answer(reader: Reader, params: Params, wanted: Wanted, *, listed: bool) -> dict[str, object]:
    count = params.integer("count", DEFAULT_COUNT, least=1, most=MOST)
    sorting = params.choice("sorting", SORTINGS, "default")
    # From a start on trades are told from the earliest, else from the newest back, as Deribit tells them.
    oldest_first = sorting == "asc" or (sorting == "default" and wanted.has_start)
    found = await repository.trades(reader, wanted, count + 1, oldest_first=oldest_first) if listed else []
    return {"trades": await told(reader, found[:count]), "has_more": len(found) > count}


async def told(reader: Reader, found: Sequence[Found]) -> list[dict[str, object]]:
    """Trades as they are answered."""
    slices = await repository.slices_of(reader, found)
    return [trade(fill_of(each, slices)) for each in found]


def fill_of(found: Found, slices: Mapping[tuple[int, int], PackedSlice]) -> Fill:
    """A row of the tables with the mark of its moment."""
    row = found.trade
    return Fill(
        id=encode_cursor(row.block_number, row.log_index),
        name=found.name,
        timestamp=row.timestamp,
        is_buy=row.is_buy,
        sequence=found.sequence,
        price=found.price,
        before=found.before,
        different=found.different,
        amount=row.amount,
        index=row.spot,
        mark=mark_at(row.series_id, row.spot, row.timestamp, slices.get((row.block_number, row.log_index))),
        volatility=None if row.volatility is None else row.volatility / WAD,
    )


def mark_at(series_id: int, index: int, timestamp: int, newest: PackedSlice | None) -> Decimal | None:
    """The mark in base at a time, from the slice that was in force."""
    series = SeriesKey.from_id(series_id)
    if newest is None:
        return None
    try:
        marked = contract.mark(index, series.strike_wad, series.side, newest, series.expiry, timestamp)
    except PricingError:
        return None
    return units.base_price(Side(series.side), marked.value, index, units.EVEN)
