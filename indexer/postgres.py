"""The few statements that the writer is made of: bulk COPY, upsert, integers out of NUMERIC."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import psycopg
from psycopg import sql
from psycopg.abc import Buffer
from psycopg.adapt import Loader

from indexer.derive.table import TableSpec

Connection = psycopg.Connection[tuple[Any, ...]]
COPY_FROM_ROWS = 300
"""From this many rows on, an upsert goes through COPY and a temporary table; fewer go as arrays in one statement."""


class _IntegerLoader(Loader):
    """NUMERIC as `int`: every such column of ours has no decimals."""

    def load(self, data: Buffer) -> int:
        return int(bytes(data))


def connect(conninfo: str) -> Connection:
    """A connection whose transactions are begun by name and whose NUMERIC columns are integers."""
    connection: Connection = psycopg.connect(conninfo, autocommit=True)
    connection.adapters.register_loader("numeric", _IntegerLoader)
    return connection


def names(columns: Iterable[str]) -> sql.Composed:
    """Columns, quoted, with commas."""
    return sql.SQL(", ").join(sql.Identifier(name) for name in columns)


def copy_rows(connection: Connection, table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Add rows by COPY."""
    if not rows:
        return
    query = sql.SQL("copy {} ({}) from stdin").format(sql.Identifier(table), names(columns))
    with connection.cursor() as cursor, cursor.copy(query) as copy:
        copy.write("".join("\t".join(map(_text, row)) + "\n" for row in rows))


def upsert(connection: Connection, spec: TableSpec, rows: Sequence[tuple[Any, ...]]) -> None:
    """Put rows, in the order of `spec.columns`, in the place of those with the same keys."""
    target, columns = sql.Identifier(spec.name), names(spec.columns)
    conflict = sql.SQL("on conflict ({}) do update set {}").format(
        names(("chain_id", *spec.key_columns)),
        sql.SQL(", ").join(sql.SQL("{0} = excluded.{0}").format(sql.Identifier(name)) for name in spec.value_columns),
    )
    if len(rows) < COPY_FROM_ROWS:
        arrays = sql.SQL(", ").join(sql.SQL("%s::" + spec.types[name] + "[]") for name in spec.columns)
        query = sql.SQL("insert into {} ({}) select * from unnest({}) {}").format(target, columns, arrays, conflict)
        connection.execute(query, [_array(spec, name, place, rows) for place, name in enumerate(spec.columns)])
        return
    staging = f"new_{spec.name}"
    # A transaction that is taken back takes the temporary table with it, so whether it is there is asked each time.
    connection.execute(
        sql.SQL("create temporary table if not exists {} (like {})").format(sql.Identifier(staging), target)
    )
    connection.execute(sql.SQL("truncate {}").format(sql.Identifier(staging)))
    copy_rows(connection, staging, spec.columns, rows)
    connection.execute(
        sql.SQL("insert into {} ({}) select {} from {} {}").format(
            target, columns, columns, sql.Identifier(staging), conflict
        )
    )


def _text(value: Any) -> str:
    """A value in COPY's text format."""
    if value is None:
        return r"\N"
    if value is True:
        return "t"
    if value is False:
        return "f"
    if isinstance(value, (dict, list)):
        value = json.dumps(value)
    if isinstance(value, str):
        return value.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
    return str(value)


def _array(spec: TableSpec, name: str, place: int, rows: Sequence[tuple[Any, ...]]) -> list[Any]:
    if name in spec.json_columns:
        return [json.dumps(row[place]) for row in rows]
    return [row[place] for row in rows]
