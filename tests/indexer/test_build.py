"""Tables built anew beside those that are read: the same rows, no reader who waits or sees half of them."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from indexer import build as building
from indexer import ingest
from indexer.build import BUILD, RETIRED, build, derived_tables, drop_retired
from indexer.derive import DERIVATION
from indexer.errors import BuildRunning, DerivationOutdated, LogsMissing, NotReplaced
from indexer.service import index as serve_index
from indexer.service import progress_of
from optionix.chain.deployment import save
from optionix.settings import Settings
from optionix.store.engine import conninfo
from optionix.store.models import Base
from tests.indexer.life import World
from tests.indexer.running import (
    CHAIN,
    assert_same_tables,
    audited,
    following,
    index,
    query,
    until,
    until_at_head,
)

LONGEST_SECONDS = 5.0
"""An answer takes milliseconds, and next to a replacement a fifth of a second more; a busy machine is no failure."""
STATE = "select c.block_number, (select sum(free) from balance) as free, (select count(*) from trade) as trades,"
STATE += " (select count(*) from account_profit) as profits from checkpoint c"


@pytest.fixture
def url(lived_url: str) -> str:
    """A database that holds the lived chain."""
    return lived_url


def schemas(url: str) -> set[str]:
    """Schemas of ours besides the one that is read."""
    rows = query(url, "select nspname from pg_namespace where nspname in (%s, %s)", BUILD, RETIRED)
    return {row["nspname"] for row in rows}


async def test_it_gives_the_rows_of_a_fresh_index(lived: World, url: str, make_database: Callable[[], str]) -> None:
    fresh = make_database()
    await index(lived, fresh)
    query(url, "update balance set free = free + 1 returning 1")
    query(url, "delete from trade returning 1")
    built = build(conninfo(url))
    assert (built.blocks, built.continued) == ({CHAIN: lived.head}, False)
    assert_same_tables(url, fresh)
    undo = "select * from undo order by block_number, seq"
    assert query(url, undo) == query(fresh, undo)
    assert (await audited(lived, url)).drift == 0
    # What was read before can be looked at until it is dropped.
    assert schemas(url) == {RETIRED}
    assert query(url, f"select count(*) as rows from {RETIRED}.trade") == [{"rows": 0}]
    assert drop_retired(conninfo(url)) and schemas(url) == set() and not drop_retired(conninfo(url))


async def test_the_tables_are_those_of_the_migrations(lived: World, url: str) -> None:
    """Columns, keys and indexes by their names: the next migration finds what it looks for."""
    names = "select indexname from pg_indexes where schemaname = 'public' order by 1"
    before = query(url, names)
    build(conninfo(url))
    build(conninfo(url))
    drop_retired(conninfo(url))
    assert query(url, names) == before
    with create_engine(url).connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_every_table_that_is_not_derived_is_known() -> None:
    kept = Base.metadata.tables.keys() - set(derived_tables())
    assert {"chain", "token", "watched_contract", "block", "block_logs", "log_range", "audit"} <= kept
    assert {"checkpoint", "undo", "balance", "trade", "candle", "account_profit"} <= set(derived_tables())


@contextmanager
def reading(url: str) -> Iterator[list[tuple[float, dict[str, object]]]]:
    """A reader that asks all the time, two questions to a transaction: what it saw, and how long it took."""
    seen: list[tuple[float, dict[str, object]]] = []
    stop = threading.Event()

    def read() -> None:
        with psycopg.connect(conninfo(url)) as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            while not stop.is_set():
                began = time.monotonic()
                with connection.transaction():
                    rows = [connection.execute(STATE).fetchall() for _ in range(2)]
                assert rows[0] == rows[1], "one transaction, one version"
                (row,) = rows[0]
                seen.append(
                    (time.monotonic() - began, dict(zip(("block", "free", "trades", "profits"), row, strict=True)))
                )

    thread = threading.Thread(target=read)
    thread.start()
    try:
        yield seen
    finally:
        stop.set()
        thread.join()


async def test_readers_are_answered_all_the_time_and_see_either_version_whole(lived: World, url: str) -> None:
    query(
        url,
        "insert into account_profit select 5, account, series_id, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 from account_profit"
        " returning 1",
    )
    (old,) = query(url, STATE)
    with reading(url) as seen:
        for _ in range(3):
            await asyncio.to_thread(build, conninfo(url))
    (new,) = query(url, STATE)
    assert new["profits"] * 2 == old["profits"], "the rows of no chain are gone"
    versions = {tuple(each.values()) for _, each in seen}
    assert versions == {tuple(old.values()), tuple(new.values())}
    assert len(seen) > 50
    assert max(took for took, _ in seen) < LONGEST_SECONDS


async def test_an_indexer_that_follows_goes_on_over_it(chain: World, make_database: Callable[[], str]) -> None:
    url, fresh = make_database(), make_database()
    chain.fund()
    async with following(chain, url) as sync:
        await until_at_head(sync, chain)
        for act in (chain.trade, chain.write, chain.ask_out):
            acting = asyncio.create_task(asyncio.to_thread(act))
            built = await asyncio.to_thread(build, conninfo(url))
            assert built.held_seconds < 5
            await acting
            await until_at_head(sync, chain)
        chain.rpc.call("anvil_reorg", 5, [])
        chain.forget_senders()
        await until_at_head(sync, chain)
        await asyncio.to_thread(build, conninfo(url))
    await index(chain, url)
    await index(chain, fresh)
    assert_same_tables(url, fresh)
    assert (await audited(chain, url)).drift == 0


@pytest.mark.parametrize("place", range(4))
async def test_killed_it_leaves_what_is_read_and_goes_on_where_it_was(
    lived: World, url: str, make_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch, place: int
) -> None:
    """Cut off while it derives, while it changes the names, and with everything changed but the commit."""
    fresh = make_database()
    await index(lived, fresh)
    before = query(url, STATE)
    monkeypatch.setattr(ingest, "_LOGS_READ", 20)

    class Killed(Exception):
        pass

    def killed(*_: object) -> None:
        raise Killed

    steps = 0

    def say(*_: int) -> None:
        nonlocal steps
        steps += 1
        if (place, steps) in ((0, 3), (1, 6)):
            raise Killed

    if place == 2:
        monkeypatch.setattr(building, "_require_same_blocks", killed)
    if place == 3:
        monkeypatch.setattr(building, "_notify", killed)
    with pytest.raises(Killed):
        build(conninfo(url), say)
    assert query(url, STATE) == before
    assert schemas(url) == {BUILD}
    monkeypatch.undo()
    built = build(conninfo(url))
    assert built.continued
    assert_same_tables(url, fresh)


async def test_what_another_version_began_is_begun_anew(
    lived: World, url: str, make_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = make_database()
    await index(lived, fresh)

    def stop(*_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(conninfo(url), stop)
    with psycopg.connect(conninfo(url)) as connection:
        connection.execute(f"comment on schema {BUILD} is 'schema 0001, derivation 0'")
    assert not build(conninfo(url)).continued
    assert_same_tables(url, fresh)


async def test_a_reorg_between_two_tries_is_followed(
    chain: World, make_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was derived above the final block before a reader held the tables is not what the chain says then."""
    url, fresh = make_database(), make_database()
    chain.fund()
    chain.trade()
    await index(chain, url)
    replace = building._replace
    tries = 0

    def interrupted(*given: object) -> object:
        nonlocal tries
        tries += 1
        if tries > 1:
            return replace(*given)  # type: ignore[arg-type]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(building, "_require_same_blocks", held)
            return replace(*given)  # type: ignore[arg-type]

    def held(*_: object) -> None:
        raise psycopg.errors.LockNotAvailable

    def reorganise(_: float) -> None:
        chain.rpc.call("anvil_reorg", 6, [])
        chain.forget_senders()
        chain.post(1533)
        asyncio.run(index(chain, url))

    monkeypatch.setattr(building, "_replace", interrupted)
    monkeypatch.setattr(building.time, "sleep", reorganise)
    await asyncio.to_thread(build, conninfo(url))
    assert tries == 2
    await index(chain, fresh)
    assert_same_tables(url, fresh)


