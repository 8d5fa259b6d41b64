"""Applying events to the state, one block after another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from indexer.decode.catalogue import Event
from indexer.derive import balances, books, feed, listings, orders, positions, requests, surfaces, trades, vaults
from indexer.derive.registry import HANDLERS
from indexer.derive.state import State
from indexer.derive.table import Before

SUBJECTS = (listings, feed, surfaces, balances, books, positions, vaults, requests, trades, orders)
"""Importing a subject registers its handlers."""


@dataclass(frozen=True, slots=True)
class BlockUndo:
    """What the rows that a block changed were before it."""

    block_number: int
    rows: list[Before] = field(default_factory=list)


def apply_events(state: State, events: Sequence[Event], final_number: int) -> list[BlockUndo]:
    """Derive the tables from the events of whole blocks, in their order.

    Parameters
    ----------
    final_number : blocks up to this one cannot be taken back and need no undo.

    Returns
    -------
    undo : for each block above `final_number` that changed something.
    """
    kept = []
    for number, block in groupby(events, key=_block_number):
        timestamp = _apply_block(state, block)
        vaults.append_history(state, number, timestamp)
        before = state.end_block()
        if number > final_number and before:
            kept.append(BlockUndo(number, before))
    return kept


def _block_number(event: Event) -> int:
    return event.block_number


def _apply_block(state: State, events: Iterable[Event]) -> int:
    timestamp = 0
    for event in events:
        timestamp = event.timestamp
        for handler in HANDLERS.get((event.contract, event.name), ()):
            handler(state, event)
    return timestamp
