"""Tables in memory: the rows that events touch, with what they were before the block."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from functools import cached_property
from operator import attrgetter
from typing import Any, Generic, Protocol, TypeVar, cast

from sqlalchemy import Boolean, Integer, Numeric, make_url
from sqlalchemy import Table as SqlTable
from sqlalchemy.dialects.postgresql import JSONB

from indexer.errors import IndexerError
from optionix.store.models import Base
from optionix.store.models.base import Int256

R = TypeVar("R")
Key = tuple[Any, ...]
Values = tuple[Any, ...]
DIALECT = make_url("postgresql+psycopg://").get_dialect()()
"""How Postgres writes types and tables."""


@dataclass(frozen=True)
class TableSpec:
    """A table's shape.

    Attributes
    ----------
    key_columns : of the primary key after the chain id.
    value_columns : the others, in the order of the row's fields.
    """

    name: str
    row: type[Any]

    def __reduce__(self) -> tuple[type[TableSpec], tuple[str, type[Any]]]:
        return TableSpec, (self.name, self.row)  # to another process without what it has found out

    @cached_property
    def table(self) -> SqlTable:
        """The table as the store defines it."""
        return Base.metadata.tables[self.name]

    @cached_property
    def key_columns(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.table.primary_key.columns)[1:]

    @cached_property
    def value_columns(self) -> tuple[str, ...]:
        return tuple(entry.name for entry in fields(self.row))

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """All columns, in the order in which rows are written."""
        return ("chain_id", *self.key_columns, *self.value_columns)

    @cached_property
    def json_columns(self) -> frozenset[str]:
        return frozenset(column.name for column in self.table.columns if isinstance(column.type, JSONB))

    @cached_property
    def number_columns(self) -> frozenset[str]:
        """Columns of integers and of truths, whose values are the same in Python's words and Postgres'."""
        numbers = (Integer, Numeric, Boolean, Int256)
        return frozenset(column.name for column in self.table.columns if isinstance(column.type, numbers))

    @cached_property
    def types(self) -> dict[str, str]:
        """Each column's type as Postgres writes it."""
        return {column.name: column.type.compile(DIALECT) for column in self.table.columns}

    @cached_property
    def values_of(self) -> Callable[[Any], Values]:
        """A row's values in the order of `value_columns`; handlers replace JSON values and never change them."""
        if len(self.value_columns) > 1:
            return attrgetter(*self.value_columns)
        (name,) = self.value_columns
        return lambda row: (getattr(row, name),)


class MissingRow(IndexerError):
    """An event that presupposes another, which was not seen."""


class Loader(Protocol):
    """Where rows that are not in memory come from: the database as it was last committed."""

    def load(self, spec: TableSpec, key: Key) -> Values | None:
        """One row's values, or None when there is none."""

    def load_range(self, spec: TableSpec, first: Key, column: str, low: int, high: int) -> list[tuple[Key, Values]]:
        """Rows whose key begins with `first` and whose `column` is in [low, high)."""


@dataclass(frozen=True, slots=True)
class Before:
    """What a row was when a block began; `values` is None where there was none."""

    spec: TableSpec
    key: Key
    values: Values | None


