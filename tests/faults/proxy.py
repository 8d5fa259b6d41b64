"""A proxy before a node that does what bad endpoints do, over HTTP and WebSocket, on real sockets.

An `Alter` changes what the node says (`tests.support.rpc_faults` has them), a `Wire` how it arrives. Without a fault
everything is passed on.
It runs in a thread of its own, so that processes and event loops of any kind can be its clients.
"""

from __future__ import annotations

import asyncio
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import WebSocketException

from tests.support.rpc_faults import Fault as Alter
from tests.support.rpc_faults import Json, Refused

_REASONS = {200: "OK", 429: "Too Many Requests", 500: "Internal Server Error", 502: "Bad Gateway"}


@dataclass(frozen=True)
class Wire:
    """How an answer arrives.

    Attributes
    ----------
    delay_seconds : later by this.
    dropped : the connection ends without an answer.
    status, body, headers : another HTTP answer than the node's, where the status is not 200 or there is a body.
    kept : share of the body that is sent before the connection ends.
    id_offset : added to every id.
    reversed_order : the answers of a batch come in another order; a good client does not mind.
    """

    delay_seconds: float = 0.0
    dropped: bool = False
    status: int = 200
    body: bytes | None = None
    headers: tuple[tuple[str, str], ...] = ()
    kept: float = 1.0
    id_offset: int = 0
    reversed_order: bool = False


@dataclass(frozen=True)
class Fault:
    """Something that an endpoint does wrong.

    Attributes
    ----------
    chance : of each request (of a message, on a WebSocket) to meet it.
    methods : the calls that it is for; empty for all.
    socket : what becomes of WebSockets: `pass`, `refuse` a connection, `drop` one when a message comes, be `silent`
        with all notifications, or speak `garbage`.
    """

    name: str
    alter: Alter | None = None
    wire: Wire = Wire()
    chance: float = 1.0
    methods: frozenset[str] = frozenset()
    socket: str = "pass"


@dataclass
class Served:
    """What a proxy has seen: calls by method, and answers that a fault changed."""

    calls: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    faulted: int = 0


