"""The tables as they were at one block, while the indexer goes on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from psycopg import IsolationLevel, sql
from psycopg.rows import dict_row

from indexer.block import Block
from indexer.errors import IndexerError
from indexer.postgres import Connection, connect
from indexer.takeback import FIRST_IMAGES, GROWING, same_key

Row = dict[str, Any]
NEWEST, FINAL = "indexed", "finalized"


class NoSuchBlock(IndexerError):
    """The tables cannot be shown as they were at that block."""


class Snapshot:
    """The tables of a chain at a block, read in one transaction.

    Parameters
    ----------
    connection : inside a REPEATABLE READ transaction.
    at : a block number, `indexed` or `finalized`.
    """

    def __init__(self, connection: Connection, chain_id: int, at: int | str) -> None:
        self._connection = connection
        self._chain_id = chain_id
        found = connection.execute(
            "select block_number, finalized_number from checkpoint where chain_id = %s", [chain_id]
        ).fetchone()
        if found is None:
            raise NoSuchBlock(f"nothing of chain {chain_id} is indexed.", "Run `optionix index` first.")
        indexed, finalized = found
        number = {NEWEST: indexed, FINAL: finalized}.get(at, at) if isinstance(at, str) else at
        if not isinstance(number, int) or not finalized <= number <= indexed:
            raise NoSuchBlock(
                f"the tables can be compared at blocks {finalized} (final) to {indexed} (indexed), not at {at}."
            )
        row = connection.execute(
            "select number, hash, parent_hash, timestamp from block where chain_id = %s and number = %s",
            [chain_id, number],
        ).fetchone()
        if row is None:
            raise NoSuchBlock(f"block {number} of chain {chain_id} is not stored")
        self.block = Block(*row)

    def rows(self, name: str) -> list[Row]:
        """A table's rows at the block, by column."""
        table = sql.Identifier(name)
        parameters = {"chain": self._chain_id, "block": self.block.number, "table": name}
        if name in GROWING:
            grown = sql.SQL("select * from {0} where chain_id = %(chain)s and block_number <= %(block)s")
            return self._read(grown.format(table), parameters)
        query = FIRST_IMAGES + sql.SQL(
            ", changed as materialized (select k.* from first, jsonb_populate_record(null::{0}, first.key) k)"
            " select t.* from {0} t where t.chain_id = %(chain)s"
            " and not exists (select from changed k where {1})"
            " union all select b.* from first, jsonb_populate_record(null::{0}, first.before) b"
            " where first.before is not null"
        ).format(table, same_key(name, "t", "k"))
        return self._read(query, parameters)

    def open_orders(self) -> set[tuple[str, int]]:
        """Maker and nonce of every signed order that was sent to the API and is not over at the block."""
        query = sql.SQL("select maker, nonce from signed_order where chain_id = %(chain)s and deadline >= %(time)s")
        rows = self._read(query, {"chain": self._chain_id, "time": self.block.timestamp})
        return {(row["maker"], int(row["nonce"])) for row in rows}

    def _read(self, query: sql.SQL | sql.Composed, parameters: dict[str, Any]) -> list[Row]:
        with self._connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(query, parameters).fetchall()


@contextmanager
def snapshot(conninfo: str, chain_id: int, at: int | str) -> Iterator[Snapshot]:
    """Open the tables at a block; see `Snapshot`.

    Raises
    ------
    NoSuchBlock
        For a block before the newest final one or after the newest indexed one.
    """
    with connect(conninfo) as connection:
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        with connection.transaction():
            yield Snapshot(connection, chain_id, at)


def unheard_of(conninfo: str, chain_id: int, contracts: Mapping[str, str], block: Block) -> set[str]:
    """The contracts, of those given with the names of their ABIs, that have no event up to a block."""
    query = (
        "select exists (select from event"
        " where chain_id = %s and contract = %s and address = %s and block_number <= %s)"
    )
    with connect(conninfo) as connection:
        return {
            address
            for address, contract in contracts.items()
            if connection.execute(query, [chain_id, contract, address, block.number]).fetchone() == (False,)
        }
