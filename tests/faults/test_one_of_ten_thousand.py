"""One log in ten thousand that an endpoint holds back, or a block without any: caught before the block is final."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from prometheus_client import REGISTRY

from indexer.source.bench import Fault as Kind
from indexer.source.past import Extent
from optionix.local.postgres import EmbeddedPostgres
from tests.faults.conftest import Tally, chosen
from tests.indexer.life import FINAL_DEPTH_SLOTS, World, world
from tests.indexer.running import assert_same_tables, index, query, syncing, until
from tests.support.postgres import migrated_database
from tests.support.rpc_faults import Fault, FaultyTransport, both, empty_blooms, hide_logs, no_receipts

BLOCKS, PAYMENTS = 10, 1_000
HIDDEN = 7_013
"""The payment of so many token units is the one that is held back."""
ALONE = BLOCKS * PAYMENTS + 1
"""The last payment of all has a block of its own."""


def pays(assets: int) -> Callable[[Any], bool]:
    """The log of the payment of so much: there is one."""
    data = f"0x{assets:064x}"
    return lambda log: log["data"] == data


@dataclass(frozen=True)
class Crowd:
    """A chain with ten thousand logs that are not final yet.

    Attributes
    ----------
    hidden, alone : blocks of the payment among many, and of the one that is alone in its block.
    """

    chain: World
    hidden: int
    alone: int

    def no_bloom_of_it(self, method: str, params: list[Any], result: Any) -> Any:
        """Says that nothing happened in the block of one payment."""
        if method == "eth_getBlockByNumber" and result and int(result["number"], 16) == self.alone:
            return empty_blooms(method, params, result)
        return result

    def of_block(self, log: Any) -> bool:
        """All logs of that block."""
        return int(log["blockNumber"], 16) == self.alone


@pytest.fixture(scope="module")
def crowd() -> Iterator[Crowd]:
    with world() as chain:
        payer, token = chain.client(6), chain.deployment.token("USDC").address
        payer.deposit("USDC", "1000")
        chain.mine(2 * FINAL_DEPTH_SLOTS + 1)
        first = chain.head + 1
        for number in range(BLOCKS):
            amounts = range(number * PAYMENTS + 1, (number + 1) * PAYMENTS + 1)
            payer.multicall([("pay", (payer.address, chain.client(7).address, token, each)) for each in amounts])
        payer.transact("Clearinghouse", "pay", payer.address, chain.client(7).address, token, ALONE)
        yield Crowd(chain, first + (HIDDEN - 1) // PAYMENTS, first + BLOCKS)


LIES: dict[str, Callable[[Crowd], Fault]] = {
    "found by receipts": lambda _: hide_logs(pays(HIDDEN)),
    "in receipts too, found by their root": lambda _: hide_logs(pays(HIDDEN), in_receipts=True),
    "found by comparison": lambda _: both(hide_logs(pays(HIDDEN)), no_receipts),
    "a whole block, found by its bloom": lambda crowd: hide_logs(crowd.of_block),
    "a whole block and its bloom, found by its header": lambda crowd: both(
        hide_logs(crowd.of_block, in_receipts=True), crowd.no_bloom_of_it
    ),
    "a whole block, found by comparison": lambda crowd: both(hide_logs(crowd.of_block), no_receipts),
}


@pytest.fixture(scope="module")
def fresh(crowd: Crowd, postgres: EmbeddedPostgres) -> Iterator[str]:
    """The tables as an honest endpoint gives them."""
    with migrated_database(postgres) as url:
        asyncio.run(index(crowd.chain, url))
        yield url


@pytest.mark.slow
@pytest.mark.parametrize(
    "what",
    chosen(LIES, ["found by receipts", "found by comparison", "a whole block and its bloom, found by its header"]),
)
async def test_it_is_caught_before_the_block_is_final(
    crowd: Crowd, fresh: str, database: str, tally: Tally, what: str
) -> None:
    chain, url = crowd.chain, database
    block = crowd.alone if what.startswith("a whole block") else crowd.hidden
    liar, honest = FaultyTransport(), FaultyTransport()
    liar.fault = LIES[what](crowd)
    honest.fault = no_receipts if "comparison" in what else None
    faults = REGISTRY.get_sample_value
    finals: list[int] = []
    async with syncing(chain, url, transports=[liar, honest]) as sync:
        name = sync._pool.bench.members[0].name
        labels = {"network": "local", "endpoint": name, "kind": Kind.LIED.value}
        before = faults("optionix_indexer_endpoint_faults_total", labels) or 0.0
        put = sync._pool.bench.put

        def benched(*args: Any, **named: Any) -> None:
            finals.append(query(url, "select finalized_number as number from checkpoint")[0]["number"])
            put(*args, **named)

        sync._pool.bench.put = benched  # type: ignore[method-assign]
        await sync.run(asyncio.Event(), until_head=True)
        said = sync.progress.endpoints()[0]
    assert (said["fault"], bool(said["benched"])) == (Kind.LIED, True)
    assert f"block {block}" in said["reason"], said
    assert (faults("optionix_indexer_endpoint_faults_total", labels) or 0.0) > before
    assert finals and max(finals) < block, "what was held back was called final"
    (held,) = query(url, "select count(*) as count from account_activity where block_number = %s", block)
    assert held["count"] >= 1
    assert_same_tables(url, fresh)
    tally.say(faults=1, checks=1)


@pytest.mark.slow
@pytest.mark.parametrize("what", chosen(["by another endpoint", "alone, by proof of all"], ["alone, by proof of all"]))
async def test_in_the_final_past_it_is_found_before_the_range_is_taken(
    crowd: Crowd, make_database: Callable[[], str], tally: Tally, what: str
) -> None:
    chain, url, fresh = crowd.chain, make_database(), make_database()
    liar = FaultyTransport()
    liar.fault = hide_logs(pays(HIDDEN))
    transports, extent = ([liar, None], Extent.NONE) if what.startswith("by") else ([liar], Extent.ALL)
    with chain.undone():
        chain.mine(2 * FINAL_DEPTH_SLOTS + BLOCKS + 1)
        async with syncing(chain, url, transports=transports, backfill=extent) as sync:
            running = asyncio.create_task(sync.run(asyncio.Event(), until_head=True))
            await until(lambda: sync.progress.endpoints()[0]["fault"] == Kind.LIED)
            if extent is Extent.ALL:
                (row,) = query(url, "select block_number as number from checkpoint")
                assert row["number"] < crowd.hidden, "a range was taken that was not proven"
                liar.fault = None
                sync._pool.bench.answered(sync._pool.bench.members[0])
            await running
        await index(chain, fresh)
        assert_same_tables(url, fresh)
    tally.say(faults=1, checks=1)
