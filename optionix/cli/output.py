"""What commands print: text for people, or one JSON document on stdout with `--json`."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

json_option: Callable[[F], F] = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON, and only JSON, on stdout."
)
"""The `--json` flag; the command takes it as `as_json`."""


def emit_json(value: Any, *, indent: int | None = 2) -> None:
    """Prints a JSON document. Exact numbers (Decimal) become strings, so that no reader rounds them."""
    click.echo(json.dumps(value, indent=indent, default=_plain))


def _plain(value: Any) -> Any:
    if isinstance(value, (Decimal, Path)):
        return str(value)
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    raise TypeError(f"{type(value).__name__} has no JSON form")
