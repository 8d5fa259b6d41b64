"""A final past that one endpoint alone tells: proven block by block, or by a sample that it cannot foresee."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from prometheus_client import REGISTRY

from indexer.errors import SourceLies
from indexer.source.bench import Fault as Kind
from indexer.source.past import Extent
from tests.indexer.life import World
from tests.indexer.running import assert_same_tables, index, query, syncing
from tests.support.rpc_faults import Fault, FaultyTransport, both, empty_blooms, hide_logs, no_receipts


def proven() -> float:
    """Final blocks proven so far in this process."""
    return REGISTRY.get_sample_value("optionix_indexer_verified_past_blocks_total", {"network": "local"}) or 0.0


def one_log(chain: World) -> Callable[[Any], bool]:
    """One log of the whole chain, below its final block."""
    (log, *_) = chain.rpc.call("eth_getLogs", {"fromBlock": "0x18", "toBlock": "0x28"})
    return lambda each: (each["transactionHash"], each["logIndex"]) == (log["transactionHash"], log["logIndex"])


def altered(chosen: Callable[[Any], bool], **change: Any) -> Fault:
    def served(method: str, _: list[Any], result: Any) -> Any:
        if method != "eth_getLogs":
            return result
        return [{**log, **change} if chosen(log) else log for log in result]

    return served


def empty_later_blooms(method: str, params: list[Any], result: Any) -> Any:
    """Says of blocks from the one with `one_log` on that nothing happened in them."""
    if method == "eth_getBlockByNumber" and result and int(result["number"], 16) >= 0x18:
        return empty_blooms(method, params, result)
    return result


LIES: dict[str, Callable[[Callable[[Any], bool]], Fault]] = {
    "one log is held back": hide_logs,
    "all logs of a block, and its bloom": lambda one: both(hide_logs(one), empty_later_blooms),
    "one log, in its receipt too": lambda one: hide_logs(one, in_receipts=True),
    "one log has other data": lambda one: altered(one, data="0x" + "11" * 32),
    "one log has another time": lambda one: altered(one, blockTimestamp="0x11"),
    "one log is of another block": lambda one: altered(one, blockHash="0x" + "11" * 32),
}


async def run(chain: World, url: str, transport: FaultyTransport, extent: Extent) -> None:
    """One try to bring the tables to the head; raises why it was not more."""
    async with syncing(chain, url, transports=[transport], backfill=extent) as sync:
        try:
            async with asyncio.timeout(20):
                while await sync.step():
                    pass
        finally:
            states.append(sync._pool.bench.states()[0])
            await sync._reset()


states: list[dict[str, Any]] = []


@pytest.mark.parametrize("what", LIES)
async def test_all_proves_every_block_before_it_is_taken(lived: World, database_url: str, what: str) -> None:
    liar = FaultyTransport()
    one = one_log(lived)
    liar.fault = LIES[what](one)
    with pytest.raises(SourceLies):
        await run(lived, database_url, liar, Extent.ALL)
    assert states[-1]["fault"] == Kind.LIED and states[-1]["reason"]
    assert query(database_url, "select max(block_number) as block from checkpoint")[0]["block"] < 0x28


async def test_an_honest_past_is_proven_whole(lived: World, make_database: Callable[[], str]) -> None:
    url, fresh = make_database(), make_database()
    before, transport = proven(), FaultyTransport()
    await run(lived, url, transport, Extent.ALL)
    assert proven() - before == query(url, "select finalized_number as number from checkpoint")[0]["number"]
    await index(lived, fresh)
    assert_same_tables(url, fresh)


async def test_a_sample_finds_who_holds_back_much(lived: World, database_url: str) -> None:
    liar = FaultyTransport()
    liar.fault = altered(lambda _: True, data="0x" + "11" * 32)
    with pytest.raises(SourceLies, match="--fresh"):
        await run(lived, database_url, liar, Extent.SAMPLE)
    assert states[-1]["fault"] == Kind.LIED


async def test_a_sample_asks_little(lived: World, make_database: Callable[[], str]) -> None:
    asked = {}
    for extent in Extent:
        transport = FaultyTransport()
        before = proven()
        await run(lived, make_database(), transport, extent)
        asked[extent] = (proven() - before, transport.asked["eth_getBlockReceipts"])
    assert asked[Extent.NONE][0] == 0
    assert 1 <= asked[Extent.SAMPLE][0] <= 4
    assert asked[Extent.SAMPLE][1] - asked[Extent.NONE][1] <= 4 < asked[Extent.ALL][1] - asked[Extent.NONE][1]


async def test_without_receipts_a_sample_goes_on_and_all_waits(lived: World, make_database: Callable[[], str]) -> None:
    transport = FaultyTransport()
    transport.fault = no_receipts
    await run(lived, make_database(), transport, Extent.SAMPLE)
    with pytest.raises(SourceLies, match="OPTIONIX_VERIFY_BACKFILL"):
        await run(lived, make_database(), transport, Extent.ALL)
