"""The one connection that writes a chain's tables, each batch in one transaction with the checkpoint."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Self

from psycopg import sql

from indexer.block import Block, Position
from indexer.decode.catalogue import Event
from indexer.derive.apply import BlockUndo
from indexer.derive.state import State
from indexer.derive.table import Key, TableSpec, Values
from indexer.errors import NotLeader
from indexer.postgres import connect, copy_rows, names, upsert
from indexer.takeback import GROWING, take_back, write_undo
from optionix.store.notify import CHANNEL, BlockChange

_PLAIN = ("chain", "checkpoint", "token", "watched_contract", "block", "undo")
"""Tables of the indexer that are neither derived rows nor grow with the blocks."""


class Writer:
    """Writes a chain's tables, and holds the chain's lock as long as its connection lives.

    Everything here blocks: call it from a thread.

    Parameters
    ----------
    conninfo : psycopg connection text.
    """

    def __init__(self, conninfo: str, chain_id: int) -> None:
        self.chain_id = chain_id
        self._connection = connect(conninfo)
        # The checkpoint is lost together with the rows of its transaction, never alone: no need to wait for the disk.
        self._connection.execute("set synchronous_commit to off")
        self._finalized = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection and with it the lock."""
        self._connection.close()

    def lead(self) -> None:
        """Take the chain's lock.

        Raises
        ------
        NotLeader
            Another indexer has it; ask again later.
        """
        row = self._connection.execute(
            "select pg_try_advisory_lock(hashtextextended('indexer', %s))", [self.chain_id]
        ).fetchone()
        if row is None or not row[0]:
            raise NotLeader(f"another indexer works on chain {self.chain_id} in this database.", "It keeps the lead.")

    # --- reading ---

    def load(self, spec: TableSpec, key: Key) -> Values | None:
        """See `table.Loader`."""
        where = sql.SQL("").join(sql.SQL(" and {} = %s").format(sql.Identifier(name)) for name in spec.key_columns)
        query = sql.SQL("select {} from {} where chain_id = %s{}").format(
            names(spec.value_columns), sql.Identifier(spec.name), where
        )
        return self._connection.execute(query, [self.chain_id, *key]).fetchone()

    def load_range(self, spec: TableSpec, first: Key, column: str, low: int, high: int) -> list[tuple[Key, Values]]:
        """See `table.Loader`."""
        where = sql.SQL("").join(
            sql.SQL(" and {} = %s").format(sql.Identifier(name)) for name in spec.key_columns[: len(first)]
        )
        query = sql.SQL("select {0} from {1} where chain_id = %s{2} and {3} >= %s and {3} < %s").format(
            names((*spec.key_columns, *spec.value_columns)), sql.Identifier(spec.name), where, sql.Identifier(column)
        )
        width = len(spec.key_columns)
        found = self._connection.execute(query, [self.chain_id, *first, low, high]).fetchall()
        return [(row[:width], row[width:]) for row in found]

    def preload(self, state: State, limit: int) -> None:
        """Read tables of at most `limit` rows whole, so that their misses need no question."""
        for table in state.tables:
            spec, width = table.spec, len(table.spec.key_columns)
            query = sql.SQL("select {} from {} where chain_id = %s limit %s").format(
                names((*spec.key_columns, *spec.value_columns)), sql.Identifier(spec.name)
            )
            found = self._connection.execute(query, [self.chain_id, limit + 1]).fetchall()
            if len(found) <= limit:
                table.preload((row[:width], row[width:]) for row in found)

    def position(self) -> Position | None:
        """How far the tables are, or None before the chain was begun."""
        row = self._connection.execute(
            "select block_number, block_hash, block_timestamp, finalized_number from checkpoint where chain_id = %s",
            [self.chain_id],
        ).fetchone()
        if row is None:
            return None
        self._finalized = row[3]
        return Position(Block(row[0], row[1], None, row[2]), row[3])

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
            self._upsert_changes(state)
            self._write_blocks([before], Counter(), before.number)
            self._move(before, before.number, before)
        state.committed()

    def write(
        self,
        state: State,
        events: Sequence[Event],
        undo: Iterable[BlockUndo],
        blocks: Sequence[Block],
        finalized: int,
        head: Block,
    ) -> Position:
        """Write a batch of whole blocks, all or nothing; the new position.

        Parameters
        ----------
        blocks : read blocks in order, the last of them the new position; every block with events is among them.
        finalized : number of the newest final block that the node named.
        head : the newest block that the node named.
        """
        tip = blocks[-1]
        finalized = max(min(finalized, tip.number), self._finalized)
        counts = Counter(event.block_number for event in events)
        with self._connection.transaction():
            self._write_events(events)
            for table, rows in state.appended.items():
                self._insert(table, tuple(rows[0]), [tuple(row.values()) for row in rows])
            self._upsert_changes(state)
            write_undo(self._connection, self.chain_id, undo)
            self._write_blocks(blocks, counts, finalized)
            self._move(tip, finalized, head)
            self._notify(tip, None, tuple(state.topics))
        self._finalized = finalized
        state.committed()
        return Position(tip, finalized)

    def take_back(self, fork: Block, head: Block) -> None:
        """Set every table back to what it was after the block `fork`, and say so."""
        position = self.position()
        if position is None or not position.finalized <= fork.number < position.block.number:
            raise ValueError(f"cannot go back to block {fork.number} from {position}")
        with self._connection.transaction():
            take_back(self._connection, self.chain_id, fork.number)
            self._move(fork, position.finalized, head)
            self._notify(fork, position.block.number, ("*",))

    def erase(self, state: State) -> None:
        """Remove every row of the chain but the record of audits, to index it anew."""
        with self._connection.transaction():
            for name in (*_PLAIN, *GROWING, *(table.spec.name for table in state.tables)):
                query = sql.SQL("delete from {} where chain_id = %s").format(sql.Identifier(name))
                self._connection.execute(query, [self.chain_id])

    def _insert(self, table: str, columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]]) -> None:
        copy_rows(self._connection, table, ("chain_id", *columns), [(self.chain_id, *row) for row in rows])

    def _write_events(self, events: Sequence[Event]) -> None:
        self._insert(
            "event",
            ("block_number", "log_index", "tx_hash", "tx_index", "address", "contract", "name", "args"),
            [
                (
                    event.block_number,
                    event.log_index,
                    event.tx_hash,
                    event.tx_index,
                    event.address,
                    event.contract,
                    event.name,
                    event.args_json,
                )
                for event in events
            ],
        )

    def _upsert_changes(self, state: State) -> None:
        for table in state.tables:
            rows = [(self.chain_id, *key, *values) for key, values in table.changes()]
            if rows:
                upsert(self._connection, table.spec, rows)

    def _write_blocks(self, blocks: Sequence[Block], counts: Counter[int], finalized: int) -> None:
        """Keep the blocks; those below the final one only for their events. Final blocks need no undo."""
        rows = [
            (block.number, block.hash, block.parent_hash, block.timestamp, counts[block.number])
            for block in blocks
            if block.number >= finalized or block.number in counts
        ]
        self._insert("block", ("number", "hash", "parent_hash", "timestamp", "events"), rows)
        self._connection.execute(
            "delete from block where chain_id = %s and number >= %s and number < %s and events = 0",
            [self.chain_id, self._finalized, finalized],
        )
        self._connection.execute(
            "delete from undo where chain_id = %s and block_number <= %s", [self.chain_id, finalized]
        )

    def _move(self, tip: Block, finalized: int, head: Block) -> None:
        self._connection.execute(
            "insert into checkpoint (chain_id, block_number, block_hash, block_timestamp, finalized_number,"
            " head_number, head_timestamp, updated_at) values (%s, %s, %s, %s, %s, %s, %s, clock_timestamp())"
            " on conflict (chain_id) do update set block_number = excluded.block_number,"
            " block_hash = excluded.block_hash, block_timestamp = excluded.block_timestamp,"
            " finalized_number = excluded.finalized_number, head_number = excluded.head_number,"
            " head_timestamp = excluded.head_timestamp, updated_at = excluded.updated_at",
            [self.chain_id, tip.number, tip.hash, tip.timestamp, finalized, head.number, head.timestamp],
        )

    def _notify(self, tip: Block, reorg_from: int | None, topics: tuple[str, ...]) -> None:
        change = BlockChange(self.chain_id, tip.number, tip.hash, tip.timestamp, reorg_from, topics)
        self._connection.execute("select pg_notify(%s, %s)", [CHANNEL, change.payload()])
