"""Turns changes of the tables into notifications: each channel is computed once a change, however many read it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field

import structlog

from api.deribit.channels import Channel, parse
from api.deribit.errors import RpcError
from api.deribit.rpc import notification
from api.deribit.sight import Sight
from api.deribit.units import dumps
from api.errors import Unavailable
from api.reader import Database
from api.stream.hub import Subscriber
from optionix.store.notify import ANY_TOPIC

log = structlog.get_logger(__name__)

ORDERS_TOPIC = "orders:"


@dataclass
class Live:
    """A channel that somebody is subscribed to."""

    name: str
    channel: Channel
    subscribers: set[Subscriber] = field(default_factory=set)
    told_at: float = 0.0

    def touched_by(self, topics: frozenset[str]) -> bool:
        """Whether a change may have changed it: every block does, orders those of their instrument."""
        if ANY_TOPIC in topics:
            return True
        orders = {topic for topic in topics if topic.startswith(ORDERS_TOPIC)}
        return orders != topics or not topics or f"{ORDERS_TOPIC}{self.channel.instrument}" in orders


class Feed:
    """All channels of one process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._live: dict[str, Live] = {}
        self._topics: list[frozenset[str]] = []
        self._changed = asyncio.Event()
        self._publishing = asyncio.Lock()

    async def subscribe(self, subscriber: Subscriber, names: Iterable[str]) -> tuple[list[str], list[bytes]]:
        """Adds a subscriber to those channels that there are; their names, and the first notifications.

        Raises
        ------
        Unavailable
            Before the first block.
        """
        done: list[str] = []
        openings: list[bytes] = []
        # Not while a change is being told: a snapshot has to be the one that the next change follows.
        async with self._publishing, self._database.reader() as reader:
            sight = Sight(reader)
            await reader.head()
            for name in dict.fromkeys(names):
                known = self._live.get(name)
                channel = known.channel if known else parse(name)
                if channel is None:
                    continue
                try:
                    opening = await channel.opening(sight)
                except RpcError:
                    continue
                # Whoever else was subscribed may have left meanwhile.
                self._live.setdefault(name, known or Live(name, channel)).subscribers.add(subscriber)
                subscriber.channels.add(name)
                done.append(name)
                if opening is not None:
                    openings.append(message(name, opening))
        return done, openings

    def unsubscribe(self, subscriber: Subscriber, names: Iterable[str]) -> list[str]:
        """Takes a subscriber off channels; the names of those that it was on."""
        left = [name for name in dict.fromkeys(names) if name in subscriber.channels]
        for name in left:
            subscriber.channels.discard(name)
            live = self._live.get(name)
            if live is not None:
                live.subscribers.discard(subscriber)
                if not live.subscribers:
                    del self._live[name]
        return left

    async def run(self, changes: AsyncIterator[frozenset[str]]) -> None:
        """Publishes until the changes end. Those that pile up meanwhile are merged."""
        tasks = {asyncio.create_task(self._collect(changes)), asyncio.create_task(self._publish_all())}
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _collect(self, changes: AsyncIterator[frozenset[str]]) -> None:
        async for topics in changes:
            self._topics.append(topics)
            self._changed.set()

    async def _publish_all(self) -> None:
        waiting: set[str] = set()
        while True:
            await self._next_turn(waiting)
            self._changed.clear()
            topics, self._topics = self._topics, []
            for name, live in self._live.items():
                if any(live.touched_by(each) for each in topics):
                    waiting.add(name)
            now = time.monotonic()
            waiting &= self._live.keys()
            due = [self._live[name] for name in waiting if _due(self._live[name]) <= now]
            waiting -= {live.name for live in due}
            if due:
                await self.publish(due)

    async def _next_turn(self, waiting: set[str]) -> None:
        dues = [_due(self._live[name]) for name in waiting if name in self._live]
        if not dues:
            await self._changed.wait()
            return
        try:
            async with asyncio.timeout(max(min(dues) - time.monotonic(), 0)):
                await self._changed.wait()
        except TimeoutError:
            return

    async def publish(self, due: Iterable[Live]) -> None:
        """Tells the subscribers of channels what has changed."""
        async with self._publishing:
            try:
                async with self._database.reader() as reader:
                    sight = Sight(reader)
                    for live in due:
                        await self._tell(live, sight)
            # A database that is away must not end the feed: the next change tells what was missed.
            except Exception:
                log.exception("deribit_feed_failed")

    async def _tell(self, live: Live, sight: Sight) -> None:
        try:
            data = await live.channel.update(sight)
        except (RpcError, Unavailable) as error:
            log.warning("deribit_channel_failed", channel=live.name, error=str(error))
            return
        if data is None:
            return
        live.told_at = time.monotonic()
        told = message(live.name, data)
        for subscriber in tuple(live.subscribers):
            subscriber.offer(told)


def message(channel: str, data: object) -> bytes:
    """A notification as the wire has it."""
    return dumps(notification("subscription", {"channel": channel, "data": data}))


def _due(live: Live) -> float:
    return live.told_at + live.channel.interval
