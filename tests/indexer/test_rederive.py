"""The tables made again from the kept logs: the same rows, without a node, however often it is cut off."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest

from indexer import ingest
from indexer.errors import LogsMissing, NotLeader
from indexer.ingest import Ingest
from indexer.rederive import rederive
from indexer.writer import Writer
from optionix.store.engine import conninfo
from tests.indexer.life import World
from tests.indexer.running import (
    CHAIN,
    all_tables,
    assert_same_tables,
    audited,
    following,
    index,
    query,
    syncing,
    until_at_head,
)


@pytest.fixture
def url(lived_url: str) -> str:
    """A database that holds the lived chain."""
    return lived_url


def cut_the_writer(url: str) -> None:
    """End the connection that leads, as a killed process does."""
    query(
        url,
        "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and database ="
        " (select oid from pg_database where datname = current_database())",
    )


async def test_it_gives_the_rows_of_a_fresh_index(lived: World, url: str, make_database: Callable[[], str]) -> None:
    fresh = make_database()
    await index(lived, fresh)
    for spoil in (
        "update balance set free = free + 1",
        "delete from position",
        "delete from trade",
        "insert into leg select chain_id, '0x', series_id, 1 from leg limit 1",
        "update vault set params = '{}'",
        "delete from undo",
    ):
        query(url, f"{spoil} returning 1")
    found = rederive(conninfo(url), CHAIN)
    assert (found.block.number, found.continued) == (lived.head, False)
    assert [{"count": found.events}] == query(url, "select count(*) from event")
    assert_same_tables(url, fresh)
    undo = "select * from undo order by block_number, seq"
    assert query(url, undo) == query(fresh, undo)
    (point,) = query(url, "select * from checkpoint")
    (other,) = query(fresh, "select * from checkpoint")
    assert {**point, "updated_at": None} == {**other, "updated_at": None}


@pytest.mark.parametrize("by", ["rederive", "index"])
async def test_cut_off_it_goes_on_where_it_was(
    lived: World, url: str, make_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    fresh = make_database()
    await index(lived, fresh)
    monkeypatch.setattr(ingest, "_LOGS_READ", 20)
    moves, steps = Writer._move, 0

    def is_cut(self: Writer, *args: object) -> None:
        nonlocal steps
        steps += 1
        if steps % 4 == 0:
            cut_the_writer(url)
        moves(self, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(Writer, "_move", is_cut)
    blocks = []
    for _ in range(3):
        with pytest.raises(psycopg.Error):
            rederive(conninfo(url), CHAIN)
        (point,) = query(url, "select block_number from checkpoint")
        blocks.append(point["block_number"])
    assert 0 < blocks[0] < blocks[1] < blocks[2] < lived.head
    monkeypatch.setattr(Writer, "_move", moves)
    if by == "rederive":
        assert rederive(conninfo(url), CHAIN).continued
    else:
        await index(lived, url)
    assert_same_tables(url, fresh)
    assert (await audited(lived, url)).drift == 0


async def test_a_reorg_after_it_is_undone(chain: World, make_database: Callable[[], str]) -> None:
    url, fresh = make_database(), make_database()
    chain.fund()
    chain.trade()
    await index(chain, url)
    rederive(conninfo(url), CHAIN)
    chain.rpc.call("anvil_rollback", 12)
    chain.forget_senders()
    chain.post(1501)
    chain.mine(14)
    await index(chain, url)
    await index(chain, fresh)
    assert_same_tables(url, fresh)
    # The logs of blocks that were taken back are gone as well.
    rederive(conninfo(url), CHAIN)
    assert_same_tables(url, fresh)


async def test_the_indexer_goes_on_after_it(chain: World, make_database: Callable[[], str]) -> None:
    url, fresh = make_database(), make_database()
    chain.fund()
    await index(chain, url)
    rederive(conninfo(url), CHAIN)
    async with following(chain, url) as sync:
        chain.trade()
        await until_at_head(sync, chain)
        with pytest.raises(NotLeader):
            rederive(conninfo(url), CHAIN)
    await index(chain, fresh)
    assert_same_tables(url, fresh)


async def test_other_chains_are_left_alone(lived: World, url: str, make_database: Callable[[], str]) -> None:
    fresh = make_database()
    await index(lived, fresh)
    for other in (
        "insert into chain values (5, '0xother', 'other')",
        "insert into balance values (5, '0xa', '0xb', 7)",
    ):
        query(url, f"{other} returning 1")
    rederive(conninfo(url), CHAIN)
    assert query(url, "select free from balance where chain_id = 5") == [{"free": 7}]
    for table in ("chain", "balance"):
        assert query(url, f"delete from {table} where chain_id = 5 returning 1")
    assert_same_tables(url, fresh)


def test_without_kept_logs_there_is_nothing_to_derive_from(database_url: str) -> None:
    with pytest.raises(LogsMissing, match="optionix index"):
        rederive(conninfo(database_url), CHAIN)


async def test_a_database_of_a_version_that_kept_no_logs_is_refused(lived: World, url: str) -> None:
    before = all_tables(url)["balance"]
    query(url, "delete from log_range returning 1")
    with pytest.raises(LogsMissing, match="--fresh"):
        await index(lived, url)
    assert all_tables(url)["balance"] == before
    async with syncing(lived, url) as sync:
        await sync.erase()
    await index(lived, url)
    assert all_tables(url)["balance"] == before


async def test_final_and_near_blocks_are_derived_alike(
    lived: World, url: str, make_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Blocks above the final one keep what rows were before, by names of what changed; the rows are the same."""
    other = make_database()
    derive = Ingest._derive

    def all_near(self: Ingest, packed: object, finalized: int) -> object:
        return derive(self, packed, -1)  # type: ignore[arg-type]

    monkeypatch.setattr(Ingest, "_derive", all_near)
    await index(lived, other)
    assert_same_tables(url, other)
