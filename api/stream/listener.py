"""Follows the indexer's changes and survives the loss of the connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import psycopg
import structlog

from optionix.store.engine import conninfo
from optionix.store.notify import ANY_TOPIC, BlockChange, listen

log = structlog.get_logger(__name__)

RECONNECT_SECONDS = 0.5


async def changes(database_url: str, chain_id: int) -> AsyncIterator[BlockChange]:
    """Yields changes for ever. After a lost connection first one that touches everything, because some were missed."""
    missed = False
    while True:
        if missed:
            yield BlockChange(chain_id, 0, "", 0, None, (ANY_TOPIC,))
        try:
            async for change in listen(conninfo(database_url, application="optionix-api")):
                if change.chain_id == chain_id:
                    yield change
        except psycopg.OperationalError as error:
            log.warning("listener_disconnected", error=str(error).strip())
        missed = True
        await asyncio.sleep(RECONNECT_SECONDS)
