"""Turns the indexer's changes into channel updates: each view is computed once a change, however many read it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import structlog

from api.errors import NotFound
from api.reader import Database, Reader
from api.schemas import Answer
from api.stream.hub import Hub, Subscriber
from optionix.store.notify import ANY_TOPIC

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class ChannelKind:
    """What the channels `name.<argument>` carry.

    Attributes
    ----------
    arguments
        What stands behind the name, such as ``("symbol", "expiry")``; nothing when there is one channel of its kind.
    says
        A sentence on what its messages tell.
    answer
        The channel's data, with its block.
    view
        Computes the channel's data.
    topics
        Topics after which the view may have changed; empty means after every block.
    """

    name: str
    arguments: tuple[str, ...]
    says: str
    answer: type[Answer]
    view: Callable[[Reader, str], Awaitable[Answer]]
    topics: Callable[[Reader, str], Awaitable[frozenset[str]]]


class Publisher:
    """Knows the kinds of channels; recomputes those with subscribers when a change touches them."""

    def __init__(self, hub: Hub, database: Database, kinds: list[ChannelKind]) -> None:
        self._hub = hub
        self._database = database
        self._kinds = {kind.name: kind for kind in kinds}
        self._topics: dict[str, frozenset[str]] = {}

    async def subscribe(self, subscriber: Subscriber, channel: str) -> None:
        """Adds a subscriber with a snapshot.

        Raises
        ------
        ApiError
            When there is no such channel.
        """
        kind, argument = self._parse(channel)
        async with self._database.reader() as reader:
            topics = await kind.topics(reader, argument)
            block, data = _split(await kind.view(reader, argument))
        self._topics[channel] = topics
        self._hub.subscribe(subscriber, channel, block, data)

    async def run(self, changes: AsyncIterator[frozenset[str]]) -> None:
        """Publishes until the changes end. Those that pile up while views are computed are merged."""
        topics: set[str] = set()
        arrived = asyncio.Event()

        async def collect() -> None:
            async for changed in changes:
                topics.update(changed)
                arrived.set()

        async def publish() -> None:
            while True:
                await arrived.wait()
                arrived.clear()
                merged = frozenset(topics)
                topics.clear()
                await self.publish(merged)

        tasks = {asyncio.create_task(collect()), asyncio.create_task(publish())}
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def publish(self, changed: frozenset[str]) -> None:
        """Recomputes the subscribed channels that the changed topics touch."""
        for channel in self._hub.channels():
            topics = self._topics.get(channel, frozenset())
            if topics and ANY_TOPIC not in changed and topics.isdisjoint(changed):
                continue
            kind, argument = self._parse(channel)
            try:
                async with self._database.reader() as reader:
                    block, data = _split(await kind.view(reader, argument))
            # One broken view must not silence the others; the next change tries again, and nothing was numbered.
            except Exception:
                log.exception("view_failed", channel=channel)
                continue
            self._hub.publish(channel, block, data)

    def _parse(self, channel: str) -> tuple[ChannelKind, str]:
        name, _, argument = channel.partition(".")
        kind = self._kinds.get(name)
        if kind is None:
            known = ", ".join(sorted(self._kinds))
            raise NotFound(f"There is no channel {channel!r}. Kinds: {known}.")
        return kind, argument


def _split(view: Answer) -> tuple[object, object]:
    body = view.model_dump(mode="json")
    return body.pop("block"), body
