"""One WebSocket connection: calls, subscriptions, heartbeats."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field

import structlog
from fastapi import WebSocket, WebSocketDisconnect

from api.deribit import rpc
from api.deribit.errors import InvalidParams, Retry, RpcError, TooManyRequests
from api.deribit.feed import Feed
from api.deribit.methods import answer
from api.deribit.pace import Pace
from api.deribit.params import Params
from api.deribit.units import dumps
from api.errors import Unavailable
from api.reader import Database
from api.stream.hub import Subscriber

log = structlog.get_logger(__name__)

MOST_CHANNELS = 500
MOST_MESSAGE_BYTES = 32_768
LEAST_HEARTBEAT = 10
MOST_HEARTBEAT = 86_400
HEARTBEAT_UNIT = 1.0
"""Seconds in one of an interval's."""
NORMAL, UNSUPPORTED, POLICY_VIOLATION, TOO_BIG, TRY_AGAIN_LATER = 1000, 1003, 1008, 1009, 1013
OK = "ok"


@dataclass
class Heartbeat:
    """Whether a client has to show that it lives, and whether it did."""

    interval: int = 0
    answered: bool = True
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def set(self, interval: int) -> None:
        """Every so many seconds; 0 for never."""
        self.interval, self.answered = interval, True
        self.changed.set()

    async def run(self, subscriber: Subscriber) -> None:
        """Sends heartbeats and test requests; ends when one is not answered before the next."""
        while True:
            self.changed.clear()
            pause = self.interval * HEARTBEAT_UNIT
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause or None):
                    await self.changed.wait()
                continue
            if not self.answered:
                return
            self.answered = False
            for kind in ("heartbeat", "test_request"):
                subscriber.offer(dumps(rpc.notification("heartbeat", {"type": kind})))


class Session:
    """A connection while it lasts."""

    def __init__(self, socket: WebSocket, database: Database, feed: Feed, envelope: rpc.Envelope) -> None:
        self._socket = socket
        self._database = database
        self._feed = feed
        self._envelope = envelope
        self._subscriber = Subscriber()
        self._heartbeat = Heartbeat()
        self._pace = Pace()

    async def run(self) -> None:
        """Serves until the client leaves, reads too slowly, or shows no life."""
        reading = asyncio.create_task(self._read())
        writing = asyncio.create_task(self._write())
        lagging = asyncio.create_task(self._subscriber.lagging.wait())
        beating = asyncio.create_task(self._heartbeat.run(self._subscriber))
        tasks = (reading, writing, lagging, beating)
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if lagging in done:
                await self._close(TRY_AGAIN_LATER, "reading too slowly: subscribe to less, or read faster")
            elif beating in done:
                await self._close(POLICY_VIOLATION, "a test_request was not answered by public/test")
            for task in done:
                error = task.exception()
                if error is not None and not isinstance(error, WebSocketDisconnect):
                    log.warning("deribit_session_ended", error=repr(error))
        finally:
            self._feed.unsubscribe(self._subscriber, tuple(self._subscriber.channels))
            for task in tasks:
                task.cancel()
            # Not gather: a cancellation of this wait must reach the caller as the one it sent.
            await asyncio.wait(tasks)

    async def _close(self, code: int, reason: str) -> None:
        with contextlib.suppress(RuntimeError, WebSocketDisconnect):
            await self._socket.close(code, reason)

    async def _write(self) -> None:
        while True:
            message = await self._subscriber.queue.get()
            await self._socket.send_text(message.decode())

    async def _read(self) -> None:
        while True:
            try:
                text = await self._socket.receive_text()
            except KeyError:
                await self._close(UNSUPPORTED, "send text, not binary messages")
                return
            if len(text) > MOST_MESSAGE_BYTES:
                await self._close(TOO_BIG, f"Message Too Big: limit {MOST_MESSAGE_BYTES}B")
                return
            for message in await self._answer(text):
                self._subscriber.offer(message)

    async def _answer(self, text: str) -> list[bytes]:
        started = rpc.now_microseconds()
        try:
            call = rpc.parse(text)
        except rpc.Malformed as refused:
            return [dumps(self._envelope.error(refused.error, refused.id, started))]
        try:
            result, following = await self._call(call)
        except RpcError as error:
            return [dumps(self._envelope.error(error, call.id, started))]
        return [dumps(self._envelope.result(result, call.id, started)), *following]

    async def _call(self, call: rpc.Call) -> tuple[object, list[bytes]]:
        params = Params(call.params)
        if not self._pace.take():
            raise TooManyRequests("slow down: see docs/deribit.md for what a connection may ask")
        match call.method:
            case "public/subscribe":
                return await self._subscribe(params)
            case "public/unsubscribe":
                return self._feed.unsubscribe(self._subscriber, params.texts("channels", most=MOST_CHANNELS)), []
            case "public/unsubscribe_all":
                self._feed.unsubscribe(self._subscriber, tuple(self._subscriber.channels))
                return OK, []
            case "public/set_heartbeat":
                self._heartbeat.set(params.integer("interval", least=LEAST_HEARTBEAT, most=MOST_HEARTBEAT))
                return OK, []
            case "public/disable_heartbeat":
                self._heartbeat.set(0)
                return OK, []
            case "public/test":
                self._heartbeat.answered = True
        return await answer(self._database, call), []

    async def _subscribe(self, params: Params) -> tuple[list[str], list[bytes]]:
        names = params.texts("channels", most=MOST_CHANNELS)
        if len(self._subscriber.channels | set(names)) > MOST_CHANNELS:
            raise InvalidParams(f"a connection has at most {MOST_CHANNELS} channels", "channels")
        if not self._pace.take(len(names)):
            raise TooManyRequests("subscribe to fewer channels at once, or later")
        try:
            return await self._feed.subscribe(self._subscriber, names)
        except Unavailable as error:
            raise Retry(error.detail) from None
