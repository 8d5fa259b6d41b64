"""The indexer in this process, composed as the service composes it, started and stopped by a test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from indexer.progress import Progress
from indexer.service import open_service, progress_of
from optionix.settings import Settings
from tests.faults.process import head_of
from tests.indexer.life import World
from tests.indexer.running import until


class Follower:
    """An indexer that can be stopped and started again on the same tables."""

    def __init__(self, config: Settings) -> None:
        self.config = config
        self._stack: AsyncExitStack | None = None
        self.progress: Progress = progress_of(config)

    async def start(self) -> None:
        """Follow the chain."""
        self.progress = progress_of(self.config)
        self._stack = AsyncExitStack()
        stop = asyncio.Event()
        service = await self._stack.enter_async_context(open_service(self.config, self.progress, stop))
        task = asyncio.create_task(service.sync.run(stop))
        self._stack.push_async_callback(_end, task, stop)

    async def stop(self) -> None:
        """End in good order."""
        if self._stack is not None:
            await self._stack.aclose()
            self._stack = None

    async def until_at_head(self, world: World, seconds: float = 90.0) -> None:
        """Wait until the tables show the chain's head as it is now."""
        header = await asyncio.to_thread(world.rpc.call, "eth_getBlockByNumber", "latest", False)
        try:
            await until(lambda: head_of(self.config.database_url) == header["hash"], seconds)
        except TimeoutError:
            raise AssertionError(f"not at block {int(header['number'], 16)}: {self.progress.report()}") from None


async def _end(task: asyncio.Task[None], stop: asyncio.Event) -> None:
    stop.set()
    await asyncio.wait_for(asyncio.gather(task, return_exceptions=True), 20)


@asynccontextmanager
async def following(config: Settings) -> AsyncIterator[Follower]:
    """A follower that runs."""
    follower = Follower(config)
    await follower.start()
    try:
        yield follower
    finally:
        await follower.stop()
