"""Deliveries: what options were worth when they expired. There are no daily settlements and no bankruptcies."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import func, select, tuple_

from api.deribit import units
from api.deribit.errors import InvalidParams
from api.deribit.names import market_of_currency, market_of_index, series_of_instrument
from api.deribit.params import Params
from api.deribit.tickers import payoff
from api.reader import Reader
from optionix.instruments import Side
from optionix.pricing.payoff import WAD
from optionix.store.models import Expiry, Series

DELIVERY = "delivery"
TYPES = ("settlement", DELIVERY, "bankruptcy")
DEFAULT_COUNT = 20
MOST = 1000
END = "none"
"""The continuation behind the last settlement."""
_CONTINUATION = re.compile(r"(\d{1,12})\.(\d{1,39})")


async def by_currency(reader: Reader, params: Params) -> dict[str, object]:
    """The last deliveries of a currency's options, newest first."""
    return await _answer(reader, params, (await market_of_currency(reader, params)).market, None)


async def by_instrument(reader: Reader, params: Params) -> dict[str, object]:
    """The delivery of one instrument."""
    series, market = await series_of_instrument(reader, params.text("instrument_name"))
    return await _answer(reader, params, market.market, series.series_id)


async def get_delivery_prices(reader: Reader, params: Params) -> dict[str, object]:
    """Settlement prices of an index by day, newest first."""
    market = await market_of_index(reader, params)
    count = params.integer("count", 10, least=1, most=MOST)
    offset = params.integer("offset", 0)
    settled = (
        Expiry.chain_id == reader.chain_id,
        Expiry.market == market.market,
        Expiry.settlement_price.is_not(None),
    )
    rows = await reader.all(select(Expiry).where(*settled).order_by(Expiry.expiry.desc()).offset(offset).limit(count))
    total = await reader.rows(select(func.count()).select_from(Expiry).where(*settled))
    return {
        "data": [
            {
                "date": datetime.fromtimestamp(row.expiry, UTC).date().isoformat(),
                "delivery_price": units.quote_amount(row.settlement_price or 0),
            }
            for row in rows
        ],
        "records_total": total[0][0],
    }


async def _answer(reader: Reader, params: Params, market: int, series_id: int | None) -> dict[str, object]:
    count = params.integer("count", DEFAULT_COUNT, least=1, most=MOST)
    kind = params.choice("type", TYPES, DELIVERY)
    latest = params.integer("search_start_timestamp", None)
    behind = _behind(params)
    if kind != DELIVERY or behind == END:
        return {"settlements": [], "continuation": END}
    query = (
        select(Series, Expiry)
        .join(
            Expiry,
            (Expiry.chain_id == Series.chain_id) & (Expiry.market == Series.market) & (Expiry.expiry == Series.expiry),
        )
        .where(
            Series.chain_id == reader.chain_id,
            Series.market == market,
            Expiry.settlement_price.is_not(None),
        )
        .order_by(Series.expiry.desc(), Series.series_id.desc())
        .limit(count + 1)
    )
    if series_id is not None:
        query = query.where(Series.series_id == series_id)
    if latest is not None:
        query = query.where(Expiry.settled_at <= latest // 1000)
    if isinstance(behind, tuple):
        query = query.where(tuple_(Series.expiry, Series.series_id) < behind)
    rows: Sequence[tuple[Series, Expiry]] = await reader.rows(query)
    shown = rows[:count]
    last = shown[-1][0] if len(rows) > count else None
    return {
        "settlements": [delivery(*row) for row in shown],
        "continuation": f"{last.expiry}.{last.series_id}" if last else END,
    }


def delivery(series: Series, expiry: Expiry) -> dict[str, object]:
    """One instrument's delivery; `position` is what has not been redeemed of it yet, and the profit its worth."""
    price = expiry.settlement_price or 0
    open_amount = series.supply + series.placed
    worth = payoff(Side(series.side), series.strike, price)
    return {
        "type": DELIVERY,
        "timestamp": (expiry.settled_at or expiry.expiry) * 1000,
        "instrument_name": series.name,
        "index_price": units.quote_amount(price),
        "mark_price": units.ratio(worth, price, units.EVEN),
        "position": units.contracts(open_amount),
        "session_profit_loss": units.ratio(worth * open_amount, price * WAD, units.DOWN),
        "profit_loss": units.ratio(worth * open_amount, price * WAD, units.DOWN),
        "funding": 0,
    }


def _behind(params: Params) -> tuple[int, int] | str | None:
    text = params.optional_text("continuation")
    if text is None or text == END:
        return text
    match = _CONTINUATION.fullmatch(text)
    if match is None:
        raise InvalidParams("must be the continuation of an earlier answer", "continuation")
    return int(match[1]), int(match[2])
