"""Live changes: what is said through Postgres NOTIFY, by the indexer in the transaction of each batch.

The API says the same way which book got an order, so that each of its processes shows it. A listener hears of a change
only after its rows can be read. The message names what changed, not the change itself.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass

import orjson
import psycopg
from psycopg import sql
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

CHANNEL = "optionix_blocks"
ORDERS_CHANNEL = "optionix_orders"
ANY_TOPIC = "*"
"""Stands for all topics where naming them would not fit into one message."""
_MAX_PAYLOAD_BYTES = 7900
"""Postgres refuses payloads of 8000 bytes and more."""


@dataclass(frozen=True, slots=True)
class BlockChange:
    """The tables moved to another block.

    Attributes
    ----------
    block, hash, timestamp : the block that the tables show now.
    reorg_from : the block that they showed before, when blocks were taken back; else None.
    topics : what changed: `spot:1`, `surface:1`, `series:ETH-27NOV26-3000-C`, `trade:ETH-27NOV26-3000-C`,
        `account:0x..`, `vault:0x..`, `market:1`; or `*` for anything.
    """

    chain_id: int
    block: int
    hash: str
    timestamp: int
    reorg_from: int | None
    topics: tuple[str, ...]

    def touches(self, topic: str) -> bool:
        """Whether what a topic names may have changed."""
        return topic in self.topics or ANY_TOPIC in self.topics

    def payload(self) -> str:
        """The message's text."""
        text = self._text(self.topics)
        return text if len(text.encode()) <= _MAX_PAYLOAD_BYTES else self._text((ANY_TOPIC,))

    def _text(self, topics: Iterable[str]) -> str:
        return orjson.dumps(
            {
                "chain_id": self.chain_id,
                "block": self.block,
                "hash": self.hash,
                "timestamp": self.timestamp,
                "reorg_from": self.reorg_from,
                "topics": list(topics),
            }
        ).decode()

    @classmethod
    def parse(cls, payload: str) -> BlockChange:
        """Read a message's text."""
        fields = orjson.loads(payload)
        return cls(**{**fields, "topics": tuple(fields["topics"])})


@dataclass(frozen=True, slots=True)
class OrderChange:
    """A signed order was taken into the book of a series, which goes by its name."""

    chain_id: int
    name: str

    async def announce(self, session: AsyncSession) -> None:
        """Say so when the transaction is committed."""
        payload = orjson.dumps({"chain_id": self.chain_id, "name": self.name}).decode()
        await session.execute(select(func.pg_notify(ORDERS_CHANNEL, payload)))

    @classmethod
    def parse(cls, payload: str) -> OrderChange:
        """Read a message's text."""
        return cls(**orjson.loads(payload))


async def listen(conninfo: str) -> AsyncGenerator[BlockChange, None]:
    """Changes of blocks as they are committed, on a connection of its own, until that connection ends.

    Parameters
    ----------
    conninfo : psycopg connection text, see `optionix.store.engine.conninfo`.

    Raises
    ------
    psycopg.OperationalError
        When the connection ends: connect again and read the tables, since messages may have been missed.
    """
    async for message in _messages(conninfo, CHANNEL):
        yield BlockChange.parse(message.payload)


async def listen_to_all(conninfo: str) -> AsyncGenerator[BlockChange | OrderChange, None]:
    """Changes of blocks and of books; as `listen`."""
    async for message in _messages(conninfo, CHANNEL, ORDERS_CHANNEL):
        yield BlockChange.parse(message.payload) if message.channel == CHANNEL else OrderChange.parse(message.payload)


async def _messages(conninfo: str, *channels: str) -> AsyncGenerator[psycopg.Notify, None]:
    connection = await psycopg.AsyncConnection.connect(conninfo, autocommit=True)
    async with connection:
        for channel in channels:
            await connection.execute(sql.SQL("listen {}").format(sql.Identifier(channel)))
        async for message in connection.notifies():
            yield message
