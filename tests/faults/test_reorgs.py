"""Reorgs of every kind at every moment: the tables equal a fresh index of the chain that won, and its own logs."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from tests.faults.conftest import Bench, Size, Tally
from tests.faults.following import Follower, following
from tests.faults.process import settings_of
from tests.faults.proxy import RpcProxy
from tests.faults.storm import Storm
from tests.support.postgres import migrated_database

EPISODE = 25
"""Reorgs of one chain and one database; then both begin anew."""
MOMENTS = ("following", "storm", "down", "between")


@pytest.mark.slow
async def test_a_storm_of_reorgs_leaves_no_trace(bench: Bench, tmp_path: Path, size: Size, tally: Tally) -> None:
    done = 0
    while done < size.reorgs:
        count = min(EPISODE, size.reorgs - done)
        with bench.storm(size.seed + done) as storm, migrated_database(bench.server) as url:
            with RpcProxy(bench.world.anvil.url, bench.world.anvil.ws_url) as proxy:
                config = settings_of(bench.world, url, tmp_path, endpoints=[proxy.url], ws_url=proxy.ws_url)
                async with following(config) as follower:
                    for number in range(count):
                        moment = MOMENTS[(done + number) % len(MOMENTS)]
                        before = storm.reorgs
                        await _reorganise(storm, follower, proxy, moment)
                        await asyncio.to_thread(storm.settle)
                        await follower.until_at_head(bench.world)
                        facts = await bench.check(url)
                        tally.say(reorgs=storm.reorgs - before, checks=1, facts=facts)
        done += count
        acts = storm.done.total() - storm.done["refused"]
        tally.say(acts=acts, refused=storm.done["refused"], not_moved=storm.done["not moved"])
        assert storm.done["refused"] < acts, f"hardly anything happened: {storm.done}"


async def _reorganise(storm: Storm, follower: Follower, proxy: RpcProxy, moment: str) -> None:
    """One reorg or more, at a moment of the indexer's."""
    chance = storm.chance
    await asyncio.to_thread(storm.act, chance.randrange(1, 5))
    if chance.random() < 0.7:
        await follower.until_at_head(storm.world)
    if moment == "storm":
        for _ in range(3):
            await asyncio.to_thread(storm.reorganise)
            await asyncio.to_thread(storm.act, chance.randrange(0, 3))
    elif moment == "down":
        await follower.stop()
        await asyncio.to_thread(storm.reorganise)
        await asyncio.to_thread(storm.act, chance.randrange(0, 3))
        await follower.start()
    elif moment == "between":
        sprung = _trap(storm, proxy, chance.randrange(0, 3))
        storm.world.mine(1)
        assert await asyncio.to_thread(sprung.wait, 20), "the indexer asked nothing"
    else:
        await asyncio.to_thread(storm.reorganise)


def _trap(storm: Storm, proxy: RpcProxy, passed: int) -> threading.Event:
    """The chain reorganises after some requests of the indexer, before the next is answered."""
    sprung, left, lock = threading.Event(), [passed], threading.Lock()

    def before(_: list[str]) -> None:
        with lock:
            left[0] -= 1
            if left[0] >= 0 or sprung.is_set():
                return
            proxy.before = None
            storm.reorganise()
            sprung.set()

    proxy.before = before
    return sprung
