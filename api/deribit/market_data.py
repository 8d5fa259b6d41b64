"""Methods about instruments: what is listed, what it is worth, what it can be traded at."""

from __future__ import annotations

from collections.abc import Sequence

from api.deribit import repository, tickers
from api.deribit.instruments import instrument
from api.deribit.names import ANY, lists_options, market_of_currency, series_of_instrument
from api.deribit.params import Params
from api.deribit.tickers import Snapshot
from api.deribit.view import Listings, View
from api.reader import Reader
from api.valuation.repository import markets
from optionix.store.models import Market, Series

RECENTLY_SECONDS = 30 * 86_400
"""For how long expired instruments are listed on demand."""
DEFAULT_DEPTH = 20
MOST_DEPTH = 10_000


async def get_instruments(reader: Reader, params: Params) -> list[dict[str, object]]:
    """What is listed and has not expired, or what expired recently; of one currency, or of `any`."""
    wanted = params.optional_text("currency") or ANY
    expired, listed = params.flag("expired"), lists_options(params)
    chosen = await markets(reader) if wanted == ANY else [await market_of_currency(reader, params)]
    now = (await reader.head()).timestamp
    found: list[dict[str, object]] = []
    for market in chosen if listed else ():
        after, before = (now - RECENTLY_SECONDS, now) if expired else (now, None)
        series = await repository.series_of_market(reader, market, after=after, before=before)
        listings = await Listings.read(reader, market, series)
        found += [instrument(listings.of(each), now) for each in series]
    return found


async def get_instrument(reader: Reader, params: Params) -> dict[str, object]:
    """One instrument, expired or not."""
    series, market = await series_of_instrument(reader, params.text("instrument_name"))
    listings = await Listings.read(reader, market, [series])
    return instrument(listings.of(series), listings.state.time)


async def ticker(reader: Reader, params: Params) -> dict[str, object]:
    """One instrument's prices, greeks and interest."""
    snapshot, _ = await snapshot_of(reader, params.text("instrument_name"))
    return tickers.ticker(snapshot)


async def get_order_book(reader: Reader, params: Params) -> dict[str, object]:
    """The same with its levels."""
    depth = params.integer("depth", DEFAULT_DEPTH, least=1, most=MOST_DEPTH)
    snapshot, series = await snapshot_of(reader, params.text("instrument_name"))
    return tickers.order_book(snapshot, depth, await repository.change_id(reader, series))


async def get_book_summary_by_currency(reader: Reader, params: Params) -> list[dict[str, object]]:
    """Every live instrument of a currency, in short."""
    market = await market_of_currency(reader, params)
    if not lists_options(params):
        return []
    return [tickers.summary(each) for each in await snapshots_of(reader, market)]


async def get_book_summary_by_instrument(reader: Reader, params: Params) -> list[dict[str, object]]:
    """One instrument in short, in a list."""
    snapshot, _ = await snapshot_of(reader, params.text("instrument_name"))
    return [tickers.summary(snapshot)]


async def snapshot_of(reader: Reader, name: str) -> tuple[Snapshot, Series]:
    """An instrument by name."""
    series, market = await series_of_instrument(reader, name)
    view = await View.read(reader, market, [series])
    return await view.snapshot(series), series


async def snapshots_of(reader: Reader, market: Market) -> Sequence[Snapshot]:
    """Every live instrument of a market."""
    series = await repository.series_of_market(reader, market, after=(await reader.head()).timestamp)
    view = await View.read(reader, market, series)
    # Summaries tell no amounts: the best prices do.
    return [await view.snapshot(each, depth=False) for each in series]
