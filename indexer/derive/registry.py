"""Which functions an event goes to."""

from __future__ import annotations

from collections.abc import Callable

from indexer.decode.catalogue import Event
from indexer.derive.state import State

Handler = Callable[[State, Event], None]

HANDLERS: dict[tuple[str, str], list[Handler]] = {}
"""Handlers by contract and event name, in the order in which they run."""


def on(contract: str, *events: str) -> Callable[[Handler], Handler]:
    """Register a function for events of a contract."""

    def register(handler: Handler) -> Handler:
        for event in events:
            HANDLERS.setdefault((contract, event), []).append(handler)
        return handler

    return register
