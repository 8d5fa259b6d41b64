"""A lane loses nothing and sends nothing twice: killed, stuck, taken back by a reorg, overtaken, or led by another."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Iterator
from itertools import pairwise

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from keeper.actions import SimulationFailed
from keeper.lane import FeeCeiling, LanePolicy
from keeper.leadership import Leadership
from optionix.listing import expiries_to_list
from optionix.store.engine import conninfo, make_async_engine
from optionix.store.models import KeeperIntent, KeeperTransaction
from tests.keeper.lanes import KEEPER, calm, follow, is_listed, lane_of, list_action, mining, status_of
from tests.keeper.world import World


async def until(figure: Callable[[], Awaitable[int]], wanted: int) -> None:
    """Wait for a figure of the tables."""
    async with asyncio.timeout(60):
        while await figure() < wanted:  # noqa: ASYNC110 - nothing tells of a row
            await asyncio.sleep(0.05)


@pytest.fixture(autouse=True)
def calm_again(world: World) -> Iterator[None]:
    yield
    calm(world)


async def test_an_action_is_sent_once_and_confirmed(world: World) -> None:
    async with lane_of(world) as lane:
        mining(world, False)
        action = list_action(world)
        assert await lane.submit("listing", action) is not None
        assert await lane.submit("listing", action) is None
        mining(world, True)
        world.chain.rpc.call("evm_mine")
        await follow(lane)
        intent = await lane.intents.find(action.key)
        assert intent is not None and intent.status == "confirmed"
        assert intent.gas_used and intent.fee and intent.mined_block is not None
        assert intent.mined_block <= world.chain.head
    assert is_listed(world)


async def test_what_the_chain_would_refuse_is_never_signed(world: World) -> None:
    async with lane_of(world) as lane:
        await lane.submit("listing", list_action(world))
        await follow(lane)
        block = world.chain.head
        with pytest.raises(SimulationFailed, match="AlreadyListed"):
            await lane.submit("listing", list_action(world))
        assert world.chain.head == block
        assert await status_of(lane, list_action(world)) == "confirmed"


async def test_killed_between_signing_and_sending(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async with lane_of(world) as lane:

        async def die(raw: str) -> bool:
            raise asyncio.CancelledError

        monkeypatch.setattr(lane, "_broadcast", die)
        with pytest.raises(asyncio.CancelledError):
            await lane.submit("listing", list_action(world))
    assert not is_listed(world)
    async with lane_of(world) as again:
        assert await again.resume() == 1
        await follow(again)
        assert is_listed(world)
        # The nonces go on behind it.
        await again.submit("listing", list_action(world, 1))
        await follow(again)
    assert is_listed(world, 1)


async def test_killed_between_sending_and_the_receipt(world: World) -> None:
    mining(world, False)
    async with lane_of(world) as lane:
        await lane.submit("listing", list_action(world))
        await lane.submit("listing", list_action(world, 1))
    mining(world, True)
    world.chain.rpc.call("evm_mine")
    async with lane_of(world) as again:
        assert await again.resume() == 2
        await follow(again)
        assert await status_of(again, list_action(world)) == "confirmed"
        assert await status_of(again, list_action(world, 1)) == "confirmed"


async def test_a_dropped_transaction_is_sent_again_under_its_nonce(world: World) -> None:
    mining(world, False)
    async with lane_of(world, LanePolicy(500 * 10**9, replace_after=0.0, depth=0)) as lane:
        sent = await lane.submit("listing", list_action(world))
        world.chain.rpc.call("anvil_dropTransaction", sent)
        assert await lane.watch() == 1
        mining(world, True)
        world.chain.rpc.call("evm_mine")
        await follow(lane)
        assert await status_of(lane, list_action(world)) == "confirmed"
    assert is_listed(world)


async def test_a_stuck_transaction_is_replaced_with_higher_fees_up_to_the_ceiling(world: World) -> None:
    mining(world, False)
    async with lane_of(world, LanePolicy(50 * 10**9, replace_after=0.0, depth=0)) as lane:
        await lane.submit("listing", list_action(world))
        world.chain.rpc.call("anvil_setNextBlockBaseFeePerGas", hex(20 * 10**9))
        for _ in range(60):
            await lane.watch()
        engine = make_async_engine(world.database_url)
        async with AsyncSession(engine) as session:
            rows = list(await session.scalars(select(KeeperTransaction).order_by(KeeperTransaction.signed_at)))
        await engine.dispose()
        fees = [row.max_fee for row in rows]
        assert {row.nonce for row in rows} == {rows[0].nonce}
        assert len(fees) > 3 and all(b * 1000 >= a * 1125 for a, b in pairwise(fees))
        assert 20 * 10**9 < fees[-1] <= 50 * 10**9
        mining(world, True)
        world.chain.rpc.call("evm_mine")
        await follow(lane)
    assert is_listed(world)


async def test_gas_beyond_the_ceiling_is_not_paid(world: World) -> None:
    async with lane_of(world, LanePolicy(max_fee=1000, replace_after=60, depth=0)) as lane:
        with pytest.raises(FeeCeiling, match="gwei"):
            await lane.submit("listing", list_action(world))


async def test_a_reorg_that_takes_a_transaction_back_is_noticed_and_mended(world: World) -> None:
    async with lane_of(world, LanePolicy(500 * 10**9, replace_after=0.0, depth=3)) as lane:
        action = list_action(world)
        await lane.submit("listing", action)
        assert await lane.watch() == 1
        assert await status_of(lane, action) == "mined"
        world.chain.rpc.call("anvil_rollback", 1)
        assert not is_listed(world)
        await lane.watch()
        await lane.watch()
        for _ in range(4):
            world.chain.rpc.call("evm_mine")
        await follow(lane)
        assert await status_of(lane, action) == "confirmed"
    assert is_listed(world)


async def test_a_nonce_that_somebody_else_used_is_given_up_and_the_action_goes_again(world: World) -> None:
    mining(world, False)
    async with lane_of(world) as lane:
        action = list_action(world)
        sent = await lane.submit("listing", action)
        world.chain.rpc.call("anvil_dropTransaction", sent)
        used = int(world.chain.rpc.call("eth_getTransactionCount", KEEPER.address, "latest"), 16)
        world.chain.rpc.call("anvil_setNonce", KEEPER.address, hex(used + 1))
        mining(world, True)
        await follow(lane)
        assert await status_of(lane, action) == "lost"
        assert await lane.submit("listing", action) is not None
        await follow(lane)
        assert await status_of(lane, action) == "confirmed"


async def test_one_leads_and_the_other_takes_over_when_it_dies(world: World) -> None:
    where = conninfo(world.database_url)
    first, second = Leadership(where, 31337), Leadership(where, 31337)
    assert await first.holds("job settle") and await first.holds("job settle")
    assert not await second.holds("job settle")
    assert await second.holds("job books")
    await first.release()

    async def taken() -> int:
        return int(await second.holds("job settle"))

    await until(taken, 1)
    await second.release()


async def test_kill_minus_nine_of_a_keeper_and_its_restart_lose_nothing(world: World) -> None:
    """Two keepers as processes: the leader is killed while its transactions wait; the other finishes its work."""
    await asyncio.to_thread(world.index)
    mining(world, False)
    leader = world.start("keeper")
    engine = make_async_engine(world.database_url)

    async def count(status: str) -> int:
        async with AsyncSession(engine) as session:
            return len(list(await session.scalars(select(KeeperIntent).where(KeeperIntent.status == status))))

    expiries = expiries_to_list(world.chain.now)
    wanted = 2 * len(expiries)
    await until(lambda: count("sent"), wanted)
    follower = world.start("keeper")
    os.kill(leader.pid, signal.SIGKILL)
    leader.wait()
    mining(world, True)
    world.chain.rpc.call("evm_mine")
    await until(lambda: count("confirmed"), wanted)
    assert all(world.chain.read("Markets", "isExpiryListed", market, e) for market in (1, 2) for e in expiries)
    assert await count("lost") == 0 and await count("reverted") == 0
    follower.send_signal(signal.SIGTERM)
    assert follower.wait(10) == 0
    await engine.dispose()
