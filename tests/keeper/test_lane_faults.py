"""No nonce stays blocked and no day costs more than its limit, whatever the chain and its endpoints do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from keeper.fees import GAS_PRICE_ORACLE, FeeSource, read_receipt
from keeper.lane import FeeCeiling, Lane, LanePolicy, SpendingLimit
from optionix.chain.rpc import Rpc
from optionix.store.engine import make_async_engine
from optionix.store.models import KeeperTransaction
from tests.keeper.lanes import KEEPER, POLICY, calm, follow, is_listed, lane_of, list_action, mining, status_of
from tests.keeper.world import World
from tests.support.rpc_faults import Broken, FaultyTransport

EAGER = replace(POLICY, replace_after=0.0)


@pytest.fixture(autouse=True)
def calm_again(world: World) -> Iterator[None]:
    yield
    calm(world)


def mine(world: World, blocks: int = 1) -> None:
    for _ in range(blocks):
        world.chain.rpc.call("evm_mine")


def used(world: World) -> int:
    return int(world.chain.rpc.call("eth_getTransactionCount", KEEPER.address, "latest"), 16)


async def transactions(world: World) -> list[KeeperTransaction]:
    engine = make_async_engine(world.database_url)
    async with AsyncSession(engine) as session:
        rows = list(await session.scalars(select(KeeperTransaction).order_by(KeeperTransaction.signed_at)))
    await engine.dispose()
    return rows


async def test_what_somebody_else_did_first_is_cancelled_and_its_nonce_is_free(world: World) -> None:
    mining(world, False)
    async with lane_of(world, EAGER) as lane:
        action = list_action(world)
        sent = await lane.submit("listing", action)
        world.chain.rpc.call("anvil_dropTransaction", sent)
        mining(world, True)
        world.chain.send("Markets", "listExpiry", 1, int(action.key.split(":")[2]))
        mining(world, False)
        before = used(world)
        assert await lane.watch() == 1
        mine(world)
        await follow(lane)
        assert await status_of(lane, action) == "cancelled"
        assert used(world) == before + 1
        first, cancel = await transactions(world)
        assert cancel.cancels and not first.cancels and cancel.nonce == first.nonce
        assert cancel.max_fee * 1000 >= first.max_fee * 1125 and cancel.gas_used == 21_000
        mining(world, True)
        await lane.submit("listing", list_action(world, 1))
        await follow(lane)
    assert is_listed(world, 1)


async def test_a_reorg_below_what_was_confirmed_is_sent_again(world: World) -> None:
    async with lane_of(world) as lane:
        for day in (0, 1):
            await lane.submit("listing", list_action(world, day))
            await follow(lane)
        world.chain.rpc.call("anvil_rollback", 2)
        assert not is_listed(world) and not is_listed(world, 1)
        # Whatever is sent next goes behind what has to be mined again.
        await lane.submit("listing", list_action(world, 2))
        mining(world, False)
        for intent in await lane.intents.open():
            assert intent.status == "sent"
        await lane.resume()
        mine(world)
        await follow(lane)
        mining(world, True)
    assert all(is_listed(world, day) for day in (0, 1, 2))


async def test_a_nonce_that_nothing_holds_is_filled(world: World) -> None:
    mining(world, False)
    async with lane_of(world) as lane:
        dropped = await lane.submit("listing", list_action(world))
        # Its gas was estimated behind the one that goes.
        await lane.submit("listing", replace(list_action(world, 1), min_gas=10**6))
        world.chain.rpc.call("anvil_dropTransaction", dropped)
        await lane.intents.set_status(list_action(world).key, "lost")
        assert await lane.watch() == 1
        # What waited for the nonce may come a block after it.
        mine(world, 2)
        await follow(lane)
        assert await status_of(lane, list_action(world, 1)) == "confirmed"
        gap = await lane.intents.find(f"gap:{used(world) - 2}")
        assert gap is not None and gap.status == "cancelled"
    assert is_listed(world, 1) and not is_listed(world)


async def test_the_day_costs_no_more_than_its_limit(world: World) -> None:
    async with lane_of(world) as lane:
        await lane.submit("listing", list_action(world))
        await follow(lane)
        cost = await lane.spent()
        assert cost == sum(row.fee or 0 for row in await transactions(world)) > 0
        pledge = 2 * cost
        lane.policy = replace(POLICY, daily_spend=cost + 10 * pledge)
        await lane.submit("listing", list_action(world, 1))
        await follow(lane)
        spent = await lane.spent()
        assert cost < spent < cost + pledge
        lane.policy = replace(POLICY, daily_spend=spent + cost // 2)
        sent = used(world)
        with pytest.raises(SpendingLimit, match="the day's limit"):
            await lane.submit("listing", list_action(world, 2))
        assert used(world) == sent and await lane.intents.find(list_action(world, 2).key) is None


async def test_open_transactions_are_pledged_at_their_highest_price(world: World) -> None:
    mining(world, False)
    async with lane_of(world, EAGER) as lane:
        await lane.submit("listing", list_action(world))
        await lane.watch()
        rows = await transactions(world)
        (intent,) = await lane.intents.open()
        assert len(rows) == 2
        assert await lane.spent() == intent.gas * max(row.max_fee for row in rows)


async def test_fees_have_less_room_below_the_ceiling(world: World) -> None:
    async with lane_of(world, LanePolicy(max_fee=3 * 10**9, replace_after=3600, depth=0)) as lane:
        world.chain.rpc.call("anvil_setNextBlockBaseFeePerGas", hex(15 * 10**8))
        mine(world)
        await lane.submit("listing", list_action(world))
        await follow(lane)
        (row,) = await transactions(world)
        assert row.max_fee == 3 * 10**9
    async with lane_of(world, LanePolicy(max_fee=10**8, replace_after=3600, depth=0)) as lane:
        with pytest.raises(FeeCeiling, match="the ceiling is 0.1"):
            await lane.submit("listing", list_action(world, 1))


async def test_a_private_endpoint_takes_the_transactions_and_the_public_one_none(world: World) -> None:
    private, public = FaultyTransport(), FaultyTransport()
    url = world.chain.anvil.url
    async with Rpc(url, transport=private) as entry, Rpc(url, transport=public) as seen:
        async with lane_of(world, private=entry) as lane:
            lane.rpc = seen
            await lane.submit("listing", list_action(world))
            await follow(lane)
    assert is_listed(world)
    assert private.asked == {"eth_sendRawTransaction": 1}
    assert "eth_sendRawTransaction" not in public.asked


async def test_a_private_endpoint_that_is_down_leaves_the_transaction_to_be_sent_again(world: World) -> None:
    private = FaultyTransport()

    def down(method: str, params: object, result: object) -> object:
        raise Broken(502)

    async with Rpc(world.chain.anvil.url, transport=private) as entry:
        mining(world, False)
        async with lane_of(world, private=entry) as lane:
            private.fault = down
            with pytest.raises(Exception, match="HTTP 502"):
                await lane.submit("listing", list_action(world))
            private.fault = None
            world.chain.rpc.call("anvil_dropAllTransactions")
            assert await lane.resume() == 1
            mine(world)
            await follow(lane)
    assert is_listed(world)


class TestFees:
    """What inclusion costs where data are paid for on the chain below."""

    FEE = 123_456_789_012

    @pytest.fixture
    def rollup(self, world: World) -> Iterator[World]:
        # Returns the fee, whatever it is asked: PUSH32 fee, PUSH0, MSTORE, PUSH1 32, PUSH0, RETURN.
        world.chain.rpc.call("anvil_setCode", GAS_PRICE_ORACLE, f"0x7f{self.FEE:064x}5f5260205ff3")
        yield world
        world.chain.rpc.call("anvil_setCode", GAS_PRICE_ORACLE, "0x")

    async def test_the_fee_of_the_data_counts_towards_the_limit(self, rollup: World) -> None:
        async with lane_of(rollup) as lane, Rpc(rollup.chain.anvil.url) as rpc:
            lane.fees = FeeSource(rpc, "op-stack")
            assert await lane.fees.data_fee("0x02") == self.FEE
            cost = await self._allowed(lane, rollup)
            lane.policy = replace(POLICY, daily_spend=cost + self.FEE - 1)
            with pytest.raises(SpendingLimit):
                await lane.submit("listing", list_action(rollup))
            lane.policy = replace(POLICY, daily_spend=cost + self.FEE)
            await lane.submit("listing", list_action(rollup))
            await follow(lane)

    async def _allowed(self, lane: Lane, world: World) -> int:
        fees = await lane.fees.now()
        return await lane.simulate(list_action(world)) * fees.max_fee

    def test_a_receipt_of_a_rollup_tells_the_fee_of_the_data_apart(self) -> None:
        found = {"gasUsed": "0x5208", "effectiveGasPrice": "0xa", "blockNumber": "0x7", "status": "0x1"}
        assert read_receipt(found).fee == 210_000
        assert read_receipt({**found, "l1Fee": "0x64"}).fee == 210_100
