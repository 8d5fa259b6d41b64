"""What one transaction writes of the state, put into words: the state may go on while the database reads it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from indexer.copying import record_line, state_line
from indexer.derive.apply import BlockUndo
from indexer.derive.state import State
from indexer.derive.table import TableSpec
from indexer.logs import BlockLogs
from indexer.postgres import COPY_FROM_ROWS, Connection, copy_text, update_by_copy, upsert
from indexer.takeback import write_undo


@dataclass
class Batch:
    """Rows of a batch.

    Attributes
    ----------
    logs : to be kept; none where they came out of the tables.
    grown : table, columns and lines of rows that belong to one block.
    added : the same of rows with a newest state that the database does not have.
    updated : lines of rows that it has otherwise.
    few : both, of tables that changed little.
    """

    logs: list[BlockLogs] = field(default_factory=list)
    grown: list[tuple[str, tuple[str, ...], bytes]] = field(default_factory=list)
    added: list[tuple[str, tuple[str, ...], bytes]] = field(default_factory=list)
    updated: list[tuple[TableSpec, bytes]] = field(default_factory=list)
    few: list[tuple[TableSpec, list[tuple[Any, ...]]]] = field(default_factory=list)
    undo: list[BlockUndo] = field(default_factory=list)
    topics: tuple[str, ...] = ()

    def grow(self, connection: Connection) -> None:
        """Write the rows that belong to one block; call inside a transaction."""
        for table, columns, text in self.grown:
            copy_text(connection, table, columns, text)

    def write(self, connection: Connection, chain_id: int) -> None:
        """Write the newest state; call inside a transaction."""
        self.copy(connection, chain_id)
        self.put_few(connection)

    def copy(self, connection: Connection, chain_id: int) -> None:
        """What of it goes by COPY, and what rows were before."""
        for table, columns, text in self.added:
            copy_text(connection, table, columns, text)
        for spec, text in self.updated:
            update_by_copy(connection, spec, text)
        write_undo(connection, chain_id, self.undo)

    def put_few(self, connection: Connection) -> None:
        """What of it goes by statements that nobody has to wait for, so that they can be sent together."""
        for spec, rows in self.few:
            upsert(connection, spec, rows)


def collect(state: State, chain_id: int) -> Batch:
    """Everything that the state has changed; the state goes on as if it were written."""
    batch = Batch(topics=tuple(state.topics))
    for table, records in state.appended.items():
        if not state.part.writes(table):
            continue
        columns = tuple(records[0])
        line = record_line(table, columns)
        batch.grown.append((table, ("chain_id", *columns), _joined([line(chain_id, row) for row in records])))
    for each in state.tables:
        spec = each.spec
        if not state.part.writes(spec.name):
            continue
        new, changed = each.changes()
        if len(new) + len(changed) < COPY_FROM_ROWS:
            if new or changed:
                rows = [(chain_id, *key, *spec.values_of(row)) for key, row in (*new, *changed)]
                batch.few.append((spec, rows))
            continue
        line = state_line(spec.name, spec.key_columns, spec.value_columns)
        if new:
            text = _joined([line(chain_id, key, row) for key, row in new])
            batch.added.append((spec.name, spec.columns, text))
        if changed:
            batch.updated.append((spec, _joined([line(chain_id, key, row) for key, row in changed])))
    state.committed()
    return batch


def merged(batches: Sequence[Batch]) -> Batch:
    """What was derived of the same blocks by parts that have no row in common."""
    one = Batch()
    grown: dict[tuple[str, tuple[str, ...]], list[bytes]] = {}
    added: dict[tuple[str, tuple[str, ...]], list[bytes]] = {}
    updated: dict[TableSpec, list[bytes]] = {}
    for batch in batches:
        for table, columns, text in batch.grown:
            grown.setdefault((table, columns), []).append(text)
        for table, columns, text in batch.added:
            added.setdefault((table, columns), []).append(text)
        for spec, text in batch.updated:
            updated.setdefault(spec, []).append(text)
        one.few += batch.few
    one.grown = [(*where, b"".join(texts)) for where, texts in grown.items()]
    one.added = [(*where, b"".join(texts)) for where, texts in added.items()]
    one.updated = [(spec, b"".join(texts)) for spec, texts in updated.items()]
    return one


def _joined(lines: list[str]) -> bytes:
    return "".join(lines).encode()
