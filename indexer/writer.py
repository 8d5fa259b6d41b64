"""The one connection that writes a chain's tables, each batch in one transaction with the checkpoint."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import Any, Self

from psycopg import sql

from indexer import loader
from indexer.archive import Archive, Extent
from indexer.batch import Batch, collect
from indexer.block import Block, Position
from indexer.derive import DERIVATION
from indexer.derive.state import State
from indexer.derive.table import Key, TableSpec, Values
from indexer.errors import NotLeader, TablesReplaced
from indexer.postgres import connect, copy_rows
from indexer.takeback import GROWING, take_back
from optionix.store.notify import ANY_TOPIC, CHANNEL, BlockChange

_KNOWN = ("chain", "token", "watched_contract", "block", "log_range", "block_logs")
"""Tables of the indexer that are not derived from logs."""
_PLAIN = ("checkpoint", "undo")
_LARGE_BYTES = 1 << 20
"""Larger tables are emptied faster by TRUNCATE, which makes new files, than by DELETE."""


class Second:
    """The connection that writes rows of final blocks while the first one writes the newest state."""

    def __init__(self, conninfo: str, archive: Archive) -> None:
        self._connection = connect(conninfo)
        self._connection.execute("set synchronous_commit to off")
        self._archive = archive.over(self._connection)

    def transaction(self) -> AbstractContextManager[object]:
        """One of its own."""
        return self._connection.transaction()

    def grow(self, batch: Batch) -> None:
        """Write the rows that belong to one block; call inside a transaction."""
        self._archive.add(batch.logs)
        batch.grow(self._connection)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


class Writer:
    """Writes a chain's tables, and holds the chain's lock as long as its connection lives.

    Everything here blocks: call it from a thread. What `write_later` was given is written beside the caller; all other
    methods wait for it first.

    Parameters
    ----------
    conninfo : psycopg connection text.
    beside : write what is derived for nobody to read yet: without the lead, and without a word to listeners.
    """

    def __init__(self, conninfo: str, chain_id: int, genesis_hash: str = "", *, beside: bool = False) -> None:
        self.chain_id = chain_id
        self._beside_readers = beside
        self._tables: int | None = None
        self._connection = connect(conninfo)
        # The checkpoint is lost together with the rows of its transaction, never alone: no need to wait for the disk.
        self._connection.execute("set synchronous_commit to off")
        self._conninfo = conninfo
        self._archive = Archive(self._connection, chain_id, genesis_hash)
        self._finalized = 0
        self._beside = ThreadPoolExecutor(2, thread_name_prefix="write")
        self._second: Second | None = None
        self._pending: Future[None] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection and with it the lock. What is still being written is written, or lost as a whole."""
        self._beside.shutdown()
        if self._second is not None:
            self._second.close()
        self._connection.close()

    def settle(self) -> None:
        """Wait for what is being written; raises what went wrong with it."""
        if self._pending is not None:
            pending, self._pending = self._pending, None
            pending.result()

    def lead(self) -> None:
        """Take the chain's lock.

        Raises
        ------
        NotLeader
            Another indexer has it; ask again later.
        """
        if self._beside_readers:
            return  # who builds has the lock of the build
        row = self._connection.execute(
            "select pg_try_advisory_lock(hashtextextended('indexer', %s))", [self.chain_id]
        ).fetchone()
        if row is None or not row[0]:
            raise NotLeader(f"another indexer works on chain {self.chain_id} in this database.", "It keeps the lead.")

    # --- reading ---

    def load(self, spec: TableSpec, key: Key) -> Values | None:
        """See `table.Loader`."""
        self.settle()
        return loader.load(self._connection, self.chain_id, spec, key)

    def load_range(self, spec: TableSpec, first: Key, column: str, low: int, high: int) -> list[tuple[Key, Values]]:
        """See `table.Loader`."""
        self.settle()
        return loader.load_range(self._connection, self.chain_id, spec, first, column, low, high)

    def preload(self, state: State, limit: int) -> None:
        """Read tables of at most `limit` rows whole, so that their misses need no question."""
        self.settle()
        loader.preload(self._connection, self.chain_id, state, limit)

    def position(self) -> Position | None:
        """How far the tables are, or None before the chain was begun."""
        self.settle()
        row = self._connection.execute(
            "select block_number, block_hash, block_timestamp, finalized_number, tableoid::bigint from checkpoint"
            " where chain_id = %s",
            [self.chain_id],
        ).fetchone()
        if row is None:
            return None
        self._finalized, self._tables = row[3], row[4]
        return Position(Block(row[0], row[1], None, row[2]), row[3])

    def derivation(self) -> int | None:
        """The version of the rules by which the tables were derived."""
        row = self._connection.execute(
            "select derivation from checkpoint where chain_id = %s", [self.chain_id]
        ).fetchone()
        return None if row is None else int(row[0])

    def level(self) -> None:
        """Wait for what is being written; from here on no row is ahead of the checkpoint."""
        self.settle()
        if self._second is not None:
            self._second.close()
            self._second = None
            self._archive.set_ahead(False)

    def drop_ahead(self) -> None:
        """Remove rows that were committed ahead of a checkpoint that never came."""
        if self._beside_readers or not self._archive.is_ahead():
            return
        with self._connection.transaction():
            for name in GROWING:
                kept = "last_number" if name == "block_logs" else "block_number"
                source = "log_range" if name == "block_logs" else "checkpoint"
                query = sql.SQL(
                    "delete from {} where chain_id = %(chain)s and block_number >"
                    " (select {} from {} where chain_id = %(chain)s)"
                ).format(sql.Identifier(name), sql.Identifier(kept), sql.Identifier(source))
                self._connection.execute(query, {"chain": self.chain_id})
            self._archive.set_ahead(False)

    def extent(self) -> Extent | None:
        """Which logs are kept."""
        return self._archive.extent()

    def genesis(self) -> str | None:
        """The genesis hash of the chain that the tables hold."""
        row = self._connection.execute("select genesis_hash from chain where chain_id = %s", [self.chain_id]).fetchone()
        return None if row is None else str(row[0])

    def watched(self) -> dict[str, str]:
        """Contracts that the tables were built from: name by address."""
        rows = self._connection.execute(
            "select address, name from watched_contract where chain_id = %s", [self.chain_id]
        ).fetchall()
        return {row[0]: row[1] for row in rows}

    def known_blocks(self, highest: int, count: int) -> list[Block]:
        """Stored blocks, from `highest` down."""
        self.settle()
        rows = self._connection.execute(
            "select number, hash, parent_hash, timestamp from block where chain_id = %s and number <= %s"
            " order by number desc limit %s",
            [self.chain_id, highest, count],
        ).fetchall()
        return [Block(*row) for row in rows]

    # --- writing ---

    def begin_chain(self, state: State, before: Block) -> None:
        """First rows of a chain: what is known without an event. `before` is the block before the first one."""
        setup = state.setup
        contracts = [(address, name, setup.start_block) for address, name in setup.contracts.items()]
        with self._connection.transaction():
            self._insert("chain", ("genesis_hash", "name"), [(setup.genesis_hash, setup.name)])
            self._insert(
                "token", ("address", "symbol", "decimals"), [(t.address, t.symbol, t.decimals) for t in setup.tokens]
            )
            self._insert("watched_contract", ("address", "name", "start_block"), contracts)
            self._archive.begin(setup, before)
            self._write_blocks([before], Counter(), before.number)
            self._forget_empty(before.number)
            collect(state, self.chain_id).write(self._connection, self.chain_id)
            self._move(before, before.number, before)
        self._finalized = before.number

    def start_over(self, state: State, before: Block, last: Block) -> None:
        """Set what is derived back to the beginning; the logs stay, `last` is their newest block."""
        self.level()
        derived = [*_PLAIN, *(name for name in GROWING if name not in _KNOWN), *(t.spec.name for t in state.tables)]
        with self._connection.transaction():
            self._remove(derived)
            collect(state, self.chain_id).write(self._connection, self.chain_id)
            self._move(before, before.number, last)
            self._notify(before, last.number, (ANY_TOPIC,))
        self._finalized = before.number

    def write(self, batch: Batch, blocks: Sequence[Block], finalized: int, head: Block) -> Position:
        """Write a batch of whole blocks, all or nothing; the new position.

        Parameters
        ----------
        blocks : read blocks in order, the last of them the new position; every block with logs is among them.
        finalized : number of the newest final block that the node named.
        head : the newest block that the node named.
        """
        self.level()
        position = self._next(blocks[-1], finalized)
        self._write(batch, blocks, position, head)
        return position

    def write_later(self, batch: Batch, blocks: Sequence[Block], finalized: int, head: Block) -> Position:
        """As `write`, of final blocks and beside the caller, who hears of a failure from the next method.

        Rows that belong to one block go over a second connection: Postgres writes with two cores. They are committed
        just before the checkpoint, and removed by `drop_ahead` where it does not follow.
        """
        self.settle()
        position = self._next(blocks[-1], finalized)
        self._pending = self._beside.submit(self._write_final, batch, blocks, position, head)
        return position

    def write_derived_later(self, batch: Batch, tip: Block, finalized: int, head: Block) -> Position:
        """As `write_later`, of a batch whose blocks and logs are in the tables."""
        self.settle()
        position = self._next(tip, finalized)
        self._pending = self._beside.submit(self._write_final, batch, (), position, head)
        return position

    def _next(self, tip: Block, finalized: int) -> Position:
        return Position(tip, max(min(finalized, tip.number), self._finalized))

    def _write_final(self, batch: Batch, blocks: Sequence[Block], position: Position, head: Block) -> None:
        if self._beside_readers:
            self._write(batch, blocks, position, head)
            return
        if self._second is None:
            self._archive.set_ahead(True)
            self._second = Second(self._conninfo, self._archive)
        with self._connection.transaction(), self._second.transaction():
            self._require_tables()
            growing = self._beside.submit(self._second.grow, batch)
            try:
                self._advance(batch, blocks, position, head)
            finally:
                growing.result()
        self._finalized = position.finalized

    def _write(self, batch: Batch, blocks: Sequence[Block], position: Position, head: Block) -> None:
        with self._connection.transaction():
            self._require_tables()
            self._archive.add(batch.logs)
            batch.grow(self._connection)
            self._advance(batch, blocks, position, head)
        self._finalized = position.finalized

    def _advance(self, batch: Batch, blocks: Sequence[Block], position: Position, head: Block) -> None:
        """Everything of a batch but the rows that belong to one block."""
        batch.copy(self._connection, self.chain_id)
        if blocks:
            self._write_blocks(blocks, Counter({block.number: len(block) for block in batch.logs}), position.finalized)
        # What gives nothing back goes to Postgres in one piece: the way there and back is most of a block's time.
        with self._connection.pipeline():
            batch.put_few(self._connection)
            if blocks:
                self._archive.move(position.block, position.finalized)
                self._forget_empty(position.finalized)
            self._connection.execute(
                "delete from undo where chain_id = %s and block_number <= %s", [self.chain_id, position.finalized]
            )
            self._move(position.block, position.finalized, head)
            self._notify(position.block, None, batch.topics)

    def take_back(self, fork: Block, head: Block) -> None:
        """Set every table back to what it was after the block `fork`, and say so."""
        position = self.position()
        if position is None or not position.finalized <= fork.number < position.block.number:
            raise ValueError(f"cannot go back to block {fork.number} from {position}")
        with self._connection.transaction():
            self._require_tables()
            take_back(self._connection, self.chain_id, fork.number)
            self._archive.move(fork, position.finalized)
            self._move(fork, position.finalized, head)
            self._notify(fork, position.block.number, (ANY_TOPIC,))

    def erase(self, state: State) -> None:
        """Remove every row of the chain but the record of audits, to index it anew."""
        with self._connection.transaction():
            self._remove([*_KNOWN, *_PLAIN, *GROWING, *(table.spec.name for table in state.tables)])

    def _require_tables(self) -> None:
        """Refuse to write into other tables than were read; until the transaction ends they stay where they are.

        Raises
        ------
        TablesReplaced
            Others have taken their names.
        """
        row = self._connection.execute(
            "select tableoid::bigint from checkpoint where chain_id = %s for update", [self.chain_id]
        ).fetchone()
        found = None if row is None else row[0]
        if self._tables is None:  # this writer has made the row itself
            self._tables = found
        if found is None or found != self._tables:
            raise TablesReplaced(
                f"the tables of chain {self.chain_id} were replaced by newer ones.", "Begin from those."
            )

    def _remove(self, tables: Sequence[str]) -> None:
        """Take the chain's rows out of tables; large ones are emptied at once where they hold no other chain."""
        row = self._connection.execute("select count(*) from chain where chain_id <> %s", [self.chain_id]).fetchone()
        alone = row is not None and row[0] == 0
        sizes: dict[str, int] = dict(
            self._connection.execute(
                "select name, pg_relation_size(name::regclass) from unnest(%s::text[]) name", [list(tables)]
            ).fetchall()
        )
        large = [sql.Identifier(name) for name, size in sizes.items() if alone and size > _LARGE_BYTES]
        if large:
            self._connection.execute(sql.SQL("truncate {}").format(sql.SQL(", ").join(large)))
        for name in sizes:
            query = sql.SQL("delete from {} where chain_id = %s").format(sql.Identifier(name))
            self._connection.execute(query, [self.chain_id])

    def _insert(self, table: str, columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]]) -> None:
        copy_rows(self._connection, table, ("chain_id", *columns), [(self.chain_id, *row) for row in rows])

    def _write_blocks(self, blocks: Sequence[Block], counts: Counter[int], finalized: int) -> None:
        """Keep the blocks; those below the final one only for their events."""
        rows = [
            (block.number, block.hash, block.parent_hash, block.timestamp, counts[block.number])
            for block in blocks
            if block.number >= finalized or block.number in counts
        ]
        self._insert("block", ("number", "hash", "parent_hash", "timestamp", "events"), rows)

    def _forget_empty(self, finalized: int) -> None:
        """Drop blocks without events that became final."""
        self._connection.execute(
            "delete from block where chain_id = %s and number >= %s and number < %s and events = 0",
            [self.chain_id, self._finalized, finalized],
        )

    def _move(self, tip: Block, finalized: int, head: Block) -> None:
        self._connection.execute(
            "insert into checkpoint (chain_id, block_number, block_hash, block_timestamp, finalized_number,"
            " head_number, head_timestamp, derivation, updated_at)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s, clock_timestamp())"
            " on conflict (chain_id) do update set block_number = excluded.block_number,"
            " block_hash = excluded.block_hash, block_timestamp = excluded.block_timestamp,"
            " finalized_number = excluded.finalized_number, head_number = excluded.head_number,"
            " head_timestamp = excluded.head_timestamp, derivation = excluded.derivation,"
            " updated_at = excluded.updated_at",
            [self.chain_id, tip.number, tip.hash, tip.timestamp, finalized, head.number, head.timestamp, DERIVATION],
        )

    def _notify(self, tip: Block, reorg_from: int | None, topics: tuple[str, ...]) -> None:
        if self._beside_readers:
            return
        change = BlockChange(self.chain_id, tip.number, tip.hash, tip.timestamp, reorg_from, topics)
        self._connection.execute("select pg_notify(%s, %s)", [CHANNEL, change.payload()])
