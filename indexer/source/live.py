"""New heads, by subscription where there is a WebSocket, else by asking."""

from __future__ import annotations

import asyncio
import contextlib
from types import TracebackType
from typing import Self

import structlog

from optionix.chain.errors import ChainError
from optionix.chain.rpc import Rpc

_LONGEST_PAUSE = 10.0


class HeadWatcher:
    """Wakes who waits when the chain has a new head.

    Parameters
    ----------
    ws_url : WebSocket endpoint; empty for none.
    poll_seconds : how often to look without a subscription.
    check_seconds : how often to look even with one: a subscription may fall silent without ending.
    """

    def __init__(self, rpc: Rpc, ws_url: str, *, poll_seconds: float = 0.25, check_seconds: float = 2.0) -> None:
        self._rpc = rpc
        self._ws_url = ws_url
        self._poll_seconds = poll_seconds
        self._check_seconds = check_seconds
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.subscribed = False
        self.head = 0
        """The newest number that the subscription named."""

    async def __aenter__(self) -> Self:
        if self._ws_url:
            self._task = asyncio.create_task(self._subscribe())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def wait(self) -> None:
        """Until there is news, or it is time to look anyway."""
        pause = self._check_seconds if self.subscribed else self._poll_seconds
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await self._news.wait()
        self._news.clear()

    async def _subscribe(self) -> None:
        pause = self._poll_seconds
        while True:
            try:
                async for header in self._rpc.heads(self._ws_url):
                    self.subscribed, pause = True, self._poll_seconds
                    self.head = int(header["number"], 16)
                    self._news.set()
            except ChainError as error:
                structlog.get_logger().warning("no subscription to new heads, asking instead", reason=str(error))
            self.subscribed = False
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
