"""The final past in ranges of blocks, as large and as many at once as the node answers well."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from indexer.block import Block
from indexer.source.endpoint import Log
from indexer.source.pool import Pool
from optionix.chain.errors import RateLimited, TooManyResults

IN_FLIGHT = 3
_FIRST_BLOCKS = 16
_MOST_BLOCKS = 50_000
_WANTED_LOGS = 5_000
"""Logs of one answer: enough that the request does not count, few enough to hold a few of them in memory."""
_CALM_ANSWERS = 8
"""After so many good answers in a row one more range is asked for at once, up to `IN_FLIGHT`."""
_TRIES = 6


@dataclass(frozen=True, slots=True)
class Range:
    """Logs of a range that ends with `last`, and the times of their blocks."""

    last: Block
    logs: list[Log]
    timestamps: dict[int, int]


class Pace:
    """How much the endpoints bear: found out by asking, a little more each time, much less when they refuse.

    It begins with all that a local node bears: only who refuses is spared.

    Attributes
    ----------
    size : blocks of the next range.
    limit : the most blocks that a range may have; what a node named, or has answered after it refused more.
    in_flight : ranges at once.
    """

    def __init__(self) -> None:
        self.size = _FIRST_BLOCKS
        self.limit = _MOST_BLOCKS
        self.in_flight = IN_FLIGHT
        self._calm = 0

    def answered(self, logs: int) -> None:
        """A range was answered with so many logs."""
        # Twice as many blocks at most, and half as many at least, from one answer to the next.
        wanted = self.size * _WANTED_LOGS // max(logs, 1)
        self.size = max(1, min(self.limit, max(self.size // 2, min(2 * self.size, wanted))))
        self._calm += 1
        if self._calm >= _CALM_ANSWERS:
            self._calm = 0
            self.in_flight = min(self.in_flight + 1, IN_FLIGHT)
            # A limit that was found by halving may be below the node's own; one that it named is refused again.
            self.limit = min(self.limit + self.limit // 16 + 1, _MOST_BLOCKS)

    def refused(self, blocks: int, most: int | None) -> int:
        """A range of so many blocks was too large; how many to ask for instead."""
        fewer = max(1, min(most or blocks // 2, blocks - 1))
        self.limit, self._calm = min(self.limit, fewer), 0
        self.size = min(self.size, self.limit)
        return fewer

    def limited(self) -> None:
        """An endpoint asked for fewer requests."""
        self.in_flight, self._calm = 1, 0


async def final_ranges(pool: Pool, first: int, last: int) -> AsyncGenerator[Range, None]:
    """Blocks `first` to `last`, all of them final, in order."""
    pending: deque[asyncio.Task[list[Range]]] = deque()
    pace, next_block = Pace(), first
    try:
        while next_block <= last or pending:
            while next_block <= last and len(pending) < pace.in_flight:
                end = min(next_block + pace.size - 1, last)
                pending.append(asyncio.create_task(_read(pool, pace, next_block, end)))
                next_block = end + 1
            ranges = await pending.popleft()
            for found in ranges:
                yield found
            pace.answered(sum(len(found.logs) for found in ranges))
    finally:
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)


async def _read(pool: Pool, pace: Pace, first: int, last: int) -> list[Range]:
    """A range, in smaller ones where the node finds it too large."""
    found, size, tries = [], last - first + 1, 0
    while first <= last:
        end = min(first + size - 1, last)
        try:
            logs, block = await pool.logs_in(first, end)
        except TooManyResults as error:
            if first == end:
                raise
            size = pace.refused(end - first + 1, error.most_blocks)
            continue
        except RateLimited as error:
            tries += 1
            pace.limited()
            if tries == _TRIES:
                raise
            await asyncio.sleep(error.retry_after if error.retry_after is not None else 0.1 * 2**tries)
            continue
        found.append(Range(block, logs, await pool.timestamps(logs)))
        first, tries = end + 1, 0
    return found
