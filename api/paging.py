"""Cursors over append-only rows: the place of the last row seen, so that new rows shift nothing."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import Query

Limit = Annotated[int, Query(ge=1, le=500)]

_FORM = r"^([0-9]{1,18})\.([0-9]{1,9})$"
Cursor = Annotated[str | None, Query(pattern=_FORM, description="`next_cursor` of the page before.")]


def encode_cursor(block_number: int, log_index: int) -> str:
    """The cursor behind a row."""
    return f"{block_number}.{log_index}"


def decode_cursor(cursor: str) -> tuple[int, int]:
    """Block and log index of the last row seen."""
    match = re.fullmatch(_FORM, cursor)
    if match is None:
        raise ValueError(f"{cursor!r} is no cursor; a route that takes one holds it to the pattern")
    return int(match[1]), int(match[2])
