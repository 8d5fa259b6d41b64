"""A lane over a test's chain, actions that it can send, and the chain's mining in the test's hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from keeper.actions import Action
from keeper.intents import Intents
from keeper.lane import Lane, LanePolicy
from keeper.signers import LocalSigner
from optionix.chain.abi import load_abi
from optionix.chain.rpc import Rpc
from optionix.chain.transactions import local_account
from optionix.store.engine import make_async_engine
from tests.keeper.world import World
from tests.support.chain import EXPIRY

KEEPER = local_account(1)
POLICY = LanePolicy(max_fee=500 * 10**9, replace_after=3600, depth=0)
SECONDS = 60.0


@asynccontextmanager
async def lane_of(world: World, policy: LanePolicy = POLICY, **options: Any) -> AsyncIterator[Lane]:
    engine = make_async_engine(world.database_url)
    chain_id = world.chain.deployment.chain_id
    async with Rpc(world.chain.anvil.url) as rpc:
        intents = Intents(engine, chain_id, KEEPER.address)
        yield Lane(rpc, LocalSigner(KEEPER), chain_id, intents, policy, **options)
    await engine.dispose()


def list_action(world: World, day: int = 0) -> Action:
    expiry = EXPIRY + day * 86_400
    data = load_abi("Markets").encode("listExpiry", 1, expiry)
    return Action(f"expiry:1:{expiry}", f"list {expiry}", world.chain.deployment.address("Markets"), data)


def is_listed(world: World, day: int = 0) -> bool:
    return bool(world.chain.read("Markets", "isExpiryListed", 1, EXPIRY + day * 86_400))


async def follow(lane: Lane, seconds: float = SECONDS) -> None:
    """Watch until nothing is open."""
    async with asyncio.timeout(seconds):
        while await lane.watch():  # noqa: ASYNC110 - each look is the work itself
            await asyncio.sleep(0.02)


async def status_of(lane: Lane, action: Action) -> str:
    intent = await lane.intents.find(action.key)
    assert intent is not None
    return intent.status


def mining(world: World, on: bool) -> None:
    world.chain.rpc.call("evm_setAutomine", on)


def calm(world: World) -> None:
    """Blocks come again, the pool is empty and gas is cheap."""
    mining(world, True)
    world.chain.rpc.call("anvil_dropAllTransactions")
    world.chain.rpc.call("anvil_setNextBlockBaseFeePerGas", hex(10**9))