async def test_a_reader_that_holds_a_table_is_waited_for(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "_READERS_WAIT", "20ms")
    monkeypatch.setattr(building, "_TRIES", 2)
    with psycopg.connect(conninfo(url)) as reader:
        reader.execute("select 1 from balance").fetchall()
        with pytest.raises(NotReplaced, match="again"):
            await asyncio.to_thread(build, conninfo(url))
        # It was not held up, nor was anybody else.
        assert reader.execute("select count(*) from balance").fetchone()
    assert (await asyncio.to_thread(build, conninfo(url))).continued


async def test_one_build_at_a_time(url: str) -> None:
    with psycopg.connect(conninfo(url), autocommit=True) as other:
        other.execute("select pg_advisory_lock(hashtextextended('index build', 0))")
        with pytest.raises(BuildRunning):
            build(conninfo(url))


async def test_chains_whose_logs_are_not_kept_are_named(url: str) -> None:
    query(url, "insert into chain values (7, '0xother', 'other') returning 1")
    with pytest.raises(LogsMissing, match="chain 7"):
        build(conninfo(url))


async def test_tables_of_other_rules_are_not_written(lived: World, url: str) -> None:
    query(url, "update checkpoint set derivation = derivation - 1 returning 1")
    before = query(url, STATE)
    with pytest.raises(DerivationOutdated, match="--build"):
        await index(lived, url)
    assert query(url, STATE) == before
    build(conninfo(url))
    await index(lived, url)
    assert query(url, "select derivation from checkpoint") == [{"derivation": DERIVATION}]


async def test_the_service_builds_by_itself_while_the_others_rows_are_read(
    lived: World, url: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    query(url, "update checkpoint set derivation = 0 returning 1")
    folder = tmp_path_factory.mktemp("data")
    config = Settings(data_dir=folder, rpc_url=lived.anvil.url, ws_url=lived.anvil.ws_url, database_url=url)
    save(lived.deployment, config)
    stop, progress = asyncio.Event(), progress_of(config)
    with reading(url) as seen:
        task = asyncio.create_task(serve_index(config, progress, stop))
        await until(lambda: progress.phase == "live")
        stop.set()
        await asyncio.wait_for(task, 20)
    assert query(url, "select derivation from checkpoint") == [{"derivation": DERIVATION}]
    assert len({tuple(each.values()) for _, each in seen}) == 1
