"""Fans sequenced messages out to subscribers; a slow reader is dropped and never slows the others."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson
from prometheus_client import Counter, Gauge

CLIENTS = Gauge("optionix_api_ws_clients", "Open WebSocket connections")
SENT = Counter("optionix_api_ws_messages_total", "Messages queued to WebSocket clients")
DROPPED = Counter("optionix_api_ws_slow_readers_total", "Connections closed for reading too slowly")

QUEUE_LIMIT = 256


@dataclass(eq=False)
class Subscriber:
    """One connection's outgoing queue. `lagging` is set when the queue overflowed: the connection must close."""

    queue: asyncio.Queue[bytes] = field(default_factory=lambda: asyncio.Queue(QUEUE_LIMIT))
    lagging: asyncio.Event = field(default_factory=asyncio.Event)
    channels: set[str] = field(default_factory=set)

    def offer(self, message: bytes) -> None:
        """Queues a message, or marks the reader as too slow; never waits."""
        if self.lagging.is_set():
            return
        try:
            self.queue.put_nowait(message)
            SENT.inc()
        except asyncio.QueueFull:
            DROPPED.inc()
            self.lagging.set()


class Hub:
    """Channels with their subscribers and sequence numbers.

    A channel's sequence starts with its first subscriber and rises by one a message, so a reader that sees a gap
    knows that it missed something and subscribes again for a snapshot.
    """

    def __init__(self) -> None:
        self._subscribers: dict[str, set[Subscriber]] = {}
        self._sequences: dict[str, int] = {}
        self.clients = 0

    def channels(self) -> Iterator[str]:
        """Channels that have a subscriber now."""
        return iter(tuple(self._subscribers))

    def connect(self) -> Subscriber:
        """A new connection's subscriber."""
        self.clients += 1
        CLIENTS.inc()
        return Subscriber()

    def disconnect(self, subscriber: Subscriber) -> None:
        """Forgets a connection and every channel that it alone had."""
        self.clients -= 1
        CLIENTS.dec()
        for channel in tuple(subscriber.channels):
            self.unsubscribe(subscriber, channel)

    def subscribe(self, subscriber: Subscriber, channel: str, block: Any, snapshot: Any) -> None:
        """Adds a subscriber and queues the snapshot at the channel's present sequence."""
        self._subscribers.setdefault(channel, set()).add(subscriber)
        subscriber.channels.add(channel)
        sequence = self._sequences.setdefault(channel, 0)
        subscriber.offer(encode(channel, "snapshot", sequence, block, snapshot))

    def unsubscribe(self, subscriber: Subscriber, channel: str) -> None:
        """Takes a subscriber off a channel; a channel without subscribers costs nothing."""
        subscriber.channels.discard(channel)
        left = self._subscribers.get(channel)
        if left is None:
            return
        left.discard(subscriber)
        if not left:
            del self._subscribers[channel]

    def publish(self, channel: str, block: Any, data: Any) -> None:
        """Encodes an update once and queues it to every subscriber of the channel."""
        subscribers = self._subscribers.get(channel)
        if not subscribers:
            return
        sequence = self._sequences[channel] = self._sequences.get(channel, 0) + 1
        message = encode(channel, "update", sequence, block, data)
        for subscriber in tuple(subscribers):
            subscriber.offer(message)


def encode(channel: str, kind: str, sequence: int, block: Any, data: Any) -> bytes:
    """One message as the wire has it."""
    return orjson.dumps(
        {"channel": channel, "type": kind, "sequence": sequence, "block": block, "data": data},
        option=orjson.OPT_NON_STR_KEYS,
    )
