"""The indexer as a process, killed without warning again and again while the chain trades and reorganises."""

from __future__ import annotations

import asyncio
import random
import signal
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.faults.process import Process, indexed, moved_from, wait_for
from tests.indexer.life import World
from tests.indexer.running import assert_same_tables, audited, index, query

ROUNDS = 6


@pytest.mark.slow
def test_kills_and_reorgs_lose_and_repeat_nothing(
    chain: World, make_database: Callable[[], str], tmp_path: Path
) -> None:
    url, fresh = make_database(), make_database()
    chance = random.Random(5)
    process = Process(chain, url, tmp_path)
    chain.fund()
    for number in range(ROUNDS):
        with process.running() as running:
            before = indexed(url)
            chain.trade_once()
            wait_for(partial(moved_from, url, before))
            chain.trade_once()  # the next batch is on its way
            time.sleep(chance.random() * 0.03)
            running.send_signal(signal.SIGKILL)
            running.wait(5)
        if number % 2:
            chain.rpc.call("anvil_reorg", chance.randrange(1, 25), [])
            chain.forget_senders()
        chain.post(1560 + number)
    with process.running():
        wait_for(lambda: indexed(url) == chain.head)
        # An audit in the table may be that of a process before: this one has to look for itself.
        wait_for(lambda: process.health().get("drift") is not None)
        health = process.health()
        assert health["status"] == "ok", health
        assert health["drift"] == 0
        assert health["lag_blocks"] == 0
    asyncio.run(index(chain, fresh))
    assert_same_tables(url, fresh)
    assert asyncio.run(audited(chain, url)).drift == 0
    assert query(url, "select max(drift) as drift from audit") == [{"drift": 0}]


def test_it_stops_at_once_when_asked(chain: World, make_database: Callable[[], str], tmp_path: Path) -> None:
    url = make_database()
    process = Process(chain, url, tmp_path)
    with process.running() as running:
        wait_for(lambda: indexed(url) == chain.head)
        began = time.monotonic()
        running.send_signal(signal.SIGTERM)
        assert running.wait(5) == 0
        assert time.monotonic() - began < 3
    assert "indexer stopped" in process.output


def test_a_reorg_below_finality_is_shown_until_it_is_stopped(
    chain: World, make_database: Callable[[], str], tmp_path: Path
) -> None:
    url = make_database()
    process = Process(chain, url, tmp_path)
    chain.fund()
    chain.mine(40)
    with process.running() as running:
        wait_for(lambda: indexed(url) == chain.head)
        at = chain.head
        chain.rpc.call("anvil_rollback", 45)
        chain.mine(50)
        wait_for(lambda: process.health()["status"] == "failed")
        health = process.health()
        assert "optionix index --fresh" in str(health["detail"])
        assert health["indexed"] == at
        assert running.poll() is None
