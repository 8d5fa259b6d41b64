"""One leader for each (chain, job), and one owner for each sending key: Postgres advisory locks of a session.

A process that dies takes its session with it, and Postgres gives the locks to whoever asks next.
"""

from __future__ import annotations

import hashlib

import psycopg


class Leadership:
    """The locks that this process holds, on a connection of their own.

    Parameters
    ----------
    conninfo : psycopg connection text.
    chain_id : the chain.
    """

    def __init__(self, conninfo: str, chain_id: int) -> None:
        self._conninfo = conninfo
        self._chain_id = chain_id
        self._connection: psycopg.AsyncConnection[tuple[object, ...]] | None = None
        self._held: set[str] = set()

    async def holds(self, name: str) -> bool:
        """Whether this process leads `name` now; takes the lead where nobody has it.

        A lost connection loses every lead: another process may already have taken over.
        """
        try:
            connection = await self._connect()
            if name in self._held:
                # The session is asked, not memory: a session that Postgres ended holds nothing.
                await connection.execute("select 1")
                return True
            cursor = await connection.execute("select pg_try_advisory_lock(%s)", [lock_key(self._chain_id, name)])
            row = await cursor.fetchone()
        except psycopg.OperationalError:
            await self.release()
            return False
        if row is not None and row[0]:
            self._held.add(name)
            return True
        return False

    @property
    def held(self) -> frozenset[str]:
        """Names that this process leads, as far as it knows."""
        return frozenset(self._held)

    async def release(self) -> None:
        """Give everything up."""
        self._held.clear()
        if self._connection is not None:
            await self._connection.close()
            self._connection = None

    async def _connect(self) -> psycopg.AsyncConnection[tuple[object, ...]]:
        if self._connection is None or self._connection.closed:
            self._held.clear()
            self._connection = await psycopg.AsyncConnection.connect(self._conninfo, autocommit=True)
        return self._connection


def lock_key(chain_id: int, name: str) -> int:
    """The 64-bit key of an advisory lock."""
    digest = hashlib.sha256(f"optionix keeper {chain_id} {name}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
