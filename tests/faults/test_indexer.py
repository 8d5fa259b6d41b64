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

from tests.faults.conftest import Size
from tests.faults.process import Process, Zygote, alive, health, indexed, moved_from, settings_of, wait_for
from tests.indexer.life import World
from tests.indexer.running import assert_same_tables, audited, index, query

ROUNDS = 6
"""At most; fewer in the short form."""


@pytest.mark.slow
def test_kills_and_reorgs_lose_and_repeat_nothing(
    chain: World, make_database: Callable[[], str], tmp_path: Path, size: Size, zygote: Zygote
) -> None:
    url, fresh = make_database(), make_database()
    chance = random.Random(size.seed)
    config, log = settings_of(chain, url, tmp_path), tmp_path / "indexer.log"
    chain.fund()
    for number in range(min(ROUNDS, size.kills)):
        pid = zygote.start(config, log)
        before = indexed(url)
        chain.trade_once()
        wait_for(partial(moved_from, url, before))
        chain.trade_once()  # the next batch is on its way
        time.sleep(chance.random() * 0.03)
        zygote.kill(pid)
        if number % 2:
            chain.rpc.call("anvil_reorg", chance.randrange(1, 25), [])
            chain.forget_senders()
        chain.post(1560 + number)
    pid = zygote.start(config, log)
    wait_for(lambda: indexed(url) == chain.head)
    # An audit in the table may be that of a process before: this one has to look for itself.
    wait_for(lambda: health(config).get("drift") is not None)
    said = health(config)
    assert (said["status"], said["drift"], said["lag_blocks"]) == ("ok", 0, 0), said
    zygote.end(pid, signal.SIGTERM)
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
        assert running.wait(15) == 0
        assert time.monotonic() - began < 5
    assert "indexer stopped" in process.output


def test_a_reorg_below_finality_is_shown_until_it_is_stopped(
    chain: World, make_database: Callable[[], str], tmp_path: Path, zygote: Zygote
) -> None:
    url = make_database()
    config = settings_of(chain, url, tmp_path)
    chain.fund()
    chain.mine(40)
    pid = zygote.start(config, tmp_path / "indexer.log")
    wait_for(lambda: indexed(url) == chain.head)
    at = chain.head
    chain.rpc.call("anvil_rollback", 45)
    chain.mine(50)
    wait_for(lambda: health(config).get("status") == "failed")
    said = health(config)
    assert "optionix index --fresh" in str(said["detail"])
    assert said["indexed"] == at
    assert alive(pid)
    zygote.end(pid, signal.SIGTERM)
