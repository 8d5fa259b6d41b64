"""What one pass over the channels looks at: each market is read once, however many channels show it."""

from __future__ import annotations

from collections.abc import Sequence

from api.deribit import repository
from api.deribit.errors import InvalidParams
from api.deribit.names import series_of_instrument
from api.deribit.tickers import Snapshot
from api.deribit.view import View
from api.reader import Reader
from api.valuation.repository import MarketState, markets
from optionix.store.models import Market, Series


class Sight:
    """One snapshot of the tables, with what was made of it so far."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self._series: dict[str, tuple[Series, Market]] = {}
        self._views: dict[int, tuple[View, Sequence[Series]]] = {}
        self._snapshots: dict[str, Snapshot] = {}

    async def series(self, instrument: str) -> Series:
        """A series by name.

        Raises
        ------
        RpcError
            Where there is none.
        """
        return (await self._known(instrument))[0]

    async def market(self, currency: str) -> Market:
        """A market by its base.

        Raises
        ------
        InvalidParams
            Where there is none.
        """
        for market in await markets(self.reader):
            if market.base_symbol == currency:
                return market
        raise InvalidParams("invalid currency", "currency")

    async def state(self, currency: str) -> MarketState:
        """What prices a market's options."""
        return (await self._view(await self.market(currency)))[0].state

    async def snapshot(self, instrument: str) -> Snapshot:
        """An instrument with its book."""
        found = self._snapshots.get(instrument)
        if found is None:
            series, market = await self._known(instrument)
            view, _ = await self._view(market)
            found = self._snapshots[instrument] = await view.snapshot(series)
        return found

    async def marks(self, currency: str) -> list[Snapshot]:
        """Every live instrument of a currency, without books."""
        view, series = await self._view(await self.market(currency))
        return [view.marked(each) for each in series]

    async def _known(self, instrument: str) -> tuple[Series, Market]:
        if instrument not in self._series:
            self._series[instrument] = await series_of_instrument(self.reader, instrument)
        return self._series[instrument]

    async def _view(self, market: Market) -> tuple[View, Sequence[Series]]:
        if market.market not in self._views:
            now = (await self.reader.head()).timestamp
            series = await repository.series_of_market(self.reader, market, after=now)
            self._views[market.market] = await View.read(self.reader, market, series), series
        return self._views[market.market]
