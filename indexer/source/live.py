"""New heads, by subscription where there is a WebSocket, else by asking."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from types import TracebackType
from typing import Self

import structlog

from optionix.chain.endpoint_name import endpoint_name
from optionix.chain.rpc import Rpc

_LONGEST_PAUSE = 10.0
_SILENT_SECONDS = 1.0
"""A subscription that has not named a head for so long, which was found by asking, is silent."""


class HeadWatcher:
    """Wakes who waits when the chain has a new head.

    Parameters
    ----------
    ws_url : WebSocket endpoints, separated by commas; empty for none. The next is taken where one fails.
    poll_seconds : how often to look without a subscription.
    check_seconds : how often to look even with one: a subscription may fall silent without ending.
    chain_id : what a WebSocket endpoint has to serve.

    Attributes
    ----------
    subscribed : whether a subscription stands and names heads.
    head : the newest number that it named.
    """

    def __init__(
        self,
        rpc: Rpc,
        ws_url: str,
        *,
        poll_seconds: float = 0.25,
        check_seconds: float = 2.0,
        chain_id: int | None = None,
    ) -> None:
        self._rpc = rpc
        self._ws_urls = [url for part in ws_url.split(",") if (url := part.strip())]
        self._poll_seconds = poll_seconds
        self._check_seconds = check_seconds
        self._chain_id = chain_id
        self._news = asyncio.Event()
        self._silent = asyncio.Event()
        self._behind_since: float | None = None
        self._task: asyncio.Task[None] | None = None
        self.subscribed = False
        self.head = 0

    async def __aenter__(self) -> Self:
        if self._ws_urls:
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

    def seen(self, head: int) -> None:
        """Asking found this head: a subscription that does not name it in time is given up for another."""
        now = time.monotonic()
        if not self.subscribed or head <= self.head:
            self._behind_since = None
        elif self._behind_since is None:
            self._behind_since = now
        elif now - self._behind_since > _SILENT_SECONDS:
            self._behind_since, self.subscribed = None, False
            self._silent.set()

    async def _subscribe(self) -> None:
        pause = self._poll_seconds
        log = structlog.get_logger("indexer")
        for ws_url in itertools.cycle(self._ws_urls):
            self._silent.clear()
            following = asyncio.create_task(self._follow(ws_url))
            silent = asyncio.create_task(self._silent.wait())
            try:
                await asyncio.wait({following, silent}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                heard, self.subscribed = self.subscribed or self._silent.is_set(), False
                for task in (following, silent):
                    task.cancel()
                results = await asyncio.gather(following, silent, return_exceptions=True)
            reason = (
                f"{endpoint_name(ws_url)}: the subscription is silent" if self._silent.is_set() else str(results[0])
            )
            log.warning("no subscription to new heads, asking instead", reason=reason)
            pause = self._poll_seconds if heard and not self._silent.is_set() else min(2 * pause, _LONGEST_PAUSE)
            await asyncio.sleep(pause)

    async def _follow(self, ws_url: str) -> None:
        async for header in self._rpc.heads(ws_url, chain_id=self._chain_id):
            self.head = int(header["number"], 16)
            self.subscribed = True
            self._news.set()
