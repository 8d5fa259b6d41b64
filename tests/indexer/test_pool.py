"""Several endpoints of one network: who fails, lags or lies is benched and named, and the others go on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from indexer.errors import SourceLies, WrongGenesis
from indexer.setup import from_deployment
from indexer.source.bench import Bench, Fault
from indexer.source.endpoint import Endpoint
from indexer.source.pool import Pool
from optionix.chain.errors import RateLimited, WrongChain
from optionix.chain.rpc import Rpc
from tests.indexer.life import World
from tests.indexer.running import assert_same_tables, following, index, syncing, until, until_at_head
from tests.support.rpc_faults import (
    Broken,
    FaultyTransport,
    another_chain,
    another_genesis,
    both,
    broken,
    head_at,
    hide_logs,
    no_receipts,
)

BAD: dict[str, tuple[Any, Fault]] = {
    "429": (broken(429, retry_after="7"), Fault.RATE_LIMITED),
    "500": (broken(500, b"oops"), Fault.UNAVAILABLE),
    "another chain": (another_chain, Fault.OTHER_CHAIN),
    "another genesis": (another_genesis, Fault.OTHER_CHAIN),
}


class Clock:
    """Seconds that a test lets pass."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def two(world: World, first: FaultyTransport) -> Any:
    """A pool of a faulty endpoint and an honest one, with its clock."""
    clock = Clock()
    async with Rpc(world.anvil.url, transport=first) as one, Rpc(world.anvil.url) as other:
        setup = await from_deployment(world.deployment, other)
        endpoints = [Endpoint(rpc, list(setup.contracts), "finalized") for rpc in (one, other)]
        pool = Pool("local", endpoints, clock)
        pool._identity = (setup.chain_id, setup.genesis_hash)
        yield pool, clock


@pytest.mark.parametrize("what", BAD)
async def test_the_next_one_answers_and_the_bad_one_is_named(lived: World, what: str) -> None:
    first = FaultyTransport()
    first.fault, kind = BAD[what]
    async with two(lived, first) as (pool, clock):
        view = await pool.view(1, 3)
        assert len(view.following) == 3
        state, other = pool.bench.states()
        assert state["benched"] and state["fault"] == kind and state["reason"]
        assert not other["benched"] and other["fault"] is None
        assert state["endpoint"] != other["endpoint"]
        asked = dict(first.asked)
        await pool.view(2, 3)
        assert first.asked == asked, "on the bench it is not asked"
        # Well again: asked again, after its identity.
        first.fault = None
        clock.now += 601.0
        await pool.view(3, 3)
        assert first.asked["eth_chainId"] > asked.get("eth_chainId", 0)
        assert pool.bench.states()[0]["fault"] is None


async def test_a_cut_answer_and_a_wrong_id(lived: World) -> None:
    first = FaultyTransport()
    first.fault, first.cut = both(), 40
    async with two(lived, first) as (pool, _):
        assert (await pool.block(1)).number == 1
        assert pool.bench.states()[0]["fault"] == Fault.UNAVAILABLE


async def test_as_long_as_the_endpoint_asks_for(lived: World) -> None:
    first = FaultyTransport()
    first.fault = broken(429, retry_after="7")
    async with two(lived, first) as (pool, clock):
        await pool.block(1)
        assert pool.bench.states()[0]["seconds_left"] == 7.0
        clock.now += 6.9
        assert [member.name for member in pool.bench.ready()] == [pool.bench.members[1].name]
        clock.now += 0.2
        assert len(pool.bench.ready()) == 2


async def test_an_endpoint_alone_is_asked_again_at_once_unless_it_asked_for_rest(lived: World) -> None:
    transport, clock = FaultyTransport(), Clock()
    async with Rpc(lived.anvil.url, transport=transport) as rpc:
        pool = Pool("local", [Endpoint(rpc, [], "finalized")], clock)
        transport.fault = broken(500)
        for _ in range(3):
            with pytest.raises(Exception, match="not JSON"):
                await pool.block(1)
        transport.fault = None
        assert (await pool.block(1)).number == 1
        transport.fault = broken(429, retry_after="30")
        with pytest.raises(RateLimited):
            await pool.block(1)
        transport.fault = None
        with pytest.raises(RateLimited) as told:
            await pool.block(1)
        assert told.value.retry_after == 30.0


async def test_nobody_left_who_is_trusted_is_told_with_reasons(lived: World) -> None:
    async with Rpc(lived.anvil.url) as rpc:
        bench = Bench("local", [Endpoint(rpc, [], "finalized")], Clock())
        bench.put(bench.members[0], Fault.LIED, "it hid a log")
        with pytest.raises(SourceLies, match="it hid a log"):
            bench.ready()


@pytest.mark.parametrize(("fault", "error"), [(another_chain, WrongChain), (another_genesis, WrongGenesis)])
async def test_where_all_serve_another_chain_that_is_the_error(lived: World, fault: Any, error: type) -> None:
    transport = FaultyTransport()
    transport.fault = fault
    async with Rpc(lived.anvil.url, transport=transport) as rpc, Rpc(lived.anvil.url) as honest:
        setup = await from_deployment(lived.deployment, honest)
        pool = Pool("local", [Endpoint(rpc, [], "finalized")])
        with pytest.raises(error):
            await pool.require_genesis(setup.chain_id, setup.genesis_hash)


