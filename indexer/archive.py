"""The kept logs of a chain: from these alone every derived table can be made again, without a node."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import orjson
from psycopg import sql
from pydantic import TypeAdapter

from indexer.block import Block
from indexer.logs import BlockLogs
from indexer.postgres import Connection, copy_rows
from indexer.setup import ChainSetup

_COLUMNS = (
    "block_number", "block_hash", "timestamp", "log_indexes", "tx_indexes", "topic_counts", "ends", "tx_hashes",
    "addresses", "payload",
)  # fmt: skip
_SETUP: TypeAdapter[ChainSetup] = TypeAdapter(ChainSetup)
_FETCHED_BLOCKS = 64


@dataclass(frozen=True, slots=True)
class Extent:
    """The kept logs begin after the block `before` and end with `last`; up to `finalized` nothing can be taken back."""

    before: Block
    last: Block
    finalized: int


class Archive:
    """The logs of one chain, by its id and its genesis."""

    def __init__(self, connection: Connection, chain_id: int, genesis_hash: str) -> None:
        self._connection = connection
        self._key = (chain_id, genesis_hash)

    def over(self, connection: Connection) -> Archive:
        """The same logs over another connection."""
        return Archive(connection, *self._key)

    def begin(self, setup: ChainSetup, before: Block) -> None:
        """Nothing is kept yet; `before` is the block before the first one."""
        row = (*self._key, before.number, before.hash, before.timestamp, *_place(before), before.number)
        self._connection.execute(
            "insert into log_range (chain_id, genesis_hash, before_number, before_hash, before_timestamp, last_number,"
            " last_hash, last_timestamp, finalized_number, setup) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [*row, orjson.dumps(_SETUP.dump_python(setup, mode="json")).decode()],
        )

    def extent(self) -> Extent | None:
        """What is kept; None before the beginning."""
        row = self._connection.execute(
            "select before_number, before_hash, before_timestamp, last_number, last_hash, last_timestamp,"
            " finalized_number from log_range where chain_id = %s and genesis_hash = %s",
            self._key,
        ).fetchone()
        if row is None:
            return None
        return Extent(Block(row[0], row[1], None, row[2]), Block(row[3], row[4], None, row[5]), row[6])

    def add(self, blocks: Sequence[BlockLogs]) -> None:
        """Keep logs; `move` in the same transaction."""
        rows = [
            (
                *self._key, block.number, block.hash, block.timestamp, block.log_indexes, block.tx_indexes,
                block.topic_counts, block.ends, block.tx_hashes, block.addresses, block.payload,
            )
            for block in blocks
        ]  # fmt: skip
        copy_rows(self._connection, "block_logs", ("chain_id", "genesis_hash", *_COLUMNS), rows)

    def move(self, last: Block, finalized: int) -> None:
        """The logs up to a block are kept."""
        self._connection.execute(
            "update log_range set last_number = %s, last_hash = %s, last_timestamp = %s, finalized_number = %s"
            " where chain_id = %s and genesis_hash = %s",
            [*_place(last), finalized, *self._key],
        )

    def set_ahead(self, ahead: bool) -> None:
        """Whether rows that belong to one block may be in the tables ahead of the checkpoint."""
        self._connection.execute(
            "update log_range set ahead = %s where chain_id = %s and genesis_hash = %s", [ahead, *self._key]
        )

    def is_ahead(self) -> bool:
        """See `set_ahead`."""
        row = self._connection.execute(
            "select ahead from log_range where chain_id = %s and genesis_hash = %s", self._key
        ).fetchone()
        return row is not None and bool(row[0])

    def read(self, after: int, most: int) -> Iterator[list[BlockLogs]]:
        """Blocks above `after` that have logs, in order, about `most` logs at a time; inside a transaction."""
        query = sql.SQL(
            "select {} from block_logs where chain_id = %s and genesis_hash = %s and block_number > %s"
            " order by block_number"
        ).format(sql.SQL(", ").join(map(sql.Identifier, _COLUMNS)))
        with self._connection.cursor(name="kept_logs", binary=True) as cursor:
            cursor.itersize = _FETCHED_BLOCKS
            cursor.execute(query, [*self._key, after])
            found: list[BlockLogs] = []
            count = 0
            for row in cursor:
                number, hash_, timestamp, log_indexes, tx_indexes, topic_counts, ends, *texts = row
                hashes, addresses, payload = (text.hex() for text in texts)
                found.append(
                    BlockLogs(
                        number,
                        hash_,
                        timestamp,
                        log_indexes,
                        tx_indexes,
                        topic_counts,
                        ends,
                        hashes,
                        addresses,
                        payload,
                    )
                )
                count += len(found[-1])
                if count >= most:
                    yield found
                    found, count = [], 0
            if found:
                yield found


def stored_setup(connection: Connection, chain_id: int) -> ChainSetup | None:
    """What the indexer knew of a chain when it began it."""
    row = connection.execute(
        "select setup from log_range join chain using (chain_id, genesis_hash) where chain_id = %s", [chain_id]
    ).fetchone()
    return None if row is None else _SETUP.validate_python(row[0])


def _place(block: Block) -> tuple[int, str, int]:
    return block.number, block.hash, block.timestamp
