"""Subscription channels: what each carries, first and after a change.

Blocks come far more slowly than Deribit's intervals, so `raw`, `100ms` and `agg2` differ only in how often orders that
come between two blocks are told.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from api.deribit import charts, repository, tickers, trade_repository, trades, units
from api.deribit.levels import Level, pairs
from api.deribit.names import ANY, COUNTER, index_name
from api.deribit.sight import Sight

INTERVALS = {"raw": 0.0, "100ms": 0.1, "agg2": 1.0}
"""Seconds between two notifications of a channel, at least."""
GROUPS = ("none", "1", "2", "5", "10", "25", "100", "250")
DEPTHS = ("1", "10", "20")
MOST_TRADES = 1_000


class Channel(ABC):
    """One channel, for all who subscribed to it.

    Attributes
    ----------
    interval : seconds between two notifications, at least.
    instrument : the series whose orders touch it; None where orders do not.
    """

    interval = 0.0
    instrument: str | None = None

    @abstractmethod
    async def opening(self, sight: Sight) -> object | None:
        """What a new subscriber is told first; None for nothing.

        Raises
        ------
        RpcError
            Where there is nothing to subscribe to.
        """

    @abstractmethod
    async def update(self, sight: Sight) -> object | None:
        """What has changed for those who are subscribed; None for nothing."""


class Latest(Channel):
    """A channel whose notifications are whole, told when they differ from the last."""

    def __init__(self) -> None:
        self._last: object = None

    @abstractmethod
    async def view(self, sight: Sight) -> object:
        """The whole."""

    async def opening(self, sight: Sight) -> object:
        """The whole as it is now."""
        seen = await self.view(sight)
        if self._last is None:
            self._last = seen
        return seen

    async def update(self, sight: Sight) -> object | None:
        """The whole, if it has changed."""
        seen = await self.view(sight)
        if seen == self._last:
            return None
        self._last = seen
        return seen


class Ticker(Latest):
    """`ticker.<instrument>.<interval>`."""

    def __init__(self, instrument: str, interval: str) -> None:
        super().__init__()
        self.instrument, self.interval = instrument, INTERVALS[interval]

    async def view(self, sight: Sight) -> object:
        """As `public/ticker`."""
        assert self.instrument is not None
        return tickers.ticker(await sight.snapshot(self.instrument))


class Quote(Latest):
    """`quote.<instrument>`: the best of the book."""

    def __init__(self, instrument: str) -> None:
        super().__init__()
        self.instrument = instrument

    async def view(self, sight: Sight) -> object:
        """Bid and ask."""
        assert self.instrument is not None
        return tickers.quote(await sight.snapshot(self.instrument))


class Depth(Latest):
    """`book.<instrument>.<group>.<depth>.<interval>`: the first levels, whole each time; no group rounds them."""

    def __init__(self, instrument: str, depth: int, interval: str) -> None:
        super().__init__()
        self.instrument, self.interval, self._depth = instrument, INTERVALS[interval], depth

    async def view(self, sight: Sight) -> object:
        """Levels as pairs."""
        assert self.instrument is not None
        snapshot = await sight.snapshot(self.instrument)
        return {
            "instrument_name": self.instrument,
            "timestamp": snapshot.time * 1000,
            "change_id": await repository.change_id(sight.reader, await sight.series(self.instrument)),
            "bids": pairs(snapshot.book.bids, self._depth),
            "asks": pairs(snapshot.book.asks, self._depth),
        }


class Book(Channel):
    """`book.<instrument>.<interval>`: a snapshot, then what changed of it, chained by change ids."""

    def __init__(self, instrument: str, interval: str) -> None:
        self.instrument: str = instrument
        self.interval = INTERVALS[interval]
        self._levels: tuple[Sequence[Level], Sequence[Level]] | None = None
        self._change_id = 0
        self._time = 0

    async def opening(self, sight: Sight) -> object:
        """The snapshot that those who are subscribed already have by now: the next change follows it."""
        if self._levels is None:
            await self._read(sight)
        assert self._levels is not None
        bids, asks = ([["new", level.price, level.amount] for level in side] for side in self._levels)
        return {"type": "snapshot", **self._heading(), "bids": bids, "asks": asks}

    async def update(self, sight: Sight) -> object | None:
        """Changed levels."""
        before, previous = self._levels, self._change_id
        await self._read(sight)
        assert self._levels is not None
        bids, asks = (changes(old, new) for old, new in zip(before or ((), ()), self._levels, strict=True))
        if not bids and not asks:
            self._change_id = previous
            return None
        return {"type": "change", **self._heading(), "prev_change_id": previous, "bids": bids, "asks": asks}

    async def _read(self, sight: Sight) -> None:
        snapshot = await sight.snapshot(self.instrument)
        moved = await repository.change_id(sight.reader, await sight.series(self.instrument))
        # A reorg brings tables back, never the ids.
        self._change_id = max(moved, self._change_id + 1)
        self._levels, self._time = (snapshot.book.bids, snapshot.book.asks), snapshot.time

    def _heading(self) -> dict[str, object]:
        return {"instrument_name": self.instrument, "timestamp": self._time * 1000, "change_id": self._change_id}


class Trades(Channel):
    """`trades.<instrument>.<interval>` and `trades.option.<currency>.<interval>`: new trades, oldest first."""

    def __init__(self, interval: str, *, instrument: str | None = None, currency: str | None = None) -> None:
        self.interval = INTERVALS[interval]
        self._instrument, self._currency = instrument, currency
        self._last: tuple[int, int] | None = None

    async def opening(self, sight: Sight) -> None:
        """Nothing: trades from now on are told."""
        if self._last is None:
            newest = await trade_repository.trades(sight.reader, await self._wanted(sight), 1, oldest_first=False)
            self._last = _place(newest[0]) if newest else (0, 0)
        else:
            await self._wanted(sight)

    async def update(self, sight: Sight) -> object | None:
        """Trades behind the last one told. After a reorg those of the winning branch are told that lie behind it."""
        wanted = await self._wanted(sight, self._last)
        found = await trade_repository.trades(sight.reader, wanted, MOST_TRADES, oldest_first=True)
        if not found:
            return None
        self._last = _place(found[-1])
        return await trades.told(sight.reader, found)

    async def _wanted(self, sight: Sight, behind: tuple[int, int] | None = None) -> trade_repository.Wanted:
        first = None if behind is None else (behind[0], behind[1] + 1)
        if self._instrument is not None:
            series = await sight.series(self._instrument)
            return trade_repository.Wanted(series.market, series.series_id, first=first)
        assert self._currency is not None
        return trade_repository.Wanted((await sight.market(self._currency)).market, first=first)


class MarkPrices(Latest):
    """`markprice.options.<index>`: marks and volatilities of all live options. `iv` is a fraction here, as there."""

    def __init__(self, currency: str) -> None:
        super().__init__()
        self._currency = currency

    async def view(self, sight: Sight) -> object:
        """Those that can be marked."""
        return [
            {
                "instrument_name": each.listing.name,
                "timestamp": each.time * 1000,
                "mark_price": each.mark,
                "iv": each.marked.volatility if each.marked else None,
            }
            for each in await sight.marks(self._currency)
            if each.mark is not None
        ]


class PriceIndex(Latest):
    """`deribit_price_index.<index>`."""

    def __init__(self, currency: str) -> None:
        super().__init__()
        self._currency = currency

    async def view(self, sight: Sight) -> object:
        """The feed's newest price, with its own time."""
        spot = (await sight.state(self._currency)).spot
        if spot is None:
            return None
        price = units.quote_amount(spot.price)
        return {"index_name": index_name(self._currency), "price": price, "timestamp": spot.updated_at * 1000}


