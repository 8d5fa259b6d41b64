"""A client of the WebSocket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
import websockets
from websockets.asyncio.client import ClientConnection

from tests.api.deribit.conftest import SECONDS, Market


class Socket:
    """A client that keeps what it is told until it is asked for."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.kept: list[dict[str, Any]] = []
        self._ids = iter(range(1, 10_000))

    async def receive(self) -> dict[str, Any]:
        async with asyncio.timeout(SECONDS):
            message: dict[str, Any] = orjson.loads(await self.connection.recv())
        return message

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        """The answer to a call; notifications that come before it are kept."""
        number = next(self._ids)
        await self.connection.send(
            orjson.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}).decode()
        )
        while True:
            message = await self.receive()
            if message.get("id") == number:
                return message
            self.kept.append(message)

    async def told(self, channel: str) -> Any:
        """The next notification of a channel."""
        while True:
            for place, message in enumerate(self.kept):
                if message.get("method") == "subscription" and message["params"]["channel"] == channel:
                    return self.kept.pop(place)["params"]["data"]
            self.kept.append(await self.receive())


@asynccontextmanager
async def connected(market: Market) -> AsyncIterator[Socket]:
    url = market.url.replace("http", "ws") + "/ws/api/v2"
    async with websockets.connect(url, proxy=None) as connection:
        yield Socket(connection)