class Table(Generic[R]):
    """One derived table.

    Parameters
    ----------
    loader : asked for rows that are not in memory.
    complete : every row of the database is in memory, so that a miss needs no question.
    """

    def __init__(self, spec: TableSpec, loader: Loader, *, complete: bool = False) -> None:
        self.spec = spec
        self._loader = loader
        self.complete = complete
        self.recording = True
        """Whether to keep what rows were before a block changed them."""
        self._rows: dict[Key, R | None] = {}
        self._dirty: dict[Key, bool] = {}
        self._touched: dict[Key, Values | None] = {}
        self._by_first: dict[Any, list[Key]] | None = None

    def get(self, *key: Any) -> R | None:
        """A row to read, or None. To change it take `change`."""
        try:
            return self._rows[key]
        except KeyError:
            return self._fetch(key)

    def require(self, *key: Any) -> R:
        """A row to read that the contracts guarantee.

        Raises
        ------
        MissingRow
            When it is absent: an event was lost.
        """
        row = self._rows.get(key)
        if row is None and (row := self.get(*key)) is None:
            raise MissingRow(
                f"an event speaks of {self.spec.name} {key}, of which no event was seen.",
                "An event was lost: index anew with `optionix index --fresh`.",
            )
        return row

    def existing(self, *key: Any) -> R:
        """As `require`, for a row that is about to change."""
        row = self._rows.get(key)
        if row is None:
            row = self.require(*key)
        if key not in self._touched:
            self._touch(key, row)
        return row

    def change(self, *key: Any) -> R:
        """A row that is about to change; a row that is absent begins with its defaults."""
        row = self._rows.get(key)
        if row is None and (row := self.get(*key)) is None:
            return self.add(key, cast(R, self.spec.row()))
        if key not in self._touched:
            self._touch(key, row)
        return row

    def add(self, key: Key, row: R) -> R:
        """Put a row in the place of its key, whether there was one or not."""
        before = self.get(*key)
        if before is None and self._by_first is not None:
            self._by_first.setdefault(key[0], []).append(key)
        self._touch(key, before)
        self._rows[key] = row
        return row

    def in_range(self, first: Key, column: str, low: int, high: int) -> list[Key]:
        """Sorted keys that begin with `first` and whose next column is in [low, high)."""
        place = len(first)
        if self.complete:
            if self._by_first is None:
                self._by_first = {}
                for key, row in self._rows.items():
                    if row is not None:
                        self._by_first.setdefault(key[0], []).append(key)
            near = self._by_first.get(first[0], ())
            return sorted(key for key in near if key[:place] == first and low <= key[place] < high)
        found = set()
        for key, values in self._loader.load_range(self.spec, first, column, low, high):
            if key not in self._rows:
                self._rows[key] = self._make(values)
            found.add(key)
        # What is not committed yet is dirty.
        found |= {key for key in self._dirty if key[:place] == first and low <= key[place] < high}
        return sorted(found)

    def _fetch(self, key: Key) -> R | None:
        values = None if self.complete else self._loader.load(self.spec, key)
        row = self._rows[key] = None if values is None else self._make(values)
        return row

    def _make(self, values: Values) -> R:
        return cast(R, self.spec.row(*values))

    def _touch(self, key: Key, row: R | None) -> None:
        if key not in self._touched:
            self._touched[key] = self.spec.values_of(row) if self.recording and row is not None else None
            if key not in self._dirty:
                self._dirty[key] = row is not None

    def changed_keys(self) -> Iterable[Key]:
        """Keys changed since the block began."""
        return self._touched

    def end_block(self) -> list[Before]:
        """What the rows that the block changed were before it, where that is recorded; the next block begins."""
        if not self._touched:
            return []
        touched, self._touched = self._touched, {}
        return [Before(self.spec, key, values) for key, values in touched.items()] if self.recording else []

    def changes(self) -> tuple[list[tuple[Key, R]], list[tuple[Key, R]]]:
        """Rows as they are now that the database does not have, and those that it has otherwise."""
        new: list[tuple[Key, R]] = []
        changed: list[tuple[Key, R]] = []
        for key, stored in self._dirty.items():
            (changed if stored else new).append((key, cast(R, self._rows[key])))
        return new, changed

    @property
    def rows(self) -> dict[Key, R | None]:
        """What is in memory; None of a key that is known to have no row."""
        return self._rows

    def preload(self, rows: Iterable[tuple[Key, Values]]) -> None:
        """Take all rows of the database: from now on a miss needs no question."""
        self.take({key: self._make(values) for key, values in rows})

    def take(self, rows: dict[Key, R | None]) -> None:
        """As `preload`."""
        self._rows, self.complete, self._by_first = rows, True, None

    def committed(self, limit: int) -> None:
        """The changes are on their way to the database. With more than `limit` rows in memory, all are forgotten."""
        self._dirty = {}
        if len(self._rows) > limit:
            self._rows = {}
            self._by_first = None
            self.complete = False
