"""Processes killed at any moment, and servers killed under them: nothing is lost, nothing is twice."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
from functools import partial
from pathlib import Path

import psycopg
import pytest

from optionix.local.postgres import EmbeddedPostgres, unprivileged_user
from optionix.store.engine import conninfo
from tests.faults.conftest import Bench, Size, Tally
from tests.faults.following import following
from tests.faults.process import Zygote, head_of, health, indexed, moved_from, settings_of, wait_for
from tests.indexer.running import index, query, until
from tests.support.postgres import migrated_database, throwaway_postgres

EPISODE = 20
"""Kills of one chain and one database; then both begin anew, so that some kills meet a backfill."""
TAKEOVER_SECONDS = 10.0
"""A stand-by looks each second; the rest is room for a machine that is busy with other tests."""


@pytest.mark.slow
def test_killed_at_any_moment(bench: Bench, tmp_path: Path, size: Size, tally: Tally, zygote: Zygote) -> None:
    """While it starts, while it reads the past, while it writes; in between the chain trades and reorganises."""
    done = 0
    while done < size.kills:
        count = min(EPISODE, size.kills - done)
        with bench.storm(1000 + size.seed + done) as storm, migrated_database(bench.server) as url:
            config = settings_of(bench.world, url, tmp_path)
            for _ in range(count):
                before = indexed(url)
                pid = zygote.start(config, tmp_path / "indexer.log")
                if storm.chance.random() < 0.6:
                    storm.act()
                    storm.world.mine(1)  # an act may have been refused
                    wait_for(partial(moved_from, url, before), 60)
                    storm.act()  # the next batch is on its way
                    time.sleep(storm.chance.random() * 0.05)
                else:
                    time.sleep(storm.chance.random() * 0.4)
                zygote.kill(pid)
                if storm.chance.random() < 0.4:
                    storm.reorganise()
                storm.settle()
                # Somebody else goes on from what was committed.
                asyncio.run(index(bench.world, url))
                facts = asyncio.run(bench.check(url))
                tally.say(kills=1, checks=1, facts=facts)
        done += count


def test_another_takes_over_when_the_leader_is_killed(
    bench: Bench, tmp_path: Path, size: Size, tally: Tally, zygote: Zygote
) -> None:
    with bench.storm(size.seed) as storm, migrated_database(bench.server) as url:
        configs = []
        for name in ("one", "other"):
            (tmp_path / name).mkdir()
            configs.append(settings_of(bench.world, url, tmp_path / name))
        leader = zygote.start(configs[0], tmp_path / "one.log")
        wait_for(lambda: health(configs[0]).get("phase") == "live", 60)
        second = zygote.start(configs[1], tmp_path / "other.log")
        wait_for(lambda: health(configs[1]).get("phase") == "standby", 60)
        storm.act(2)
        zygote.kill(leader)
        began = time.monotonic()
        storm.settle()
        head = bench.world.rpc.call("eth_getBlockByNumber", "latest", False)["hash"]
        wait_for(lambda: head_of(url) == head)
        seconds = time.monotonic() - began
        zygote.end(second, signal.SIGTERM)
        assert seconds < TAKEOVER_SECONDS
        tally.say(takeover_seconds=round(seconds, 2), facts=asyncio.run(bench.check(url)), checks=1)


@pytest.mark.slow
async def test_postgres_is_killed(bench: Bench, tmp_path: Path, size: Size, tally: Tally) -> None:
    """Without a warning, all of it: the indexer waits, and goes on when the server is back."""
    with throwaway_postgres() as server, bench.storm(size.seed) as storm, migrated_database(server) as url:
        config = settings_of(bench.world, url, tmp_path)
        async with following(config) as follower:
            await follower.until_at_head(bench.world)
            for _ in range(size.repeats):
                await asyncio.to_thread(storm.act, 2)
                os.kill(server.pid, signal.SIGKILL)
                await asyncio.to_thread(server.stop)
                await asyncio.to_thread(storm.act, 2)
                await asyncio.to_thread(storm.reorganise)
                await until(lambda: follower.progress.phase == "retrying", 60)
                assert follower.progress.report().status == "degraded"
                await asyncio.to_thread(_start_again, server)
                await asyncio.to_thread(storm.settle)
                await follower.until_at_head(bench.world)
                tally.say(postgres_kills=1, checks=1, facts=await bench.check(url))


def _start_again(server: EmbeddedPostgres) -> None:
    """A server whose predecessor was killed: its lock file and socket are still there."""
    server.start()


@pytest.mark.slow
async def test_postgres_refuses_writes_and_cuts_connections(
    bench: Bench, tmp_path: Path, size: Size, tally: Tally
) -> None:
    with bench.storm(size.seed) as storm, migrated_database(bench.server) as url:
        async with following(settings_of(bench.world, url, tmp_path)) as follower:
            await follower.until_at_head(bench.world)
            for _ in range(size.repeats):
                _make_read_only(url, True)
                at = indexed(url)
                await asyncio.to_thread(storm.act, 3)
                # First it says that it was cut off, then why it cannot write.
                await until(lambda: "read-only" in follower.progress.report().detail, 60)
                assert indexed(url) == at
                _make_read_only(url, False)
                await asyncio.to_thread(storm.reorganise)
                await asyncio.to_thread(storm.settle)
                await follower.until_at_head(bench.world)
                tally.say(read_only=1, checks=1, facts=await bench.check(url))


def _make_read_only(url: str, wanted: bool) -> None:
    """As a standby, or a server that was told to: and every session that was writing ends."""
    with psycopg.connect(conninfo(url), autocommit=True) as session:
        session.execute("set default_transaction_read_only = off")
        name = session.info.dbname
        session.execute(f'alter database "{name}" set default_transaction_read_only = {"on" if wanted else "off"}')
    query(
        url,
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()"
        " and pid <> pg_backend_pid() and application_name = 'indexer'",
    )


@pytest.mark.slow
async def test_the_disk_is_full(bench: Bench, tmp_path: Path, size: Size, tally: Tally) -> None:
    """No file of the database may grow: the indexer waits for space."""
    with throwaway_postgres() as server, bench.storm(size.seed) as storm, migrated_database(server) as url:
        async with following(settings_of(bench.world, url, tmp_path)) as follower:
            await follower.until_at_head(bench.world)
            for _ in range(size.repeats):
                # Whoever connects from now on cannot write beyond the first bytes of a file.
                _limit_files(server.pid, "4096")
                _cut(url)
                await asyncio.to_thread(storm.act, 3)
                await until(lambda: follower.progress.phase == "retrying", 60)
                _limit_files(server.pid, "unlimited")
                await asyncio.to_thread(storm.settle)
                await follower.until_at_head(bench.world)
                tally.say(full_disks=1, checks=1, facts=await bench.check(url))


def _limit_files(pid: int, size: str) -> None:
    """How large files may grow that a server's processes write; only their own user may say."""
    uid, gid = unprivileged_user() if os.getuid() == 0 else (None, None)
    subprocess.run(["prlimit", f"--pid={pid}", f"--fsize={size}:"], check=True, user=uid, group=gid, cwd="/")


def _cut(url: str) -> None:
    query(
        url,
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()"
        " and pid <> pg_backend_pid()",
    )
