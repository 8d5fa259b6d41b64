"""A market at one block, read once: every instrument's snapshot comes from it without another query of prices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from api.deribit import repository
from api.deribit.instruments import Listing
from api.deribit.levels import Book, Level, merged, order_level, vault_asks, vault_bids
from api.deribit.marking import marked
from api.deribit.tickers import Marked, Snapshot, Stats
from api.orders import service as orders
from api.reader import Reader
from api.valuation.repository import MarketState, market_state
from api.valuation.service import Valuation
from optionix.instruments import STRIKE_ONE, Side
from optionix.pricing import marks
from optionix.pricing.payoff import WAD
from optionix.pricing.vault import Quote, QuoteRefused
from optionix.store.models import Market, Series

CARRY_ONE = 10**9
"""A slice's unit of carry."""


@dataclass(frozen=True)
class Listings:
    """What the static facts of a market's series are told from."""

    state: MarketState
    listed_at: Mapping[int, int]
    exchange_fee: int

    @classmethod
    async def read(cls, reader: Reader, market: Market, series: Sequence[Series]) -> Listings:
        """Of some series of a market."""
        return cls(
            await market_state(reader, market),
            await repository.listing_times(reader, series),
            await repository.exchange_fee(reader),
        )

    def of(self, series: Series) -> Listing:
        """Of one."""
        vault = self.state.vaults.get(series.side)
        return Listing(
            name=series.name,
            series_id=series.series_id,
            symbol=self.state.symbol,
            side=Side(series.side),
            strike=series.strike,
            expiry=series.expiry,
            listed_at=self.listed_at.get(series.listed_block, 0),
            of_notional=int(vault.fees["ofNotional"]) if vault else self.exchange_fee,
            settled_at_price=self.state.expiries[series.expiry].settlement_price,
        )


@dataclass(frozen=True)
class View:
    """What instruments of one market are answered from."""

    reader: Reader
    listings: Listings
    valuation: Valuation
    stats: Mapping[int, Stats]
    last: Mapping[int, int]
    with_orders: frozenset[int]

    @classmethod
    async def read(cls, reader: Reader, market: Market, series: Sequence[Series]) -> View:
        """Of some series of a market."""
        listings = await Listings.read(reader, market, series)
        return cls(
            reader,
            listings,
            Valuation(listings.state),
            await repository.day_stats(reader, market, listings.state.time),
            await repository.last_prices(reader, series),
            frozenset(await repository.series_with_orders(reader, market)),
        )

    @property
    def state(self) -> MarketState:
        """The market's."""
        return self.listings.state

    async def snapshot(self, series: Series, *, depth: bool = True) -> Snapshot:
        """A series with its book; without `depth` only its best prices count."""
        return self.marked(series, await self.book(series, depth=depth))

    def marked(self, series: Series, book: Book | None = None) -> Snapshot:
        """A series, with or without a book."""
        known, newest = book or Book(), self.valuation.slice_of(series.expiry)
        live = series.expiry > self.state.time
        rate = max(newest.carry, 0) / CARRY_ONE if newest and live else 0.0
        return Snapshot(
            listing=self.listings.of(series),
            time=self.state.time,
            index=self.valuation.spot,
            forward=self.valuation.forward(series.expiry) if live else None,
            rate=rate,
            marked=self._marked(series, known, rate) if live else None,
            open_interest=series.written,
            stats=self.stats.get(series.series_id, Stats()),
            last=self.last.get(series.series_id),
            book=known,
        )

    async def book(self, series: Series, *, depth: bool) -> Book:
        """Levels of signed orders and of the vault."""
        bids: list[Level] = []
        asks: list[Level] = []
        index = self.valuation.spot
        if series.series_id in self.with_orders:
            for each in await orders.fillable(self.reader, self.state, series):
                level = order_level(
                    is_buy=each.order.is_buy,
                    in_quote=each.order.premium_token == self.state.market.quote_token,
                    price=each.price or 0,
                    fillable=each.fillable,
                    index=index,
                )
                if level is not None:
                    (bids if each.order.is_buy else asks).append(level)
        if index is not None and series.expiry > self.state.time:
            side, decimals = Side(series.side), self.state.asset(series.side)[2]
            buy, sell = partial(self._quote, series, is_buy=True), partial(self._quote, series, is_buy=False)
            asks += vault_asks(side, decimals, index, buy, depth=depth)
            bids += vault_bids(side, decimals, index, self.valuation.written(series), sell, depth=depth)
        return merged(bids, asks)

    def _quote(self, series: Series, amount: int, *, is_buy: bool) -> Quote | None:
        return (self.valuation.buy if is_buy else self.valuation.sell)(series, amount).quote

    def _marked(self, series: Series, book: Book, rate: float) -> Marked | None:
        newest, spot = self.valuation.slice_of(series.expiry), self.valuation.spot
        if newest is None or spot is None:
            return None
        try:
            value = self.valuation.value(series)
        except QuoteRefused:
            return None
        side = Side(series.side)
        model = marks.mark(
            spot / WAD, series.strike / STRIKE_ONE, side, newest.unpack(), series.expiry, self.state.time
        )
        return marked(side, spot, series.strike, value, model, rate, book)
