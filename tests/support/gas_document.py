"""The tables of docs/gas.md."""

from __future__ import annotations

import re

from optionix.chain.abi import REPOSITORY

DOCUMENT = (REPOSITORY / "docs" / "gas.md").read_text(encoding="utf-8")
_FIGURE = re.compile(r"^\| `(\w+)` \| ([\d,]*) ?\| ([\d,]+) \| ([\w*]*) ?\| .*\|$", re.MULTILINE)
_SPLIT = re.compile(r"^\| of the gas \|.*?(?=\n\n)", re.MULTILINE | re.DOTALL)


def number(text: str) -> int:
    """A figure with its commas."""
    return int(text.replace(",", ""))


def recorded() -> dict[str, tuple[int | None, int, str]]:
    """Goal, measured figure and what is said of it, by key."""
    return {
        key: (number(goal) if goal else None, number(measured), reached)
        for key, goal, measured, reached in _FIGURE.findall(DOCUMENT)
    }


def missed() -> set[str]:
    """The keys whose goal is not reached."""
    return {key for key, (_, _, reached) in recorded().items() if reached == "**no**"}


def splits() -> dict[str, dict[str, int]]:
    """Gas by kind, for each key of the second table."""
    found = _SPLIT.search(DOCUMENT)
    assert found is not None
    head, _, *rows = [[cell.strip() for cell in row.split("|")[1:-1]] for row in found.group().splitlines()]
    return {
        key.strip("`"): {row[0]: number(row[column]) for row in rows} for column, key in enumerate(head[1:], start=1)
    }
