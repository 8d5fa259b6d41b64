"""Rows as COPY's text: what Postgres reads is what was meant, whatever the values hold."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import Boolean, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from indexer.copying import image_line
from optionix.store.models import Base
from tests.indexer.running import CHAIN

STATE = sorted({"balance", "book", "leg", "position", "series", "market", "vault", "volatility_oracle", "lp_request"})
HOSTILE = 'a "quoted" \\ back\tslash\nline \x07 ☃'


def unescaped(text: str) -> str:
    """What COPY makes of a field."""
    found, taken = "", iter(text)
    for letter in taken:
        found += letter if letter != "\\" else {"n": "\n", "r": "\r", "t": "\t"}.get(after := next(taken), after)
    return found


def value_of(column: Any, nothing: bool) -> Any:
    """An awkward value that the column can hold."""
    if nothing and column.nullable:
        return None
    if isinstance(column.type, Text):
        return HOSTILE
    if isinstance(column.type, Boolean):
        return True
    if isinstance(column.type, JSONB | ARRAY):
        return {"name": HOSTILE, "number": 2**255, "list": [1, None]}
    return -(2**255)


@pytest.mark.parametrize("nothing", [False, True])
@pytest.mark.parametrize("table", STATE)
def test_an_image_holds_the_row_exactly(table: str, nothing: bool) -> None:
    columns = Base.metadata.tables[table].columns
    key = [column for column in columns if column.primary_key and column.name != "chain_id"]
    others = [column for column in columns if not column.primary_key]
    line = image_line(table, tuple(c.name for c in key), tuple(c.name for c in others))
    keys, values = (tuple(value_of(column, nothing) for column in part) for part in (key, others))
    text = line(CHAIN, 7, 3, keys, values)
    assert text.endswith("\n") and text.count("\n") == 1
    chain, block, place, name, image, before = text[:-1].split("\t")
    assert (chain, block, place, name) == (str(CHAIN), "7", "3", table)
    wanted = {"chain_id": CHAIN} | {c.name: value for c, value in zip(key, keys, strict=True)}
    assert json.loads(unescaped(image)) == wanted
    wanted |= {c.name: value for c, value in zip(others, values, strict=True)}
    assert json.loads(unescaped(before)) == wanted
    assert line(CHAIN, 7, 3, keys, None).endswith("\t\\N\n")
