"""Reads tests/vectors/*.json, the files that the forge tests read too."""

from __future__ import annotations

import json
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "vectors"


def rows(name: str) -> list[dict[str, int]]:
    """The rows of a file whose columns have one length."""
    columns = columns_of(name)
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def columns_of(name: str) -> dict[str, list[int]]:
    text = (FOLDER / f"{name}.json").read_text()
    return {column: [int(value) for value in values] for column, values in json.loads(text).items()}
