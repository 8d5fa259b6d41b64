"""The few statements that the writer is made of: bulk COPY, upsert, integers out of NUMERIC."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

import psycopg
from psycopg import sql
from psycopg.abc import Buffer
from psycopg.adapt import Loader

from indexer.copying import lines
from indexer.derive.table import TableSpec

Connection = psycopg.Connection[tuple[Any, ...]]
COPY_FROM_ROWS = 300
"""From this many rows on, a table's changes go through COPY; fewer go as arrays in one statement."""


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
    if rows:
        copy_text(connection, table, columns, lines(table, columns, rows))


def copy_text(connection: Connection, table: str, columns: Sequence[str], text: str | bytes) -> None:
    """Add rows that were written as lines."""
    query = sql.SQL("copy {} ({}) from stdin").format(sql.Identifier(table), names(columns))
    with connection.cursor() as cursor, cursor.copy(query) as copy:
        copy.write(text)


def upsert(connection: Connection, spec: TableSpec, rows: Sequence[tuple[Any, ...]]) -> None:
    """Put few rows, in the order of `spec.columns`, in the place of those with the same keys."""
    connection.execute(_upserting(spec), [_array(spec, name, place, rows) for place, name in enumerate(spec.columns)])


@cache
def _upserting(spec: TableSpec) -> sql.Composed:
    arrays = sql.SQL(", ").join(sql.SQL("%s::" + spec.types[name] + "[]") for name in spec.columns)
    return sql.SQL(
        "insert into {table} ({columns}) select * from unnest({arrays}) on conflict ({keys}) do update set {changes}"
    ).format(
        table=sql.Identifier(spec.name),
        columns=names(spec.columns),
        arrays=arrays,
        keys=names(("chain_id", *spec.key_columns)),
        changes=_assignments(spec, "excluded"),
    )


def update_by_copy(connection: Connection, spec: TableSpec, text: str | bytes) -> None:
    """Put many rows, written as lines in the order of `spec.columns`, in the place of those with the same keys."""
    staging = f"new_{spec.name}"
    target, source = sql.Identifier(spec.name), sql.Identifier(staging)
    # A transaction that is taken back takes the temporary table with it, so whether it is there is asked each time.
    connection.execute(sql.SQL("create temporary table if not exists {} (like {})").format(source, target))
    connection.execute(sql.SQL("truncate {}").format(source))
    copy_text(connection, staging, spec.columns, text)
    same = sql.SQL(" and ").join(
        sql.SQL("t.{0} = n.{0}").format(sql.Identifier(name)) for name in ("chain_id", *spec.key_columns)
    )
    connection.execute(
        sql.SQL("update {} t set {} from {} n where {}").format(target, _assignments(spec, "n"), source, same)
    )


def _assignments(spec: TableSpec, source: str) -> sql.Composed:
    return sql.SQL(", ").join(
        sql.SQL("{0} = {1}.{0}").format(sql.Identifier(name), sql.Identifier(source)) for name in spec.value_columns
    )


def _array(spec: TableSpec, name: str, place: int, rows: Sequence[tuple[Any, ...]]) -> Any:
    """A column of rows, as an array that needs as little of psycopg as can be: near the head its time is seen."""
    if name in spec.json_columns:
        return [json.dumps(row[place]) for row in rows]
    if name in spec.number_columns:
        return "{" + ",".join(["NULL" if (value := row[place]) is None else str(value) for row in rows]) + "}"
    return [row[place] for row in rows]
