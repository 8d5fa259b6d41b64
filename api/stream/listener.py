"""Follows the indexer's changes and survives the loss of the connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import psycopg
import structlog

from optionix.store.engine import conninfo
from optionix.store.notify import ANY_TOPIC, BlockChange, OrderChange, listen_to_all

log = structlog.get_logger(__name__)

RECONNECT_SECONDS = 0.5


async def changed_topics(database_url: str, chain_id: int) -> AsyncIterator[frozenset[str]]:
    """Yields what changed, for ever: topics of a block, or `orders:<name>` for a book.

    After a lost connection first one that touches everything, because some were missed.
    """
    missed = False
    while True:
        if missed:
            yield frozenset({ANY_TOPIC})
        try:
            async for change in listen_to_all(conninfo(database_url, application="optionix-api")):
                if change.chain_id == chain_id:
                    yield _topics(change)
        except psycopg.OperationalError as error:
            log.warning("listener_disconnected", error=str(error).strip())
        missed = True
        await asyncio.sleep(RECONNECT_SECONDS)


def _topics(change: BlockChange | OrderChange) -> frozenset[str]:
    if isinstance(change, OrderChange):
        return frozenset({f"orders:{change.name}"})
    return frozenset(change.topics).union(*map(_wider, change.topics))


def _wider(topic: str) -> set[str]:
    """What holds the thing of a topic: `trade:ETH` for `trade:ETH-27NOV26-3000-C`, `vaults` for `vault:0x...`."""
    kind, _, what = topic.partition(":")
    if kind in ("trade", "series"):
        return {f"{kind}:{what.partition('-')[0]}"}
    return {"vaults"} if kind == "vault" else set()
