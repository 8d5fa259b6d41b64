"""The indexer as a process, killed without warning again and again while the chain trades and reorganises."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import httpx
import pytest

from optionix.chain.deployment import save
from optionix.settings import PROJECT_ROOT, Settings
from tests.indexer.life import World
from tests.indexer.running import assert_same_tables, audited, index, query
from tests.support.ports import free_base

ROUNDS = int(os.environ.get("OPTIONIX_FAULT_ROUNDS", "6"))
"""Kills of one run; the long run sets more."""
_POLL_SECONDS = 0.005


class Process:
    """`python -m indexer` on a world's chain and a database."""

    def __init__(self, chain: World, url: str, folder: Path) -> None:
        self.settings = Settings(
            data_dir=folder,
            rpc_url=chain.anvil.url,
            ws_url=chain.anvil.ws_url,
            database_url=url,
            port_base=free_base(),
            audit_seconds=0.5,
        )
        save(chain.deployment, self.settings)
        self._log = folder / "indexer.log"
        self._process: subprocess.Popen[bytes] | None = None

    @contextmanager
    def running(self) -> Iterator[subprocess.Popen[bytes]]:
        """The process, ended by SIGTERM when it was not killed before."""
        environment = os.environ | self.settings.environment() | {"PYTHONPATH": str(PROJECT_ROOT)}
        with self._log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "indexer"], env=environment, stdout=log, stderr=log, cwd=PROJECT_ROOT
            )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(5)
                raise

    @property
    def output(self) -> str:
        """What it logged."""
        return self._log.read_text()

    def health(self) -> dict[str, object]:
        """Its `/healthz`."""
        port = self.settings.metrics_port("indexer")
        answer: dict[str, object] = httpx.get(f"http://127.0.0.1:{port}/healthz", trust_env=False).json()
        return answer


def indexed(url: str) -> int:
    """The block of the tables, -1 before the first."""
    rows = query(url, "select block_number from checkpoint")
    return int(rows[0]["block_number"]) if rows else -1


def moved_from(url: str, block: int) -> bool:
    """Whether the tables went on from a block."""
    return indexed(url) > block


def wait_for(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait for a condition, or fail."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(_POLL_SECONDS)


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
