"""Applying events to the state, one block after another."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

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


def apply_block(state: State, events: Iterable[Event], *, final: bool) -> list[Before]:
    """Derive the tables from all events of a block, in their order.

    Parameters
    ----------
    final : the block cannot be taken back and needs no undo.

    Returns
    -------
    before : what rows were before the block; nothing of a final one.
    """
    state.begin_block(final=final)
    event = None
    for event in events:
        for handler in HANDLERS.get(event.kind, ()):
            handler(state, event)
    if event is not None:
        vaults.append_history(state, event.block_number, event.timestamp)
    return state.end_block()
