"""One snapshot of the tables: the session, the chain and the block that they stand at."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request
from sqlalchemy import Executable, Select, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from api.errors import Unavailable
from api.schemas import BlockRef
from optionix.store.models import Checkpoint

T = TypeVar("T")

POOL_SIZE = 8
POOL_SECONDS = 5
STATEMENT_MILLISECONDS = 5_000


class Reader:
    """Reads for one answer. Every query sees the same snapshot, so all numbers belong to `head`."""

    def __init__(self, session: AsyncSession, chain_id: int) -> None:
        self._session = session
        self.chain_id = chain_id
        self._head: BlockRef | None = None

    async def head(self) -> BlockRef:
        """The block that the tables stand at.

        Raises
        ------
        Unavailable
            When the indexer has not committed a block of this chain yet.
        """
        if self._head is None:
            row = await self._session.get(Checkpoint, self.chain_id)
            if row is None:
                raise Unavailable("No block of this network is indexed yet. Try again in a moment.")
            self._head = BlockRef(
                chain_id=row.chain_id, number=row.block_number, hash=row.block_hash, timestamp=row.block_timestamp
            )
        return self._head

    async def all(self, query: Select[T]) -> Sequence[T]:
        """All entities of a query."""
        return (await self._session.scalars(query)).all()

    async def rows(self, query: Executable) -> Sequence[Any]:
        """All rows of a query with several columns."""
        return (await self._session.execute(query)).all()

    async def first(self, query: Select[T]) -> T | None:
        """The first entity of a query, or None."""
        return (await self._session.scalars(query.limit(1))).first()


class Database:
    """A pool with time limits, so that a slow database cannot hold every request."""

    def __init__(self, database_url: str, chain_id: int) -> None:
        self.engine: AsyncEngine = create_async_engine(
            database_url,
            pool_size=POOL_SIZE,
            max_overflow=POOL_SIZE,
            pool_timeout=POOL_SECONDS,
            pool_pre_ping=True,
            isolation_level="REPEATABLE READ",
            connect_args={
                "application_name": "optionix-api",
                "options": f"-c statement_timeout={STATEMENT_MILLISECONDS} -c default_transaction_read_only=on",
            },
        )
        self._chain_id = chain_id
        self._maker = async_sessionmaker(self.engine, expire_on_commit=False)

    @asynccontextmanager
    async def reader(self) -> AsyncIterator[Reader]:
        """A reader on a snapshot of its own; its session cannot write."""
        async with self._maker() as session:
            yield Reader(session, self._chain_id)

    async def ping(self) -> None:
        """One query, to see whether Postgres answers."""
        async with self._maker() as session:
            await session.execute(text("SELECT 1"))

    async def close(self) -> None:
        """Returns every connection."""
        await self.engine.dispose()


async def _reader(request: Request) -> AsyncIterator[Reader]:
    async with request.app.state.database.reader() as reader:
        yield reader


ReaderDep = Annotated[Reader, Depends(_reader)]
