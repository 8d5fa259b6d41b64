"""What the risk service reads of the market from the indexed tables. All its queries are here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import psycopg
import structlog
from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.orm import Session

from ml.bars import Floats, Ints
from ml.book_trades import Fill
from ml.holdings import FreeBalance, Holding, VaultRoom
from ml.posted import Oracle, Posted
from optionix.instruments import STRIKE_ONE, Side
from optionix.pricing.reports import Bounds
from optionix.pricing.ssvi import PackedSlice
from optionix.store import models as tables
from optionix.store.engine import conninfo
from optionix.store.notify import ANY_TOPIC, BlockChange, listen

log = structlog.get_logger("risk")

WAD = 10**18
_RECONNECT_SECONDS = 0.5


class NotIndexed(LookupError):
    """The tables do not have what was asked for; the message says what."""


@dataclass(frozen=True)
class Moment:
    """The block that the tables show: its number and time (market time, seconds)."""

    block: int
    timestamp: int


@dataclass(frozen=True)
class MarketInfo:
    """A market's id and base symbol."""

    market: int
    symbol: str


class MarketData:
    """Reads one chain's tables.

    Parameters
    ----------
    bind : the indexed database, or one connection to it.
    chain_id : the chain.
    """

    def __init__(self, bind: Engine | Connection, chain_id: int) -> None:
        self._bind = bind
        self.chain_id = chain_id

    @contextmanager
    def _session(self) -> Iterator[Session]:
        with Session(self._bind) as session:
            yield session

    @contextmanager
    def at_one_block(self) -> Iterator[MarketData]:
        """The same tables as they stand now, whatever the indexer writes until the end.

        Read nothing else meanwhile: a thread that holds one connection and waits for another can block all.
        """
        with (
            self._bind.engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection,
            connection.begin(),
        ):
            yield MarketData(connection, self.chain_id)

    def moment(self) -> Moment:
        """The indexed block.

        Raises
        ------
        NotIndexed
            Before the indexer has written anything.
        """
        with self._session() as session:
            row = session.execute(
                select(tables.Checkpoint.block_number, tables.Checkpoint.block_timestamp).where(
                    tables.Checkpoint.chain_id == self.chain_id
                )
            ).one_or_none()
        if row is None:
            raise NotIndexed(f"chain {self.chain_id} is not indexed yet")
        return Moment(row.block_number, row.block_timestamp)

    async def changes(self) -> AsyncIterator[BlockChange]:
        """What the indexer says of each block, for ever.

        First, and after every lost connection, comes one that touches everything: blocks may have passed unheard.
        """
        url = self._bind.engine.url.render_as_string(hide_password=False)
        while True:
            yield BlockChange(self.chain_id, 0, "", 0, None, (ANY_TOPIC,))
            try:
                async for change in listen(conninfo(url, application="risk-live")):
                    if change.chain_id == self.chain_id:
                        yield change
            except psycopg.OperationalError as error:
                log.warning("indexer's changes are not heard", error=str(error).strip())
            await asyncio.sleep(_RECONNECT_SECONDS)

    def markets(self) -> list[MarketInfo]:
        """All markets by id."""
        with self._session() as session:
            rows = session.execute(
                select(tables.Market.market, tables.Market.base_symbol)
                .where(tables.Market.chain_id == self.chain_id)
                .order_by(tables.Market.market)
            ).all()
        return [MarketInfo(row.market, row.base_symbol) for row in rows]

    def market(self, market: int) -> MarketInfo:
        """A market by id; NotIndexed for one that there is not."""
        for entry in self.markets():
            if entry.market == market:
                return entry
        raise NotIndexed(f"there is no market {market} on chain {self.chain_id}")

    def spot(self, market: int) -> tuple[float, int]:
        """Newest price (quote per base) and its time."""
        with self._session() as session:
            row = session.execute(
                select(tables.Spot.price, tables.Spot.updated_at).where(
                    tables.Spot.chain_id == self.chain_id, tables.Spot.market == market
                )
            ).one_or_none()
        if row is None:
            raise NotIndexed(f"market {market} has no price yet")
        return row.price / WAD, row.updated_at

    def expiries(self, market: int, after: int) -> list[int]:
        """Listed expiries after a time, ascending."""
        with self._session() as session:
            return list(
                session.scalars(
                    select(tables.Expiry.expiry)
                    .where(
                        tables.Expiry.chain_id == self.chain_id,
                        tables.Expiry.market == market,
                        tables.Expiry.expiry > after,
                    )
                    .order_by(tables.Expiry.expiry)
                )
            )

    def slices(self, market: int) -> dict[int, PackedSlice]:
        """The newest slice of each expiry."""
        with self._session() as session:
            rows = session.scalars(
                select(tables.Surface).where(
                    tables.Surface.chain_id == self.chain_id,
                    tables.Surface.market == market,
                    tables.Surface.timestamp > 0,
                )
            ).all()
        return {row.expiry: PackedSlice(row.theta, row.phi, row.rho, row.carry, row.timestamp) for row in rows}

    def heartbeat(self) -> int:
        """Seconds for which the contracts trust a slice; 0 before the oracle's rules are known."""
        with self._session() as session:
            rules = session.get(tables.VolatilityOracle, self.chain_id)
            return rules.heartbeat if rules is not None else 0

    def oracle(self, market: int, expiries: Sequence[int]) -> Oracle | None:
        """What the volatility oracle holds of a market, and its rules; None before it has any.

        Parameters
        ----------
        expiries : that are about to be reported: where one has no slice yet, the others' first reports are looked up.
        """
        chain, surface, history = self.chain_id, tables.Surface, tables.SurfaceHistory
        with self._session() as session:
            rules = session.get(tables.VolatilityOracle, chain)
            listed = session.get(tables.Market, (chain, market))
            if rules is None or listed is None or not rules.heartbeat:
                return None
            rows = session.scalars(
                select(surface).where(surface.chain_id == chain, surface.market == market, surface.timestamp > 0)
            ).all()
            posted = {
                row.expiry: Posted(
                    PackedSlice(row.theta, row.phi, row.rho, row.carry, row.timestamp), row.clipped, row.halted_until
                )
                for row in rows
            }
            since: dict[int, int] = {}
            if any(expiry not in posted for expiry in expiries):
                first = (
                    select(history.expiry, func.min(history.timestamp).label("since"))
                    .where(history.chain_id == chain, history.market == market, history.expiry.in_(posted))
                    .group_by(history.expiry)
                )
                since = {row.expiry: row.since for row in session.execute(first)}
            bounds = Bounds(
                rules.heartbeat, rules.volatility_per_day / WAD, rules.carry_per_day / WAD, rules.max_move_seconds
            )
            return Oracle(bounds, listed.anchor / WAD, posted, since)

    def fills(self, market: int, since: int, most: int = 500) -> list[Fill]:
        """The newest fills of a market's signed orders dated at or after `since`, newest first."""
        trade, series = tables.Trade, tables.Series
        with self._session() as session:
            rows = session.execute(
                select(trade, series.expiry, series.strike)
                .join(series, (series.chain_id == trade.chain_id) & (series.series_id == trade.series_id))
                .where(
                    trade.chain_id == self.chain_id,
                    trade.market == market,
                    trade.timestamp >= since,
                    trade.maker.is_not(None),
                )
                .order_by(trade.block_number.desc(), trade.log_index.desc())
                .limit(most)
            ).all()
        return [
            Fill(
                one.timestamp, expiry, strike / STRIKE_ONE, Side(one.side), one.amount / WAD, one.price / WAD,
                one.spot / WAD, None if one.volatility is None else one.volatility / WAD, one.taker, one.maker or "",
            )
            for one, expiry, strike in rows
        ]  # fmt: skip

    def rounds(self, asset: str, since: int) -> tuple[Ints, Floats]:
        """Times and prices of a market's rounds dated at or after `since`, by base symbol."""
        with self._session() as session:
            rows = session.execute(
                select(tables.FeedRound.updated_at, tables.FeedRound.price)
                .join(
                    tables.Market,
                    (tables.Market.chain_id == tables.FeedRound.chain_id)
                    & (tables.Market.market == tables.FeedRound.market),
                )
                .where(
                    tables.FeedRound.chain_id == self.chain_id,
                    tables.Market.base_symbol == asset,
                    tables.FeedRound.updated_at >= since,
                )
                .order_by(tables.FeedRound.updated_at, tables.FeedRound.block_number, tables.FeedRound.log_index)
            ).all()
        times = np.array([row.updated_at for row in rows], dtype=np.int64)
        return times, np.array([row.price / WAD for row in rows], dtype=np.float64)

    def holdings(self, account: str) -> list[Holding]:
        """Series that an account is long or short, unsettled, tokens and legs of books apart."""
        owner = account.lower()
        found: list[Holding] = []
        with self._session() as session:
            for table, place in ((tables.Position, "tokens"), (tables.Leg, "book")):
                rows = session.execute(
                    select(tables.Series, table.amount)
                    .join(
                        tables.Series,
                        (tables.Series.chain_id == table.chain_id) & (tables.Series.series_id == table.series_id),
                    )
                    .join(
                        tables.Expiry,
                        (tables.Expiry.chain_id == table.chain_id)
                        & (tables.Expiry.market == tables.Series.market)
                        & (tables.Expiry.expiry == tables.Series.expiry),
                    )
                    .where(
                        table.chain_id == self.chain_id,
                        table.account == owner,
                        table.amount != 0,
                        tables.Expiry.settlement_price.is_(None),
                    )
                    .order_by(tables.Series.series_id)
                ).all()
                found += [
                    Holding(s.series_id, s.name, s.market, s.side, s.expiry, s.strike, amount, place)
                    for s, amount in rows
                ]
        return found

    def books(self, account: str) -> dict[int, int]:
        """Locked collateral (token units) by book key."""
        with self._session() as session:
            rows = session.execute(
                select(tables.Book.book_key, tables.Book.locked).where(
                    tables.Book.chain_id == self.chain_id,
                    tables.Book.account == account.lower(),
                    tables.Book.locked != 0,
                )
            ).all()
        return {row.book_key: row.locked for row in rows}

    def settlement_decimals(self) -> dict[tuple[int, Side], int]:
        """Decimals of the token that a market's side is settled in."""
        with self._session() as session:
            rows = session.execute(
                select(tables.Market.market, tables.Market.base_decimals, tables.Market.quote_decimals).where(
                    tables.Market.chain_id == self.chain_id
                )
            ).all()
        return {
            (row.market, side): row.base_decimals if side is Side.CALL else row.quote_decimals
            for row in rows
            for side in Side
        }

    def free_balances(self, account: str) -> list[FreeBalance]:
        """Free balances above zero."""
        with self._session() as session:
            rows = session.execute(
                select(tables.Balance.token, tables.Balance.free, tables.Token.symbol, tables.Token.decimals)
                .join(
                    tables.Token,
                    (tables.Token.chain_id == tables.Balance.chain_id) & (tables.Token.address == tables.Balance.token),
                )
                .where(
                    tables.Balance.chain_id == self.chain_id,
                    tables.Balance.account == account.lower(),
                    tables.Balance.free > 0,
                )
                .order_by(tables.Token.symbol)
            ).all()
        return [FreeBalance(row.token, row.symbol, row.decimals, row.free) for row in rows]

    def vault_rooms(self) -> dict[tuple[int, Side], VaultRoom]:
        """Of each (market, side) with a vault."""
        with self._session() as session:
            written: dict[str, dict[int, int]] = {}
            for row in session.execute(
                select(tables.VaultSeries.vault, tables.VaultSeries.series_id, tables.VaultSeries.amount).where(
                    tables.VaultSeries.chain_id == self.chain_id, tables.VaultSeries.amount != 0
                )
            ):
                written.setdefault(row.vault, {})[row.series_id] = row.amount
            vaults = session.scalars(select(tables.Vault).where(tables.Vault.chain_id == self.chain_id)).all()
            return {
                (vault.market, Side(vault.side)): VaultRoom(
                    vault.idle_assets, vault.asset_decimals, vault.trades_paused, written.get(vault.address, {})
                )
                for vault in vaults
            }

    def open_interest(self, series: Sequence[int]) -> dict[int, int]:
        """Contracts of everybody by series id, WAD: tokens and what is placed in books."""
        with self._session() as session:
            rows = session.execute(
                select(tables.Series.series_id, tables.Series.written).where(
                    tables.Series.chain_id == self.chain_id, tables.Series.series_id.in_(series)
                )
            ).all()
        return {row.series_id: row.written for row in rows}

    def rounds_known(self) -> int:
        """How many rounds are indexed, for metrics."""
        with self._session() as session:
            return (
                session.scalar(
                    select(func.count()).select_from(tables.FeedRound).where(tables.FeedRound.chain_id == self.chain_id)
                )
                or 0
            )
