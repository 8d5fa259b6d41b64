"""Snapshots, sequences, and the reader that is too slow."""

from __future__ import annotations

import orjson

from api.stream.hub import QUEUE_LIMIT, Hub


def test_a_snapshot_then_updates_in_sequence() -> None:
    hub = Hub()
    reader = hub.connect()
    hub.subscribe(reader, "blocks", {"number": 1}, {})
    hub.publish("blocks", {"number": 2}, {})
    hub.publish("blocks", {"number": 3}, {})
    seen = [orjson.loads(reader.queue.get_nowait()) for _ in range(3)]
    assert [(each["type"], each["sequence"]) for each in seen] == [("snapshot", 0), ("update", 1), ("update", 2)]


def test_a_slow_reader_is_marked_and_the_others_go_on() -> None:
    hub = Hub()
    slow, quick = hub.connect(), hub.connect()
    for reader in (slow, quick):
        hub.subscribe(reader, "blocks", {}, {})
    for _ in range(QUEUE_LIMIT + 1):
        hub.publish("blocks", {}, {})
        quick.queue.get_nowait()
    assert slow.lagging.is_set()
    assert not quick.lagging.is_set()


def test_a_channel_without_readers_costs_nothing() -> None:
    hub = Hub()
    reader = hub.connect()
    hub.subscribe(reader, "blocks", {}, {})
    hub.disconnect(reader)
    assert list(hub.channels()) == []
    assert hub.clients == 0
