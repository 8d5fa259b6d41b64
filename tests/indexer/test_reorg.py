"""Reorgs are undone exactly: the tables equal a fresh index of the chain that won."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from indexer.errors import ContractsChanged, DeepReorg, WrongGenesis
from tests.indexer.life import FINAL_DEPTH_SLOTS, World
from tests.indexer.running import (
    all_tables,
    assert_same_tables,
    audited,
    following,
    index,
    query,
    syncing,
    until_at_head,
)

FINAL_DEPTH = 2 * FINAL_DEPTH_SLOTS


def reorganise(chain: World, depth: int) -> None:
    """The newest blocks are replaced by as many empty ones: their transactions are gone."""
    chain.rpc.call("anvil_reorg", depth, [])
    chain.forget_senders()


@pytest.mark.parametrize("depth", [1, 2, 7, 15, FINAL_DEPTH - 1])
async def test_while_the_indexer_is_down(chain: World, make_database: Callable[[], str], depth: int) -> None:
    url, fresh = make_database(), make_database()
    for act in (chain.fund, chain.trade, chain.write, chain.ask_out, chain.exchange):
        act()
    await index(chain, url)
    before = all_tables(url)
    reorganise(chain, depth)
    progress = await index(chain, url)
    assert progress.reorgs == 1
    await index(chain, fresh)
    assert_same_tables(url, fresh)
    assert all_tables(url) != before
    assert (await audited(chain, url)).drift == 0


async def test_in_the_middle_of_following_and_on_with_other_transactions(
    chain: World, make_database: Callable[[], str]
) -> None:
    url, fresh = make_database(), make_database()
    chain.fund()
    async with following(chain, url) as sync:
        await until_at_head(sync, chain)
        for depth in (3, 1, 9, 4, 12):
            await asyncio.to_thread(chain.trade_once)
            await until_at_head(sync, chain)
            await asyncio.to_thread(reorganise, chain, depth)
            await asyncio.to_thread(chain.post, 1560 + depth)
            await until_at_head(sync, chain)
        assert sync.progress.reorgs == 5
    await index(chain, fresh)
    assert_same_tables(url, fresh)
    assert (await audited(chain, url)).drift == 0


async def test_a_settlement_is_taken_back(chain: World, make_database: Callable[[], str]) -> None:
    """The netted book's legs, its kind and the redemptions come back as they were."""
    url, before = make_database(), make_database()
    for act in (chain.fund, chain.trade, chain.write, chain.ask_out):
        act()
    chain.mine(FINAL_DEPTH)
    await index(chain, before)
    head = chain.head
    chain.settle()
    assert chain.head - head < FINAL_DEPTH
    await index(chain, url)
    assert all_tables(url)["leg"] != all_tables(before)["leg"]
    chain.rpc.call("anvil_rollback", chain.head - head)
    await index(chain, url)
    assert_same_tables(url, before)


async def test_a_reorg_within_a_reorg(chain: World, make_database: Callable[[], str]) -> None:
    """Undo images of blocks that were taken back and indexed again must not be mixed."""
    url, fresh = make_database(), make_database()
    chain.fund()
    await index(chain, url)
    for depth in (6, 10, 2, 14):
        chain.trade_once()
        await index(chain, url)
        reorganise(chain, depth)
        chain.post(1570 + depth)
        await index(chain, url)
    await index(chain, fresh)
    assert_same_tables(url, fresh)


async def test_deeper_than_finality_it_stops_and_says_how_to_go_on(
    chain: World, make_database: Callable[[], str]
) -> None:
    url = make_database()
    chain.fund()
    chain.mine(FINAL_DEPTH)
    await index(chain, url)
    before = all_tables(url)
    chain.rpc.call("anvil_rollback", FINAL_DEPTH + 5)
    chain.mine(FINAL_DEPTH + 8)
    with pytest.raises(DeepReorg, match="optionix index --fresh"):
        await index(chain, url)
    assert all_tables(url) == before
    async with syncing(chain, url) as sync:
        await sync.erase()
    await index(chain, url)
    assert (await audited(chain, url)).drift == 0


async def test_final_blocks_keep_no_undo(chain: World, database_url: str) -> None:
    async with following(chain, database_url) as sync:
        await asyncio.to_thread(chain.fund)
        await until_at_head(sync, chain)
        (row,) = query(database_url, "select finalized_number from checkpoint")
        oldest = query(database_url, "select min(block_number) as block from undo")[0]["block"]
        assert oldest > row["finalized_number"]
        await asyncio.to_thread(chain.mine, FINAL_DEPTH + 1)
        await until_at_head(sync, chain)
        # Blocks that were proven after the newest one came are final with the next.
        async with asyncio.timeout(20):
            while query(database_url, "select 1 from undo"):
                await asyncio.to_thread(chain.mine, 1)
                await until_at_head(sync, chain)
        blocks = query(database_url, "select number, events from block order by number")
        (row,) = query(database_url, "select finalized_number from checkpoint")
        assert all(block["events"] or block["number"] >= row["finalized_number"] for block in blocks)


async def test_another_chain_under_the_same_id_is_refused(chain: World, database_url: str) -> None:
    await index(chain, database_url)
    query_hash = "update chain set genesis_hash = '0x00' returning chain_id"
    assert query(database_url, query_hash)
    with pytest.raises(WrongGenesis, match="new database"):
        await index(chain, database_url)


async def test_a_node_of_another_chain_is_refused(chain: World, database_url: str) -> None:
    await index(chain, database_url)
    async with syncing(chain, database_url) as sync:
        with pytest.raises(WrongGenesis, match="OPTIONIX_RPC_URL"):
            await sync._pool.require_genesis(31337, "0x" + "00" * 32)


async def test_a_contract_that_was_not_watched_is_noticed(chain: World, database_url: str) -> None:
    await index(chain, database_url)
    query(database_url, "delete from watched_contract where name = 'ReplayFeed' returning address")
    with pytest.raises(ContractsChanged, match="--fresh"):
        await index(chain, database_url)
