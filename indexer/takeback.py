"""Setting the tables back to an earlier block, exactly: rows that only grow are removed, the others restored."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from psycopg import sql

from indexer.copying import image_line
from indexer.derive.apply import BlockUndo
from indexer.postgres import Connection, copy_text
from optionix.store.models import Base

GROWING = ("block_logs", "trade", "order_fill", "feed_round", "surface_history", "vault_history", "account_activity")
"""Tables whose rows belong to one block, by their column `block_number`."""
_UNDO_COLUMNS = ("chain_id", "block_number", "seq", "table_name", "key", "before")
FIRST_IMAGES = sql.SQL(
    "with first as (select distinct on (key) key, before from undo where chain_id = %(chain)s"
    " and table_name = %(table)s and block_number > %(block)s order by key, block_number) "
)
"""The images that rows of a table had after a block, of those that later blocks changed."""


def write_undo(connection: Connection, chain_id: int, undo: Iterable[BlockUndo]) -> None:
    """Keep what rows were before each block."""
    text = [
        image_line(one.spec.name, one.spec.key_columns, one.spec.value_columns)(
            chain_id, block.block_number, place, one.key, one.values
        )
        for block in undo
        for place, one in enumerate(block.rows)
    ]
    if text:
        copy_text(connection, "undo", _UNDO_COLUMNS, "".join(text))


def take_back(connection: Connection, chain_id: int, block_number: int) -> None:
    """Set all tables back to what they were after a block; call inside a transaction."""
    parameters = {"chain": chain_id, "block": block_number}
    changed = connection.execute(
        "select distinct table_name from undo where chain_id = %(chain)s and block_number > %(block)s", parameters
    ).fetchall()
    for (name,) in changed:
        _restore(connection, name, parameters)
    for name in (*GROWING, "undo"):
        query = sql.SQL("delete from {} where chain_id = %(chain)s and block_number > %(block)s")
        connection.execute(query.format(sql.Identifier(name)), parameters)
    connection.execute("delete from block where chain_id = %(chain)s and number > %(block)s", parameters)


def key_columns(table: str) -> tuple[str, ...]:
    """The columns of a table's key, chain id first."""
    return tuple(column.name for column in Base.metadata.tables[table].primary_key.columns)


def same_key(table: str, left: str, right: str) -> sql.Composed:
    """The condition that two rows have one key."""
    return sql.SQL(" and ").join(
        sql.SQL(f"{left}.{{0}} = {right}.{{0}}").format(sql.Identifier(c)) for c in key_columns(table)
    )


def _restore(connection: Connection, name: str, parameters: dict[str, Any]) -> None:
    table = sql.Identifier(name)
    connection.execute(
        FIRST_IMAGES
        + sql.SQL("delete from {0} t using first, jsonb_populate_record(null::{0}, first.key) k where {1}").format(
            table, same_key(name, "t", "k")
        ),
        {**parameters, "table": name},
    )
    connection.execute(
        FIRST_IMAGES
        + sql.SQL(
            "insert into {0} select b.* from first, jsonb_populate_record(null::{0}, first.before) b"
            " where first.before is not null"
        ).format(table),
        {**parameters, "table": name},
    )
