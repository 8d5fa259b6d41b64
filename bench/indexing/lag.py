"""How long after a block its rows can be read by who was told of it."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import psycopg

from bench.indexing.stage import Stage
from optionix.chain.rpc import Rpc
from optionix.errors import UserError
from optionix.settings import Settings
from optionix.store.engine import conninfo
from optionix.store.notify import listen

_WARM_UP_BLOCKS = 3
_FIRST_SECONDS, _BLOCK_SECONDS = 60.0, 20.0


def lags(stage: Stage, config: Settings, blocks: int, seconds: float) -> list[float]:
    """Milliseconds from a block to the message that names it and a row of it read, for each of some blocks.

    Parameters
    ----------
    seconds : wall time from one block to the next.
    """
    with stage.running(config, "index", "--follow") as process:
        try:
            return asyncio.run(_measure(stage, config, blocks, seconds))
        finally:
            process.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                process.wait(10)


async def _measure(stage: Stage, config: Settings, blocks: int, seconds: float) -> list[float]:
    born: dict[int, float] = {}
    seen: dict[int, float] = {}
    market, chain = stage.traffic.market, stage.traffic.chain
    async with _told(config, born, seen):
        first = await asyncio.to_thread(lambda: chain.head) + 1
        for number in range(first, first + _WARM_UP_BLOCKS + blocks):
            due = time.perf_counter() + seconds
            await asyncio.to_thread(market.block)
            # The block is there when the node says so, to whoever asked for it or to who subscribed.
            born.setdefault(number, time.perf_counter())
            wait = _FIRST_SECONDS if number == first else _BLOCK_SECONDS
            try:
                async with asyncio.timeout(wait):
                    while number not in seen:  # noqa: ASYNC110 - another process brings it about
                        await asyncio.sleep(0.002)
            except TimeoutError:
                raise UserError(f"The indexer did not show block {number} within {wait:g} s.") from None
            await asyncio.sleep(max(due - time.perf_counter(), 0))
    return [1000 * (seen[number] - born[number]) for number in sorted(seen) if number >= first + _WARM_UP_BLOCKS]


@asynccontextmanager
async def _told(config: Settings, born: dict[int, float], seen: dict[int, float]) -> AsyncIterator[None]:
    """Notes when blocks are there, and when they are told of and can be read."""
    ready = asyncio.Event()
    where = conninfo(config.database_url)

    async def heads() -> None:
        async with Rpc(config.rpc_url) as rpc:
            async for header in rpc.heads(config.ws_url):
                born.setdefault(int(header["number"], 16), time.perf_counter())

    async def rows() -> None:
        async with await psycopg.AsyncConnection.connect(where, autocommit=True) as connection:
            ready.set()
            async for change in listen(where):
                found = await connection.execute(
                    "select 1 from feed_round where chain_id = %s and market = 1 and block_number = %s",
                    [change.chain_id, change.block],
                )
                if await found.fetchone() is not None:
                    seen.setdefault(change.block, time.perf_counter())

    tasks = [asyncio.create_task(heads()), asyncio.create_task(rows())]
    try:
        await ready.wait()
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
