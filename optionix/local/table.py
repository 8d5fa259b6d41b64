"""The stack's status as a table for people."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, NamedTuple

from rich.table import Table
from rich.text import Text

from optionix.telemetry import Status

_COLOURS: dict[Status, str] = {"ok": "green", "degraded": "yellow", "failed": "red"}
#: Figures that are told in the table where a part has them, with their words.
_FIGURES = {
    "head": "block",
    "indexed": "indexed",
    "lag_blocks": "lag",
    "unfinalized_blocks": "not final",
    "drift": "drift",
    "achieved_speed": "speed",
}


class Row(NamedTuple):
    """One part."""

    name: str
    status: Status
    detail: str
    address: str
    restarts: int
    figures: dict[str, Any]


def status_table(rows: Iterable[Row], title: str) -> Table:
    """A table with one line for each part."""
    table = Table(title=title, title_justify="left", title_style="bold", expand=False)
    for heading in ("part", "health", "what it says", "where"):
        table.add_column(heading, overflow="fold")
    for row in rows:
        health = Text(row.status, style=_COLOURS[row.status])
        if row.restarts:
            health.append(f" (restarted {row.restarts}x)", style="yellow")
        table.add_row(row.name, health, describe(row), row.address)
    return table


def describe(row: Row) -> str:
    """A part's sentence with its most telling figures."""
    told = [f"{words} {row.figures[name]}" for name, words in _FIGURES.items() if row.figures.get(name) is not None]
    if row.figures.get("market_time"):
        told.append(f"{datetime.fromtimestamp(row.figures['market_time'], UTC):%Y-%m-%d %H:%M:%S}")
    sentence = "" if row.figures.get("head") is not None and row.detail.startswith("block") else row.detail
    return ", ".join(word for word in (sentence, *told) if word)