@pytest.mark.parametrize("outcome", ["an answer", "an error"])
async def test_who_is_found_out_while_it_is_asked_stays_benched(lived: World, outcome: str) -> None:
    """The proof runs beside the questions: neither a good answer on its way nor a failure shortens the bench."""
    first = FaultyTransport()
    async with two(lived, first) as (pool, _):

        def found_out(method: str, params: list[Any], result: Any) -> Any:
            if method == "eth_getBlockByNumber" and params[0] == "0x1":
                pool.bench.put(pool.bench.members[0], Fault.LIED, "it hid a log")
                if outcome == "an error":
                    raise Broken(500)
            return result

        first.fault = found_out
        await pool.block(1)
        liar, other = pool.bench.states()
        assert liar["fault"] == Fault.LIED and liar["seconds_left"] == 3600.0
        assert not other["benched"]
        asked = dict(first.asked)
        assert (await pool.view(1, 3)).following and first.asked == asked, "on the bench it is not asked"


async def test_the_last_one_found_out_while_it_is_asked_says_what_to_do(lived: World) -> None:
    transport = FaultyTransport()
    async with Rpc(lived.anvil.url, transport=transport) as rpc:
        pool = Pool("local", [Endpoint(rpc, [], "finalized")])

        def found_out(method: str, params: list[Any], result: Any) -> Any:
            pool.bench.put(pool.bench.members[0], Fault.LIED, "it hid a log")
            return result

        transport.fault = found_out
        with pytest.raises(SourceLies, match="OPTIONIX_RPC_URL"):
            await pool.block(1)


def test_names_hold_no_path() -> None:
    rpcs = [Rpc(f"https://user:pass@node.example:8545/v3/{key}") for key in ("secret", "other")]
    bench = Bench("local", [Endpoint(rpc, [], 0) for rpc in rpcs])
    assert [member.name for member in bench.members] == ["https://node.example:8545", "https://node.example:8545#2"]


def test_each_fault_in_a_row_doubles_the_time() -> None:
    clock = Clock()
    bench = Bench("local", [Endpoint(Rpc("http://127.0.0.1:1"), [], 0)], clock)
    seconds = []
    for _ in range(9):
        bench.put(bench.members[0], Fault.UNAVAILABLE, "down")
        seconds.append(bench.members[0].benched_until - clock.now)
    assert seconds == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    bench.answered(bench.members[0])
    assert bench.states()[0] == {
        "endpoint": "http://127.0.0.1:1", "benched": False, "seconds_left": 0.0, "fault": None, "reason": "",
    }  # fmt: skip


async def test_a_head_that_stands_still(chain: World, database_url: str) -> None:
    first = FaultyTransport()
    async with following(chain, database_url, websocket=False, transports=[first, None]) as sync:
        await until_at_head(sync, chain)
        first.fault = head_at(chain.head, chain.rpc.call)
        await asyncio.to_thread(chain.mine, 5)
        await until_at_head(sync, chain)
        assert sync._pool.bench.states()[0]["fault"] == Fault.STALE


@pytest.mark.parametrize("receipts", [True, False], ids=["proven", "by count"])
async def test_a_log_hidden_from_a_final_range(
    lived: World, make_database: Callable[[], str], *, receipts: bool
) -> None:
    """One log of all; the other endpoint has it. By proof the liar is known even where he adds one instead."""
    liar, other = FaultyTransport(), FaultyTransport()
    logs = lived.rpc.call("eth_getLogs", {"fromBlock": "0x0", "toBlock": "latest"})
    victim = next(log for log in logs if log["address"] == lived.deployment.address("Clearinghouse").lower())
    hide = hide_logs(lambda log: (log["blockNumber"], log["logIndex"]) == (victim["blockNumber"], victim["logIndex"]))
    liar.fault = hide if receipts else both(hide, no_receipts)
    other.fault = None if receipts else no_receipts
    url, fresh = make_database(), make_database()
    async with syncing(lived, url, transports=[liar, other]) as sync:
        await sync.run(asyncio.Event(), until_head=True)
        state = sync.progress.report().figures["endpoints"][0]
        assert state["fault"] == Fault.LIED and state["benched"]
    await index(lived, fresh)
    assert_same_tables(url, fresh)


async def test_one_that_takes_back_what_is_final_is_benched(chain: World, database_url: str) -> None:
    """Alone it would be a reorg below finality, which stops the indexing."""
    await asyncio.to_thread(chain.mine, 45)
    first = FaultyTransport()

    def other_branch(method: str, params: list[Any], result: Any) -> Any:
        if method == "eth_getBlockByNumber" and result and params[0] != "0x0":
            return {**result, "hash": result["hash"][:-4] + "beef", "parentHash": result["parentHash"][:-4] + "beef"}
        return result

    async with following(chain, database_url, websocket=False, transports=[first, None]) as sync:
        await until_at_head(sync, chain)
        first.fault = other_branch
        await asyncio.to_thread(chain.mine, 1)
        await until(lambda: bool(sync._pool.bench.states()[0]["fault"] == Fault.LIED))
        await until_at_head(sync, chain)
        assert sync.progress.phase == "live"
