"""The `/ws` endpoint: subscribe, unsubscribe, ping; a snapshot first, then sequenced updates."""

from __future__ import annotations

import asyncio
import contextlib

import orjson
import structlog
from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from api.errors import ApiError
from api.stream.hub import Hub, Subscriber
from api.stream.publisher import Publisher

log = structlog.get_logger(__name__)
router = APIRouter()

MAX_CHANNELS = 64
MAX_COMMAND_BYTES = 16 * 1024
TRY_AGAIN_LATER = 1013
POLICY_VIOLATION = 1008


@router.websocket("/ws")
async def stream(socket: WebSocket) -> None:
    """One connection. It ends when the client leaves, reads too slowly, or breaks the rules."""
    hub: Hub = socket.app.state.hub
    publisher: Publisher = socket.app.state.publisher
    await socket.accept()
    subscriber = hub.connect()
    reader = asyncio.create_task(_read(socket, hub, publisher, subscriber))
    writer = asyncio.create_task(_write(socket, subscriber))
    lagging = asyncio.create_task(subscriber.lagging.wait())
    try:
        done, _ = await asyncio.wait({reader, writer, lagging}, return_when=asyncio.FIRST_COMPLETED)
        if lagging in done:
            with contextlib.suppress(RuntimeError, WebSocketDisconnect):
                await socket.close(TRY_AGAIN_LATER, "reading too slowly: subscribe to less, or read faster")
        for task in done:
            _log_failure(task)
    finally:
        hub.disconnect(subscriber)
        for task in (reader, writer, lagging):
            task.cancel()
        # Not gather: a cancellation of this wait must reach the caller as the one it sent.
        await asyncio.wait((reader, writer, lagging))


async def _write(socket: WebSocket, subscriber: Subscriber) -> None:
    while True:
        message = await subscriber.queue.get()
        await socket.send_text(message.decode())


async def _read(socket: WebSocket, hub: Hub, publisher: Publisher, subscriber: Subscriber) -> None:
    while True:
        text = await socket.receive_text()
        if len(text) > MAX_COMMAND_BYTES:
            await socket.close(POLICY_VIOLATION, f"commands are at most {MAX_COMMAND_BYTES} bytes")
            return
        answer = await _command(text, hub, publisher, subscriber)
        if answer is not None:
            subscriber.offer(orjson.dumps(answer))


async def _command(text: str, hub: Hub, publisher: Publisher, subscriber: Subscriber) -> dict[str, object] | None:
    try:
        command = orjson.loads(text)
        operation = command["op"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return _error("bad_command", 'Send JSON such as {"op":"subscribe","channels":["blocks"]}.')
    if operation == "ping":
        return {"op": "pong"}
    channels = command.get("channels")
    if operation not in ("subscribe", "unsubscribe"):
        return _error("bad_command", "`op` is subscribe, unsubscribe or ping.")
    if not isinstance(channels, list) or not all(isinstance(name, str) for name in channels):
        return _error("bad_command", "`channels` is a list of names.")
    if operation == "unsubscribe":
        for channel in channels:
            hub.unsubscribe(subscriber, channel)
        return {"op": "unsubscribed", "channels": channels}
    if len(subscriber.channels | set(channels)) > MAX_CHANNELS:
        return _error("too_many_channels", f"A connection has at most {MAX_CHANNELS} channels.")
    for channel in channels:
        try:
            await publisher.subscribe(subscriber, channel)
        except ApiError as error:
            subscriber.offer(orjson.dumps(_error(error.code, error.detail, channel=channel)))
    return None


def _error(code: str, detail: str, **extra: object) -> dict[str, object]:
    return {"op": "error", "code": code, "detail": detail, **extra}


def _log_failure(task: asyncio.Task[object]) -> None:
    error = task.exception()
    if error is not None and not isinstance(error, WebSocketDisconnect):
        log.warning("stream_ended", error=repr(error))
