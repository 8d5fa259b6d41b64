"""What pricing needs of a market, read in a few queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select

from api.errors import NotFound
from api.reader import Reader
from optionix.store.models import (
    Expiry,
    FeedVersion,
    Market,
    Series,
    Spot,
    Surface,
    Vault,
    VaultSeries,
    VolatilityOracle,
)


@dataclass(frozen=True)
class MarketState:
    """A market at one block.

    Attributes
    ----------
    time : market time at that block, seconds.
    heartbeat : the volatility oracle's, seconds.
    volatility_per_day, carry_per_day : the largest moves that the volatility oracle allows a report, WAD a day.
    feeds : feed settings by version.
    vaults : by side, 0 calls and 1 puts.
    open_series : written amounts and collateral of each vault, by its address.
    """

    market: Market
    time: int
    spot: Spot | None
    heartbeat: int
    volatility_per_day: int
    carry_per_day: int
    feeds: Mapping[int, FeedVersion]
    expiries: Mapping[int, Expiry]
    surfaces: Mapping[int, Surface]
    vaults: Mapping[int, Vault]
    open_series: Mapping[str, Sequence[tuple[VaultSeries, Series]]] = field(default_factory=dict)

    @property
    def symbol(self) -> str:
        """The base's symbol on screen."""
        return self.market.base_symbol

    def asset(self, side: int) -> tuple[str, str, int]:
        """Symbol, token and decimals of a side's settlement asset."""
        market = self.market
        if side == 0:
            return market.base_symbol, market.base_token, market.base_decimals
        return market.quote_symbol, market.quote_token, market.quote_decimals

    def feed(self, expiry: int) -> FeedVersion:
        """How a listed expiry reads its feed."""
        return self.feeds[self.expiries[expiry].feed_version]


async def market_by_symbol(reader: Reader, symbol: str) -> Market:
    """The market with a base symbol.

    Raises
    ------
    NotFound
        When there is none.
    """
    query = select(Market).where(Market.chain_id == reader.chain_id, Market.base_symbol == symbol.upper())
    market = await reader.first(query)
    if market is None:
        raise NotFound(f"There is no market {symbol!r}. GET /v1/markets lists them.")
    return market


async def markets(reader: Reader) -> Sequence[Market]:
    """All markets in the order of their ids."""
    return await reader.all(select(Market).where(Market.chain_id == reader.chain_id).order_by(Market.market))


async def market_state(reader: Reader, market: Market) -> MarketState:
    """Everything that prices a market's options now."""
    chain_id, number = reader.chain_id, market.market
    head = await reader.head()
    oracle = await reader.first(select(VolatilityOracle).where(VolatilityOracle.chain_id == chain_id))
    spot = await reader.first(select(Spot).where(Spot.chain_id == chain_id, Spot.market == number))
    feeds = await reader.all(select(FeedVersion).where(FeedVersion.chain_id == chain_id, FeedVersion.market == number))
    expiries = await reader.all(select(Expiry).where(Expiry.chain_id == chain_id, Expiry.market == number))
    surfaces = await reader.all(select(Surface).where(Surface.chain_id == chain_id, Surface.market == number))
    vaults = await reader.all(select(Vault).where(Vault.chain_id == chain_id, Vault.market == number))
    pairs = await reader.rows(
        select(VaultSeries, Series)
        .join(Series, (Series.chain_id == VaultSeries.chain_id) & (Series.series_id == VaultSeries.series_id))
        .where(VaultSeries.chain_id == chain_id, Series.market == number, VaultSeries.amount > 0)
        .order_by(Series.expiry, Series.strike)
    )
    open_series: dict[str, list[tuple[VaultSeries, Series]]] = {vault.address: [] for vault in vaults}
    for written, series in pairs:
        open_series.setdefault(written.vault, []).append((written, series))
    return MarketState(
        market=market,
        time=head.timestamp,
        spot=spot,
        heartbeat=oracle.heartbeat if oracle else 0,
        volatility_per_day=oracle.volatility_per_day if oracle else 0,
        carry_per_day=oracle.carry_per_day if oracle else 0,
        feeds={feed.version: feed for feed in feeds},
        expiries={expiry.expiry: expiry for expiry in expiries},
        surfaces={surface.expiry: surface for surface in surfaces},
        vaults={vault.side: vault for vault in vaults},
        open_series=open_series,
    )
