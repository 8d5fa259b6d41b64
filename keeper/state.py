"""What the keeper reads of the indexed tables. All its queries about the market are here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import ColumnElement, Integer, Numeric, and_, cast, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from optionix.instruments import Series
from optionix.store import models as tables

WRITTEN_PLAIN = 1
NETTED = 2


@dataclass(frozen=True)
class MarketRow:
    """A market, its first reports' volatility (WAD), and the age limit of its feed (seconds)."""

    market: int
    symbol: str
    anchor: int
    feed_max_age: int


@dataclass(frozen=True)
class ExpiryRow:
    """A listed expiry that has passed and is not settled."""

    market: int
    expiry: int


@dataclass(frozen=True)
class BookRow:
    """An account's book with legs in a settled expiry."""

    account: str
    book_key: int
    kind: int
    series: tuple[int, ...]


@dataclass(frozen=True)
class HolderRow:
    """Tokens of a settled series."""

    account: str
    series_id: int
    side: int
    strike: int
    amount: int
    settlement_price: int
    settled_at: int


class MarketState:
    """Reads one chain's tables."""

    def __init__(self, engine: AsyncEngine, chain_id: int) -> None:
        self._engine = engine
        self._chain_id = chain_id

    def _session(self) -> AsyncSession:
        return AsyncSession(self._engine)

    async def indexed(self) -> tuple[int, int]:
        """Number and time of the indexed block; zeros before the first."""
        async with self._session() as session:
            row = await session.get(tables.Checkpoint, self._chain_id)
        return (0, 0) if row is None else (row.block_number, row.block_timestamp)

    async def markets(self) -> list[MarketRow]:
        """All markets by id."""
        m, f = tables.Market, tables.FeedVersion
        async with self._session() as session:
            rows = await session.execute(
                select(m.market, m.base_symbol, m.anchor, f.max_age)
                .join(f, and_(f.chain_id == m.chain_id, f.market == m.market, f.version == m.feed_version))
                .where(m.chain_id == self._chain_id)
                .order_by(m.market)
            )
            return [MarketRow(row.market, row.base_symbol, row.anchor, row.max_age) for row in rows]

    async def open_expiries(self, market: int, after: int) -> list[int]:
        """Listed expiries after a time, ascending."""
        e = tables.Expiry
        async with self._session() as session:
            found = await session.scalars(
                select(e.expiry)
                .where(e.chain_id == self._chain_id, e.market == market, e.expiry > after)
                .order_by(e.expiry)
            )
            return list(found)

    async def unsettled(self, now: int) -> list[ExpiryRow]:
        """Expiries that have passed and wait for a settlement price, the oldest first."""
        e = tables.Expiry
        async with self._session() as session:
            rows = await session.execute(
                select(e.market, e.expiry)
                .where(e.chain_id == self._chain_id, e.expiry < now, e.settlement_price.is_(None))
                .order_by(e.expiry, e.market)
            )
            return [ExpiryRow(row.market, row.expiry) for row in rows]

    async def expiring(self, now: int, until: int) -> list[tuple[int, int]]:
        """(market, expiry) of listed expiries from `now` to `until`; the feed of each is its own."""
        e = tables.Expiry
        async with self._session() as session:
            rows = await session.execute(
                select(e.market, e.expiry)
                .where(e.chain_id == self._chain_id, e.expiry >= now, e.expiry <= until)
                .order_by(e.expiry, e.market)
            )
            return [(row.market, row.expiry) for row in rows]

    async def strikes(self, market: int, after: int) -> dict[tuple[int, int], set[int]]:
        """Listed strikes (1e-8) of each (side, expiry) after a time."""
        s = tables.Series
        found: dict[tuple[int, int], set[int]] = {}
        async with self._session() as session:
            for row in await session.execute(
                select(s.side, s.expiry, s.strike).where(
                    s.chain_id == self._chain_id, s.market == market, s.expiry > after
                )
            ):
                found.setdefault((row.side, row.expiry), set()).add(row.strike)
        return found

    async def spot(self, market: int) -> tuple[int, int] | None:
        """Newest price (WAD) and its time."""
        async with self._session() as session:
            row = await session.get(tables.Spot, (self._chain_id, market))
        return None if row is None else (row.price, row.updated_at)

    async def slice_times(self, market: int, after: int) -> dict[int, int]:
        """Time of the newest slice of each listed expiry after a time; 0 where there is none."""
        e, s = tables.Expiry, tables.Surface
        async with self._session() as session:
            rows = await session.execute(
                select(e.expiry, s.timestamp)
                .outerjoin(s, and_(s.chain_id == e.chain_id, s.market == e.market, s.expiry == e.expiry))
                .where(e.chain_id == self._chain_id, e.market == market, e.expiry > after)
            )
            return {row.expiry: row.timestamp or 0 for row in rows}

    async def settled_books(self, vaults: Sequence[str]) -> list[BookRow]:
        """Books of accounts other than vaults that have legs in settled expiries."""
        leg, s, e, b = tables.Leg, tables.Series, tables.Expiry, tables.Book
        books: dict[tuple[str, int], tuple[int, list[int]]] = {}
        async with self._session() as session:
            for row in await session.execute(
                select(leg.account, leg.series_id, b.kind)
                .join(s, and_(s.chain_id == leg.chain_id, s.series_id == leg.series_id))
                .join(e, and_(e.chain_id == s.chain_id, e.market == s.market, e.expiry == s.expiry))
                .join(
                    b,
                    and_(
                        b.chain_id == leg.chain_id,
                        b.account == leg.account,
                        b.book_key == _book_key(),
                    ),
                )
                .where(
                    leg.chain_id == self._chain_id,
                    leg.amount != 0,
                    leg.account.not_in([vault.lower() for vault in vaults]),
                    e.settlement_price.is_not(None),
                )
                .order_by(s.expiry, leg.account, leg.series_id)
            ):
                key = Series.from_id(row.series_id).book_key
                books.setdefault((row.account, key), (row.kind, []))[1].append(row.series_id)
        return [BookRow(account, key, kind, tuple(ids)) for (account, key), (kind, ids) in books.items()]

    async def vault_series(self) -> list[tuple[str, int]]:
        """Series that vaults still count although they are settled: (vault, series id)."""
        v, s, e = tables.VaultSeries, tables.Series, tables.Expiry
        async with self._session() as session:
            rows = await session.execute(
                select(v.vault, v.series_id)
                .join(s, and_(s.chain_id == v.chain_id, s.series_id == v.series_id))
                .join(e, and_(e.chain_id == s.chain_id, e.market == s.market, e.expiry == s.expiry))
                .where(v.chain_id == self._chain_id, v.amount != 0, e.settlement_price.is_not(None))
                .order_by(s.expiry, v.vault, v.series_id)
            )
            return [(row.vault, row.series_id) for row in rows]

    async def open_vault_expiries(self, now: int) -> list[tuple[int, int]]:
        """Expiries (with their markets) after a time, of which a vault has series open."""
        v, s = tables.VaultSeries, tables.Series
        async with self._session() as session:
            rows = await session.execute(
                select(s.market, s.expiry)
                .join(v, and_(v.chain_id == s.chain_id, v.series_id == s.series_id))
                .where(v.chain_id == self._chain_id, v.amount != 0, s.expiry > now)
                .distinct()
                .order_by(s.expiry, s.market)
            )
            return [(row.market, row.expiry) for row in rows]

    async def fee_pots(self) -> list[int]:
        """Book keys of settled expiries whose pots hold fees."""
        p, e = tables.FeePot, tables.Expiry
        async with self._session() as session:
            keys = list(await session.scalars(select(p.book_key).where(p.chain_id == self._chain_id, p.assets != 0)))
            settled = {
                (row.market, row.expiry)
                for row in await session.execute(
                    select(e.market, e.expiry).where(e.chain_id == self._chain_id, e.settlement_price.is_not(None))
                )
            }
        return [key for key in sorted(keys) if (key >> 48, key & (1 << 40) - 1) in settled]

    async def holders(self, settled_before: int) -> list[HolderRow]:
        """Tokens of series that were settled at or before a time, in the order of settlement."""
        p, s, e = tables.Position, tables.Series, tables.Expiry
        async with self._session() as session:
            rows = await session.execute(
                select(p.account, p.series_id, s.side, s.strike, p.amount, e.settlement_price, e.settled_at)
                .join(s, and_(s.chain_id == p.chain_id, s.series_id == p.series_id))
                .join(e, and_(e.chain_id == s.chain_id, e.market == s.market, e.expiry == s.expiry))
                .where(
                    p.chain_id == self._chain_id,
                    p.amount > 0,
                    e.settlement_price.is_not(None),
                    e.settled_at <= settled_before,
                )
                .order_by(e.settled_at, p.series_id, p.account)
            )
            return [
                HolderRow(
                    row.account,
                    row.series_id,
                    row.side,
                    row.strike,
                    row.amount,
                    row.settlement_price or 0,
                    row.settled_at or 0,
                )
                for row in rows
            ]

    async def allowed_redeem_for(self) -> set[str]:
        """Accounts with code that let anybody redeem for them."""
        r = tables.RedeemFor
        async with self._session() as session:
            return set(await session.scalars(select(r.account).where(r.chain_id == self._chain_id, r.allowed)))

    async def ready_vaults(self, now: int) -> list[str]:
        """Vaults with a request whose notice has ended."""
        r, v = tables.LpRequest, tables.Vault
        notice = cast(v.params["noticeSeconds"].astext, Integer)
        async with self._session() as session:
            rows = await session.scalars(
                select(r.vault)
                .join(v, and_(v.chain_id == r.chain_id, v.address == r.vault))
                .where(r.chain_id == self._chain_id, r.status == "pending", r.requested_at + notice <= now)
                .distinct()
            )
            return sorted(rows)

    async def drift(self) -> int | None:
        """Rows that differed in the newest audit; None before the first."""
        a = tables.Audit
        async with self._session() as session:
            return await session.scalar(
                select(a.drift).where(a.chain_id == self._chain_id).order_by(a.id.desc()).limit(1)
            )


def _book_key() -> ColumnElement[Decimal]:
    """The book key of a joined series row, as the contracts pack it."""
    s = tables.Series
    return cast(s.market, Numeric(78, 0)) * (1 << 48) + cast(s.side, Numeric(78, 0)) * (1 << 40) + s.expiry
