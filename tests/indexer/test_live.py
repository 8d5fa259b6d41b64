"""Following the head: what is said, when, and by which way it is heard."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from indexer.audit import run
from indexer.audit.run import BlockGone, keep_auditing
from indexer.source.endpoint import bloom_of
from optionix.chain.rpc import Rpc
from optionix.chain.transactions import local_account
from optionix.store.candles import KEPT
from optionix.store.engine import conninfo
from optionix.store.notify import BlockChange, listen
from tests.indexer.life import CALL, World
from tests.indexer.running import CHAIN, following, query, until, until_at_head

LATEST_SECONDS = 1.0
"""The promise of the head of a fast chain; a machine that tests run on beside others is given all of it."""


@asynccontextmanager
async def hearing(url: str) -> AsyncIterator[list[tuple[float, BlockChange]]]:
    """Collects messages with the time of their arrival."""
    heard: list[tuple[float, BlockChange]] = []

    async def collect() -> None:
        async for change in listen(conninfo(url)):
            heard.append((time.monotonic(), change))

    task = asyncio.create_task(collect())
    await until(lambda: query(url, "select 1 from pg_stat_activity where query ilike 'listen%%'") != [])
    try:
        yield heard
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_messages_name_what_changed(chain: World, database_url: str) -> None:
    async with hearing(database_url) as heard, following(chain, database_url) as sync:
        await asyncio.to_thread(chain.fund)
        await asyncio.to_thread(chain.client(7).buy, CALL, "1")
        await until_at_head(sync, chain)
        await until(lambda: bool(heard) and heard[-1][1].block == chain.head)
        topics = {topic for _, change in heard for topic in change.topics}
        vault = chain.client(7).vault_address("ETH-C").lower()
        buyer = str(local_account(7).address).lower()
        assert {
            "spot:1",
            "surface:1",
            f"trade:{CALL}",
            f"series:{CALL}",
            f"account:{buyer}",
            f"vault:{vault}",
        } <= topics
        assert all(change.chain_id == CHAIN and change.reorg_from is None for _, change in heard)
        blocks = [change.block for _, change in heard]
        assert blocks == sorted(blocks)


async def test_a_reorg_is_said_with_where_it_came_from(chain: World, database_url: str) -> None:
    chain.fund()
    async with following(chain, database_url) as sync:
        await until_at_head(sync, chain)
        head = chain.head
        async with hearing(database_url) as heard:
            await asyncio.to_thread(chain.rpc.call, "anvil_reorg", 4, [])
            await until_at_head(sync, chain)
            await until(lambda: any(change.reorg_from for _, change in heard))
            (back,) = [change for _, change in heard if change.reorg_from is not None]
            assert (back.reorg_from, back.block) == (head, head - 4)
            assert back.touches("anything")


async def test_the_head_of_a_fast_chain_is_seen_within_a_second(chain: World, database_url: str) -> None:
    sent: dict[int, float] = {}
    async with hearing(database_url) as heard, following(chain, database_url) as sync:
        await until_at_head(sync, chain)

        def post_many() -> None:
            for number in range(60):
                chain.post(1500 + number)
                sent[chain.head] = time.monotonic()

        await asyncio.to_thread(post_many)
        await until_at_head(sync, chain)
        await until(lambda: heard[-1][1].block == chain.head)
        assert sync.progress.subscribed
    lags = [min(at for at, change in heard if change.block >= block) - when for block, when in sent.items()]
    assert statistics.median(lags) < LATEST_SECONDS / 2
    assert max(lags) < LATEST_SECONDS
    for seconds in KEPT:
        assert query(database_url, "select 1 from spot_candle where interval_seconds = %s", seconds)


async def test_blooms_find_our_contracts_and_spare_the_rest(chain: World) -> None:
    """A block without our logs is not asked for any; one with them always is."""
    header = chain.rpc.call("eth_getBlockByNumber", "latest", False)
    chain.post(1500)
    posted = chain.rpc.call("eth_getBlockByNumber", "latest", False)
    bits = bloom_of(chain.deployment.feed(1).address)
    assert int(posted["logsBloom"], 16) & bits == bits
    assert int(header["logsBloom"], 16) & bits != bits
    assert bits.bit_count() in (1, 2, 3)


async def test_the_audit_goes_on_where_the_node_has_lost_old_states(
    chain: World, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = run.audit

    async def forgetful(*args: object) -> object:
        if args[-1] == "finalized":
            raise BlockGone("the node cannot answer for that block any more")
        return await real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(run, "audit", forgetful)
    async with following(chain, database_url) as sync, Rpc(chain.anvil.url) as rpc:
        await until_at_head(sync, chain)
        await until(lambda: sync.progress.phase == "live")
        task = asyncio.create_task(keep_auditing(lambda: rpc, sync.setup, conninfo(database_url), sync.progress, 0.05))
        await until(lambda: sync.progress.drift_block is not None)
        task.cancel()
        assert (sync.progress.drift_block, sync.progress.drift) == (chain.head, 0)
