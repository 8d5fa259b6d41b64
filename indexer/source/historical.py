"""The final past in ranges of blocks, as large as the node answers well, several asked for at once."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from indexer.block import Block
from indexer.source.endpoint import Log
from indexer.source.pool import Pool
from optionix.chain.errors import TooManyResults

IN_FLIGHT = 3
_FIRST_BLOCKS = 64
_MOST_BLOCKS = 50_000
_WANTED_LOGS = 8_000
"""Logs of one answer: enough that the request does not count, few enough to hold a few of them in memory."""


@dataclass(frozen=True, slots=True)
class Range:
    """Logs of a range that ends with `last`, and the times of their blocks."""

    last: Block
    logs: list[Log]
    timestamps: dict[int, int]


async def final_ranges(pool: Pool, first: int, last: int) -> AsyncGenerator[Range, None]:
    """Blocks `first` to `last`, all of them final, in order."""
    pending: deque[asyncio.Task[list[Range]]] = deque()
    size, next_block = _FIRST_BLOCKS, first
    try:
        while next_block <= last or pending:
            while next_block <= last and len(pending) < IN_FLIGHT:
                end = min(next_block + size - 1, last)
                pending.append(asyncio.create_task(_read(pool, next_block, end)))
                next_block = end + 1
            ranges = await pending.popleft()
            for found in ranges:
                yield found
            logs = sum(len(found.logs) for found in ranges)
            # Twice as many blocks at most, and half as many at least, from one answer to the next.
            wanted = size * _WANTED_LOGS // max(logs, 1)
            size = max(1, min(_MOST_BLOCKS, max(size // 2, min(2 * size, wanted))))
    finally:
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)


async def _read(pool: Pool, first: int, last: int) -> list[Range]:
    """A range, in halves where the node finds it too large."""
    try:
        logs, block = await pool.logs_in(first, last)
    except TooManyResults:
        if first == last:
            raise
        middle = (first + last) // 2
        return [*await _read(pool, first, middle), *await _read(pool, middle + 1, last)]
    return [Range(block, logs, await pool.timestamps(logs))]
