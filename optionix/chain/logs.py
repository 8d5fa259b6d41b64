"""All logs of some contracts over a span of blocks, in ranges as large as the endpoint answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import Any

from optionix.chain.errors import RateLimited, RpcError, RpcTimeout, RpcUnavailable
from optionix.chain.rpc import Rpc

Log = dict[str, Any]
_FIRST_BLOCKS = 2_000
_MOST_BLOCKS = 200_000
_WANTED_LOGS = 10_000
"""Logs of one answer that are enough: a larger range would not be faster."""
_PATIENCE = 8
"""Answers after a refusal before a larger range is tried again."""
_TRIES = 6
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 20.0


async def logs_between(
    rpc: Rpc, addresses: Sequence[str], first: int, last: int, *, pause: float = _FIRST_PAUSE
) -> AsyncGenerator[tuple[int, list[Log]], None]:
    """Logs of the blocks `first` to `last` in order; with each answer the last block that it covers.

    A range that an endpoint refuses is halved; one that was answered well makes the next one larger. An endpoint that
    is busy or away is asked again, `pause` seconds later at first, some tries long.

    Raises
    ------
    RpcError
        Where it refuses a single block.
    RpcUnavailable
        Where it does not answer for long.
    """
    size, failures, patience = _FIRST_BLOCKS, 0, 0
    while first <= last:
        end = min(first + size - 1, last)
        query = {"address": list(addresses), "fromBlock": hex(first), "toBlock": hex(end)}
        try:
            logs: list[Log] = await rpc.call("eth_getLogs", query)
        except RpcError:
            # Nodes have many words for a range that is too large; one block is never too large.
            if first == end:
                raise
            size, patience = max((end - first + 1) // 2, 1), _PATIENCE
            continue
        except RpcUnavailable as error:
            failures += 1
            if failures == _TRIES:
                raise
            if isinstance(error, RpcTimeout):
                size = max(size // 2, 1)
            wanted = error.retry_after if isinstance(error, RateLimited) else None
            await asyncio.sleep(wanted or min(pause * 2 ** (failures - 1), _LONGEST_PAUSE))
            continue
        yield end, sorted(logs, key=_place)
        first, failures, patience = end + 1, 0, max(patience - 1, 0)
        if len(logs) < _WANTED_LOGS and not patience:
            size = min(2 * size, _MOST_BLOCKS)


def _place(log: Log) -> tuple[int, int]:
    return int(log["blockNumber"], 16), int(log["logIndex"], 16)
