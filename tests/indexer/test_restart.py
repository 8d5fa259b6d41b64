"""An indexer that stops anywhere goes on with nothing lost and nothing twice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest

from indexer.errors import NotLeader
from indexer.writer import Second, Writer
from optionix.store.engine import conninfo
from tests.indexer.life import World
from tests.indexer.running import (
    all_tables,
    assert_same_tables,
    audited,
    following,
    index,
    query,
    syncing,
    until,
    until_at_head,
)


async def test_stopped_between_acts(chain: World, make_database: Callable[[], str]) -> None:
    url, fresh = make_database(), make_database()
    for act in (chain.fund, chain.trade, chain.write, chain.ask_out, chain.settle):
        act()
        await index(chain, url)
        assert (await audited(chain, url)).drift == 0, act.__name__
    await index(chain, fresh)
    assert_same_tables(url, fresh)


async def test_a_batch_that_fails_in_the_middle_leaves_no_row(
    chain: World, make_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, fresh = make_database(), make_database()
    chain.fund()
    await index(chain, url)
    before = all_tables(url)
    chain.trade()
    moves = Writer._move
    calls = []

    def dies(self: Writer, *args: object) -> None:
        calls.append(args)
        if len(calls) == 1:
            raise psycopg.OperationalError("the connection was cut")
        moves(self, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(Writer, "_move", dies)
    async with syncing(chain, url) as sync:
        assert await sync.step()  # opens
        with pytest.raises(psycopg.OperationalError):
            await sync.step()
        assert all_tables(url) == before
        await sync._reset()
        await sync.run(asyncio.Event(), until_head=True)
    await index(chain, fresh)
    assert_same_tables(url, fresh)


async def test_postgres_cuts_the_connection(chain: World, make_database: Callable[[], str]) -> None:
    url, fresh = make_database(), make_database()
    chain.fund()
    async with following(chain, url) as sync:
        await until_at_head(sync, chain)
        query(
            url,
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()",
        )
        await asyncio.to_thread(chain.trade)
        await until_at_head(sync, chain)
        assert sync.progress.retries > 0
    await index(chain, fresh)
    assert_same_tables(url, fresh)


async def test_one_leads_and_the_other_takes_over(chain: World, make_database: Callable[[], str]) -> None:
    url, fresh = make_database(), make_database()
    async with following(chain, url) as first:
        await until_at_head(first, chain)
        async with following(chain, url) as second:
            await until(lambda: second.progress.phase == "standby")
            with pytest.raises(NotLeader, match="another indexer"):
                await index(chain, url)
            await asyncio.to_thread(chain.fund)
            await until_at_head(first, chain)
            assert second.progress.indexed == 0
            await first._reset()  # the first loses its connection, and with it the lead
            await asyncio.to_thread(chain.trade)
            await until(lambda: "live" in (first.progress.phase, second.progress.phase))
            await until(lambda: max(first.progress.indexed, second.progress.indexed) == chain.head)
    await index(chain, fresh)
    assert_same_tables(url, fresh)


async def test_without_a_websocket_it_asks(chain: World, make_database: Callable[[], str]) -> None:
    url, fresh = make_database(), make_database()
    async with following(chain, url, websocket=False) as sync:
        await asyncio.to_thread(chain.fund)
        await until_at_head(sync, chain)
        assert not sync.progress.subscribed
    await index(chain, fresh)
    assert_same_tables(url, fresh)


async def test_rows_that_were_forgotten_are_loaded_again(
    chain: World, make_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With nothing kept in memory every row comes from the database, one by one."""
    url, fresh = make_database(), make_database()
    monkeypatch.setattr("indexer.derive.state.CACHED_ROWS", 0)
    monkeypatch.setattr("indexer.ingest.CACHED_ROWS", -1)
    for act in (chain.fund, chain.trade, chain.write, chain.ask_out, chain.settle):
        act()
        async with syncing(chain, url) as sync:
            await sync.run(asyncio.Event(), until_head=True)
    monkeypatch.undo()
    await index(chain, fresh)
    assert_same_tables(url, fresh)


async def test_many_changed_rows_go_through_copy(
    lived: World, make_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, fresh = make_database(), make_database()
    monkeypatch.setattr("indexer.postgres.COPY_FROM_ROWS", 1)
    await index(lived, url)
    monkeypatch.undo()
    await index(lived, fresh)
    assert_same_tables(url, fresh)


def test_the_lock_is_the_chains(database_url: str) -> None:
    with Writer(conninfo(database_url), 1) as one, Writer(conninfo(database_url), 2) as other:
        one.lead()
        other.lead()
        with Writer(conninfo(database_url), 1) as late, pytest.raises(NotLeader):
            late.lead()


async def test_rows_that_came_before_their_checkpoint_are_removed_when_it_never_comes(
    chain: World, make_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows of final blocks are committed over a second connection: the process dies between the two commits."""
    url, fresh = make_database(), make_database()
    chain.fund()
    await index(chain, url)
    chain.trade()
    chain.mine(40)
    (point,) = query(url, "select block_number from checkpoint")
    real, seen = Second.transaction, []
    leaders = (
        "from pg_locks where locktype = 'advisory' and database ="
        " (select oid from pg_database where datname = current_database())"
    )

    @contextmanager
    def dies(self: Second) -> Iterator[None]:
        with real(self):
            yield
        if not seen:
            query(url, f"select pg_terminate_backend(pid, 5000) {leaders}")
            assert not query(url, f"select pid {leaders}")
            (trades,) = query(url, "select count(*) from trade where block_number > %s", point["block_number"])
            seen.append((trades["count"], *query(url, "select block_number, ahead from checkpoint, log_range")))

    monkeypatch.setattr(Second, "transaction", dies)
    await index(chain, url)
    ((trades, left),) = seen
    assert trades > 0, "the second connection had committed"
    assert left == {**point, "ahead": True}
    await index(chain, fresh)
    assert_same_tables(url, fresh)
    assert query(url, "select ahead from log_range") == [{"ahead": False}]