class Chart(Latest):
    """`chart.trades.<instrument>.<resolution>`: the newest bar."""

    def __init__(self, instrument: str, resolution: str) -> None:
        super().__init__()
        self._instrument, self._seconds = instrument, charts.RESOLUTIONS[resolution]

    async def view(self, sight: Sight) -> object:
        """Its open, high, low, close, volume and cost."""
        series = await sight.series(self._instrument)
        bar = await charts.newest_bar(sight.reader, series.series_id, self._seconds)
        return None if bar is None else charts.tick(bar)


def parse(name: str) -> Channel | None:
    """The channel of a name; None for what is none."""
    match name.split("."):
        case ["ticker", instrument, interval] if interval in INTERVALS:
            return Ticker(instrument, interval)
        case ["quote", instrument]:
            return Quote(instrument)
        case ["book", instrument, interval] if interval in INTERVALS:
            return Book(instrument, interval)
        case ["book", instrument, group, depth, interval] if (
            group in GROUPS and depth in DEPTHS and interval in INTERVALS
        ):
            return Depth(instrument, int(depth), interval)
        case ["trades", ("option" | "any"), currency, interval] if interval in INTERVALS and currency != ANY:
            return Trades(interval, currency=currency)
        case ["trades", instrument, interval] if interval in INTERVALS:
            return Trades(interval, instrument=instrument)
        case ["markprice", "options", index] if (symbol := _currency(index)) is not None:
            return MarkPrices(symbol)
        case ["deribit_price_index", index] if (symbol := _currency(index)) is not None:
            return PriceIndex(symbol)
        case ["chart", "trades", instrument, resolution] if resolution in charts.RESOLUTIONS:
            return Chart(instrument, resolution)
    return None


def changes(before: Sequence[Level], after: Sequence[Level]) -> list[list[object]]:
    """What turns one side of a book into another: `new`, `change` and `delete` with price and amount."""
    old, new = ({level.price: level.amount for level in side} for side in (before, after))
    told: list[list[object]] = [["delete", price, 0] for price in old if price not in new]
    for price, amount in new.items():
        if old.get(price) != amount:
            told.append(["change" if price in old else "new", price, amount])
    return told


def _currency(index: str) -> str | None:
    symbol, _, counter = index.partition("_")
    return symbol.upper() if counter == COUNTER.lower() and index.islower() else None


def _place(found: trade_repository.Found) -> tuple[int, int]:
    return found.trade.block_number, found.trade.log_index