class RpcProxy:
    """A node's HTTP and WebSocket endpoints behind one that may be faulty.

    Attributes
    ----------
    before : called before a request is passed on, with its methods: a reorg between two calls comes in here.
    """

    def __init__(self, http_url: str, ws_url: str, *, seed: int = 0) -> None:
        self._http_url, self._ws_url = http_url, ws_url
        self._chance = random.Random(seed)
        self._fault: Fault | None = None
        self._sockets: set[ServerConnection] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="rpc-proxy", daemon=True)
        self._ready: Future[tuple[int, int]] = Future()
        self._ended: asyncio.Event | None = None
        self.served = Served()
        self.before: Callable[[list[str]], None] | None = None

    def __enter__(self) -> RpcProxy:
        self._thread.start()
        self.port, self.ws_port = self._ready.result(10)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._ended is not None
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(10)

    @property
    def url(self) -> str:
        """JSON-RPC endpoint."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def ws_url(self) -> str:
        """JSON-RPC endpoint over WebSocket."""
        return f"ws://127.0.0.1:{self.ws_port}"

    @contextmanager
    def faulty(self, fault: Fault) -> Iterator[Served]:
        """The fault is on inside. Standing WebSockets meet it too."""
        self.set(fault)
        try:
            yield self.served
        finally:
            self.set(None)

    def set(self, fault: Fault | None) -> None:
        """Turn a fault on, or off with None."""
        self._fault = fault
        if fault is not None and fault.socket in ("refuse", "drop"):
            self.drop_sockets()

    @property
    def open_sockets(self) -> int:
        """WebSockets that stand now."""
        return len(self._sockets)

    def drop_sockets(self) -> None:
        """End every WebSocket without a word."""

        def drop() -> None:
            for socket in self._sockets:
                socket.transport.abort()

        self._loop.call_soon_threadsafe(drop)

    # --- running ---

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        self._ended = asyncio.Event()
        limits = httpx.Limits(max_connections=64, max_keepalive_connections=32)
        async with httpx.AsyncClient(timeout=30, trust_env=False, limits=limits) as self._node:
            server = await asyncio.start_server(self._client, "127.0.0.1", 0)
            async with server, serve(self._socket, "127.0.0.1", 0, max_size=2**24, close_timeout=0.2) as sockets:
                ports = [next(iter(each.sockets)).getsockname()[1] for each in (server, sockets)]
                self._ready.set_result((ports[0], ports[1]))
                await self._ended.wait()
                self.drop_sockets()
                # What clients left open would hold the server's end.
                for task in asyncio.all_tasks() - {asyncio.current_task()}:
                    task.cancel()

    # --- HTTP ---

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Requests of one connection, until it ends."""
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while body := await self._request(reader):
                if not await self._answer(body, writer):
                    break
        writer.close()

    @staticmethod
    async def _request(reader: asyncio.StreamReader) -> bytes:
        head = await reader.readuntil(b"\r\n\r\n")
        lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        return await reader.readexactly(int(lengths[0].split(b":")[1])) if lengths else b""

    async def _answer(self, body: bytes, writer: asyncio.StreamWriter) -> bool:
        """Serve one request; whether the connection goes on."""
        wanted = orjson.loads(body)
        calls = wanted if isinstance(wanted, list) else [wanted]
        methods = [call["method"] for call in calls]
        self.served.requests += 1
        self.served.calls.update(methods)
        if self.before is not None:
            await asyncio.get_running_loop().run_in_executor(None, self.before, methods)
        fault = self._meets(methods)
        wire = Wire() if fault is None else fault.wire
        if wire.delay_seconds:
            await asyncio.sleep(wire.delay_seconds)
        if wire.dropped:
            writer.transport.abort()
            return False
        if wire.status != 200 or wire.body is not None:
            await self._send(writer, wire.status, wire.body or b"", wire.headers)
            return True
        answer = await self._node.post(self._http_url, content=body, headers={"content-type": "application/json"})
        content = answer.content if fault is None else self._altered(fault, wanted, answer.content)
        return await self._send(writer, answer.status_code, content, (), wire.kept)

    def _meets(self, methods: list[str]) -> Fault | None:
        fault = self._fault
        if fault is None or (fault.methods and not fault.methods.intersection(methods)):
            return None
        if fault.chance < 1.0 and self._chance.random() >= fault.chance:
            return None
        self.served.faulted += fault.wire != Wire()
        return fault

    def _altered(self, fault: Fault, wanted: Json, content: bytes) -> bytes:
        answers = orjson.loads(content)
        calls = wanted if isinstance(wanted, list) else [wanted]
        by_id = {answer["id"]: answer for answer in (answers if isinstance(answers, list) else [answers])}
        served = [self._one(fault, call, by_id[call["id"]]) for call in calls]
        if fault.wire.reversed_order:
            served.reverse()
        return orjson.dumps(served if isinstance(wanted, list) else served[0])

    def _one(self, fault: Fault, call: Json, answer: Json) -> Json:
        number = call["id"] + fault.wire.id_offset
        if fault.alter is None or "result" not in answer:
            return {**answer, "id": number}
        try:
            result = fault.alter(call["method"], list(call.get("params") or []), answer["result"])
        except Refused as refused:
            self.served.faulted += 1
            return {"jsonrpc": "2.0", "id": number, "error": refused.error}
        self.served.faulted += result != answer["result"]
        return {"jsonrpc": "2.0", "id": number, "result": result}

    @staticmethod
    async def _send(
        writer: asyncio.StreamWriter, status: int, body: bytes, headers: tuple[tuple[str, str], ...], kept: float = 1.0
    ) -> bool:
        lines = [f"HTTP/1.1 {status} {_REASONS.get(status, 'Other')}", "content-type: application/json"]
        lines += [f"content-length: {len(body)}", *(f"{name}: {value}" for name, value in headers)]
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body[: int(len(body) * kept)])
        await writer.drain()
        return kept == 1.0

    # --- WebSocket ---

    async def _socket(self, client: ServerConnection) -> None:
        """One client's socket, tied to one of the node's."""
        fault = self._fault
        if fault is not None and fault.socket == "refuse":
            self.served.faulted += 1
            client.transport.abort()
            return
        self._sockets.add(client)
        try:
            async with connect(self._ws_url, max_size=2**24, proxy=None) as node:
                asked: dict[int, Json] = {}
                up = asyncio.create_task(self._up(client, node, asked))
                try:
                    async for text in node:
                        served = self._spoken(orjson.loads(text), asked)
                        if served is None:
                            self.served.faulted += 1
                            continue
                        await client.send(served)
                finally:
                    up.cancel()
        except (WebSocketException, OSError):
            pass
        finally:
            self._sockets.discard(client)

    @staticmethod
    async def _up(client: ServerConnection, node: Any, asked: dict[int, Json]) -> None:
        with suppress(WebSocketException, OSError):
            async for text in client:
                call = orjson.loads(text)
                asked[call["id"]] = call
                await node.send(text)
        # The client has gone: nobody listens to the node any more.
        await node.close()

    def _spoken(self, message: Json, asked: dict[int, Json]) -> str | None:
        """A message as it is served; None where it is kept back."""
        fault = self._fault
        if fault is None:
            return orjson.dumps(message).decode()
        if fault.socket == "drop" and "id" not in message:
            self.drop_sockets()
            return None
        if "id" in message:
            call = asked.get(message["id"])
            return orjson.dumps(message if call is None else self._one(fault, call, message)).decode()
        if fault.socket == "silent":
            return None
        if fault.socket == "garbage":
            self.served.faulted += 1
            return "<html>bad gateway</html>"
        return orjson.dumps(message).decode()
