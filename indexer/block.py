"""Blocks and positions, as the source reads them and the writer keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Block:
    """A block. `parent_hash` is None where it came out of a final range, `timestamp` in seconds."""

    number: int
    hash: str
    parent_hash: str | None
    timestamp: int

    @classmethod
    def of_header(cls, header: Mapping[str, Any]) -> Block:
        """A block from its header as a node gives it."""
        return cls(int(header["number"], 16), header["hash"], header["parentHash"], int(header["timestamp"], 16))


@dataclass(frozen=True, slots=True)
class Position:
    """How far a chain is in the tables; nothing up to block `finalized` can be taken back."""

    block: Block
    finalized: int
