"""What the state reads of its tables, as they were last committed."""

from __future__ import annotations

from psycopg import sql

from indexer.derive.state import State
from indexer.derive.table import Key, TableSpec, Values
from indexer.postgres import Connection, names


def load(connection: Connection, chain_id: int, spec: TableSpec, key: Key) -> Values | None:
    """See `table.Loader`."""
    where = sql.SQL("").join(sql.SQL(" and {} = %s").format(sql.Identifier(name)) for name in spec.key_columns)
    query = sql.SQL("select {} from {} where chain_id = %s{}").format(
        names(spec.value_columns), sql.Identifier(spec.name), where
    )
    return connection.execute(query, [chain_id, *key]).fetchone()


def load_range(
    connection: Connection, chain_id: int, spec: TableSpec, first: Key, column: str, low: int, high: int
) -> list[tuple[Key, Values]]:
    """See `table.Loader`."""
    where = sql.SQL("").join(
        sql.SQL(" and {} = %s").format(sql.Identifier(name)) for name in spec.key_columns[: len(first)]
    )
    query = sql.SQL("select {0} from {1} where chain_id = %s{2} and {3} >= %s and {3} < %s").format(
        names((*spec.key_columns, *spec.value_columns)), sql.Identifier(spec.name), where, sql.Identifier(column)
    )
    width = len(spec.key_columns)
    found = connection.execute(query, [chain_id, *first, low, high]).fetchall()
    return [(row[:width], row[width:]) for row in found]


def preload(connection: Connection, chain_id: int, state: State, limit: int) -> None:
    """Read tables of at most `limit` rows whole, so that their misses need no question."""
    for table in state.tables:
        spec, width = table.spec, len(table.spec.key_columns)
        query = sql.SQL("select {} from {} where chain_id = %s limit %s").format(
            names((*spec.key_columns, *spec.value_columns)), sql.Identifier(spec.name)
        )
        found = connection.execute(query, [chain_id, limit + 1]).fetchall()
        if len(found) <= limit:
            table.preload((row[:width], row[width:]) for row in found)
