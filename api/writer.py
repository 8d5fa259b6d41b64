"""Writes of the API's own tables, which no other service writes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

POOL_SIZE = 4
POOL_SECONDS = 5
STATEMENT_MILLISECONDS = 5_000


class Writer:
    """A small pool beside the readers', so that neither takes the other's connections."""

    def __init__(self, database_url: str, chain_id: int) -> None:
        self.chain_id = chain_id
        self._engine = create_async_engine(
            database_url,
            pool_size=POOL_SIZE,
            max_overflow=0,
            pool_timeout=POOL_SECONDS,
            pool_pre_ping=True,
            connect_args={
                "application_name": "optionix-api-writer",
                "options": f"-c statement_timeout={STATEMENT_MILLISECONDS}",
            },
        )
        self._maker = async_sessionmaker(self._engine, expire_on_commit=False)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """One transaction: committed when the block ends well, else undone."""
        async with self._maker() as session, session.begin():
            yield session

    async def close(self) -> None:
        """Returns every connection."""
        await self._engine.dispose()
