"""Blocks that contradict what the tables hold: an endpoint lied, of them or of those before, or something was lost.

Who lied near the head is found by the proof that runs beside the indexing; until then nothing is given up.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from indexer.derive.table import MissingRow
from indexer.source.bench import Fault as Kind
from indexer.source.verify import Claim, How
from indexer.sync import ChainSync
from optionix.chain.abi import load_abi
from tests.indexer.life import World
from tests.indexer.running import assert_same_tables, following, index, query, syncing, until, until_at_head
from tests.support.rpc_faults import Fault, FaultyTransport, hide_logs

REQUEST, CANCELLATION = (
    next(topic for topic, event in load_abi("OptionVault").events.items() if event.name == name)
    for name in ("DepositRequest", "DepositCancelled")
)


def is_request(log: Any) -> bool:
    return bool(log["topics"][0] == REQUEST)


def altered(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Fault:
    """Tells cancellations otherwise than they were."""

    def served(method: str, _: list[Any], result: Any) -> Any:
        if method != "eth_getLogs":
            return result
        return [{**log, **change(log)} if log["topics"][0] == CANCELLATION else log for log in result]

    return served


LIES = {
    "what the block speaks of was held back before": hide_logs(is_request),
    "the block speaks of what there never was": altered(lambda log: {"topics": [log["topics"][0], "0x" + "77" * 32,
                                                                             log["topics"][2]]}),
    "the block has a log of a contract that nobody asked for": altered(lambda log: {"address": "0x" + "77" * 20}),
    "the block has a place that there cannot be": altered(lambda log: {"logIndex": hex(2**70)}),
}  # fmt: skip


class Proof:
    """Lets the proof of blocks wait."""

    def __init__(self, sync: ChainSync) -> None:
        self.real, self.may = sync._verifier._verified, asyncio.Event()
        sync._verifier._verified = self.verified  # type: ignore[method-assign]

    async def verified(self, claim: Claim) -> How | None:
        await self.may.wait()
        return await self.real(claim)


@asynccontextmanager
async def lied_to(
    chain: World, url: str, lie: Fault, *others: FaultyTransport | None
) -> AsyncIterator[tuple[ChainSync, Proof, FaultyTransport]]:
    """A sync that waits for the proof of blocks that make no sense, because its preferred endpoint lied of them."""
    liar = FaultyTransport()
    async with following(chain, url, transports=[liar, *others]) as sync:
        await until_at_head(sync, chain)
        await until(lambda: sync._verifier.pending == 0)
        proof, liar.fault = Proof(sync), lie
        client = chain.client(6)
        request = await asyncio.to_thread(client.request_deposit, "ETH-C", "3")
        # Blocks that come together are one: what makes no sense is to be the cancellation's alone.
        await until_at_head(sync, chain)
        await asyncio.to_thread(client.cancel_deposit, "ETH-C", request)
        await until(lambda: "wait for a proof" in sync.progress.detail)
        yield sync, proof, liar


def fault_of_first(sync: ChainSync) -> str | None:
    fault: str | None = sync._pool.bench.states()[0]["fault"]
    return fault


@pytest.mark.parametrize("what", LIES)
async def test_a_lie_that_makes_no_sense_waits_for_its_proof(
    chain: World, make_database: Callable[[], str], what: str
) -> None:
    url, fresh = make_database(), make_database()
    async with lied_to(chain, url, LIES[what], None) as (sync, proof, _):
        assert sync.progress.report().status == "degraded"
        assert fault_of_first(sync) is None, "nobody is blamed before there is a proof"
        proof.may.set()
        await until(lambda: fault_of_first(sync) == Kind.LIED)
        await until_at_head(sync, chain)
        assert sync.progress.report().status == "ok"
    await index(chain, fresh)
    assert_same_tables(url, fresh)


async def test_alone_with_a_liar_it_waits_for_another(chain: World, make_database: Callable[[], str]) -> None:
    url, fresh = make_database(), make_database()
    async with lied_to(chain, url, hide_logs(is_request)) as (sync, proof, liar):
        proof.may.set()
        await until(lambda: fault_of_first(sync) == Kind.LIED and "OPTIONIX_RPC_URL" in sync.progress.detail)
        liar.fault = None
        sync._pool.bench.answered(sync._pool.bench.members[0])
        await until_at_head(sync, chain)
    await index(chain, fresh)
    assert_same_tables(url, fresh)


async def test_a_reorg_takes_blocks_that_wait(chain: World, make_database: Callable[[], str]) -> None:
    url, fresh = make_database(), make_database()
    async with lied_to(chain, url, hide_logs(is_request)) as (sync, proof, liar):
        liar.fault = None
        await asyncio.to_thread(chain.rpc.call, "anvil_reorg", 1, [])  # the cancellation alone
        chain.forget_senders()
        await asyncio.to_thread(chain.mine, 1)
        await until(lambda: sync.progress.indexed == chain.head)
        proof.may.set()
        await until(lambda: fault_of_first(sync) == Kind.LIED)
        sync._pool.bench.answered(sync._pool.bench.members[0])
        await until_at_head(sync, chain)
        await until(lambda: sync._verifier.pending == 0)
    await index(chain, fresh)
    assert_same_tables(url, fresh)


async def test_what_is_true_and_makes_no_sense_ends_it(chain: World, database_url: str) -> None:
    """The liar told it of the final past, where nothing was proven: no proof of the head can mend that."""
    liar = FaultyTransport()
    liar.fault = hide_logs(is_request)
    request = chain.client(6).request_deposit("ETH-C", "3")
    chain.mine(40)
    async with syncing(chain, database_url, transports=[liar]) as sync:
        await sync.run(asyncio.Event(), until_head=True)
    liar.fault = None
    async with syncing(chain, database_url, transports=[liar]) as sync:
        chain.client(6).cancel_deposit("ETH-C", request)
        with pytest.raises(MissingRow, match="of which no event was seen"):
            await asyncio.wait_for(sync.run(asyncio.Event()), 20)
        assert sync.progress.phase == "failed" and "optionix index --fresh" in sync.progress.detail
        assert fault_of_first(sync) is None


async def test_a_wrong_amount_of_a_process_before_is_found(chain: World, make_database: Callable[[], str]) -> None:
    """It was killed between the write and the proof: as many logs as there were, and one of them is not true."""
    url, fresh = make_database(), make_database()
    liar = FaultyTransport()
    async with following(chain, url, transports=[liar]) as sync:
        await until_at_head(sync, chain)
        Proof(sync)
        liar.fault = altered(lambda log: {"data": log["data"][:-2] + "77"})
        client = chain.client(6)
        request = await asyncio.to_thread(client.request_deposit, "ETH-C", "3")
        await asyncio.to_thread(client.cancel_deposit, "ETH-C", request)
        await until_at_head(sync, chain)
    assert query(url, "select free_assets from vault order by free_assets")[0]["free_assets"] != 0
    await index(chain, url)
    await index(chain, fresh)
    assert_same_tables(url, fresh)
