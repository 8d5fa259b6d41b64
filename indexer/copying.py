"""Rows as lines of COPY's text format, by functions written from the tables' columns once: a line is one expression."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Boolean, Column, Text
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA, JSONB

from optionix.store.models import Base

NULL = r"\N"
Line = Callable[..., str]


def escape(text: str) -> str:
    """A text as COPY reads it."""
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")


@cache
def state_line(table: str, key_columns: tuple[str, ...], value_columns: tuple[str, ...]) -> Line:
    """Writes a line from a chain id, a key and a row with the other columns as attributes."""
    found = _columns(table)
    values = [_value(found[name], f"k[{place}]") for place, name in enumerate(key_columns)]
    values += [_value(found[name], f"r.{name}") for name in value_columns]
    return _compile(table, "c, k, r", ["{c}", *values])


@cache
def record_line(table: str, columns: tuple[str, ...]) -> Line:
    """Writes a line from a chain id and a dict of the other columns."""
    found = _columns(table)
    return _compile(table, "c, r", ["{c}", *(_value(found[name], f"r['{name}']") for name in columns)])


@cache
def image_line(table: str, key_columns: tuple[str, ...], value_columns: tuple[str, ...]) -> Line:
    """Writes a line of `undo` from a chain id, a block, a place, a key and a row's values, None where there was none.

    Its numbers are JSON's, which Postgres reads exactly, whatever their width.
    """
    found = _columns(table)
    key = ['"chain_id": {c}', *_members(found, key_columns, "k")]
    before = [*key, *_members(found, value_columns, "v")]
    image, whole = (", ".join(members) for members in (key, before))
    namespace: dict[str, Any] = {"NULL": NULL, "escape": escape, "dumps": json.dumps}
    source = (
        "def line(c, b, p, k, v):\n"
        f"    key = f'''{{{{{image}}}}}'''\n"
        f"    before = NULL if v is None else f'''{{{{{whole}}}}}'''\n"
        f"    return f'{{c}}\\t{{b}}\\t{{p}}\\t{table}\\t{{key}}\\t{{before}}\\n'\n"
    )
    # The source is made of our own tables' names and columns alone.
    exec(compile(source, f"<images of {table}>", "exec"), namespace)
    line: Line = namespace["line"]
    return line


def _members(found: dict[str, Column[Any]], names: tuple[str, ...], source: str) -> list[str]:
    """Parts of an f-string, each a member of a JSON object; a text of letters and digits has nothing to escape."""
    members = []
    for place, name in enumerate(names):
        value, kind = f"{source}[{place}]", found[name].type
        if isinstance(kind, Text):
            quoted = f"chr(34) + {value} + chr(34)"
            written = f"({quoted} if {value}.isalnum() else escape(dumps({value})))"
        elif isinstance(kind, Boolean):
            written = f"('true' if {value} else 'false')"
        elif isinstance(kind, JSONB | ARRAY):
            written = f"escape(dumps({value}))"
        else:
            written = f"{value}:d"
        if found[name].nullable:
            written = f"('null' if {value} is None else {written.removesuffix(':d')})"
        members.append(f'"{name}": {{{written}}}')
    return members


def lines(table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Lines of tuples."""
    return "".join(map(_tuple_line(table, tuple(columns)), rows))


@cache
def _tuple_line(table: str, columns: tuple[str, ...]) -> Line:
    found = _columns(table)
    return _compile(table, "r", [_value(found[name], f"r[{place}]") for place, name in enumerate(columns)])


def _array(values: Sequence[int]) -> str:
    return "{" + ",".join(map(str, values)) + "}"


def _columns(table: str) -> dict[str, Column[Any]]:
    return {column.name: column for column in Base.metadata.tables[table].columns}


def _value(column: Column[Any], source: str) -> str:
    """The part of an f-string that writes a column."""
    if isinstance(column.type, JSONB):
        written = f"escape(dumps({source}))"
    elif isinstance(column.type, Text):
        # Addresses and hashes are most of all texts, and have nothing to escape.
        written = f"({source} if {source}.isalnum() else escape({source}))"
    elif isinstance(column.type, BYTEA):
        written = f"BYTES + {source}"  # hex digits without 0x
    elif isinstance(column.type, ARRAY):
        written = f"array({source})"
    elif isinstance(column.type, Boolean):
        written = f"('t' if {source} else 'f')"
    else:
        written = source
    return f"{{NULL if {source} is None else {written}}}" if column.nullable else f"{{{written}}}"


def _compile(table: str, parameters: str, values: Sequence[str]) -> Line:
    text = "\\t".join(values)
    namespace: dict[str, Any] = {"NULL": NULL, "BYTES": r"\\x", "array": _array, "escape": escape, "dumps": json.dumps}
    # The source is made of our own tables' column names alone.
    exec(compile(f'def line({parameters}):\n    return f"""{text}\\n"""\n', f"<lines of {table}>", "exec"), namespace)
    line: Line = namespace["line"]
    return line
