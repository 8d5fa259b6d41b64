"""Cursors over append-only rows: the place of the last row seen, so that new rows shift nothing."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import Query

from api.errors import BadRequest

Limit = Annotated[int, Query(ge=1, le=500)]
Cursor = Annotated[str | None, Query(description="`next_cursor` of the page before.")]

_FORM = re.compile(r"^(\d{1,18})\.(\d{1,9})$")


def encode_cursor(block_number: int, log_index: int) -> str:
    """The cursor behind a row."""
    return f"{block_number}.{log_index}"


def decode_cursor(cursor: str) -> tuple[int, int]:
    """Block and log index of the last row seen.

    Raises
    ------
    BadRequest
        When it is no cursor of this API.
    """
    match = _FORM.match(cursor)
    if match is None:
        raise BadRequest("`cursor` must be the `next_cursor` of an earlier answer.")
    return int(match[1]), int(match[2])
