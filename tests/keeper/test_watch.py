"""What no job can mend is an alert until it is well again; `check` says beforehand what is missing."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from keeper.build import names
from keeper.check import check_all
from keeper.jobs import NAMES
from optionix.chain.transactions import local_account
from optionix.errors import UserError
from tests.keeper.world import World
from tests.support.chain import EXPIRY, START


async def alerts(world: World) -> dict[str, str]:
    await asyncio.to_thread(world.index)
    async with world.keeper("watch") as runner:
        assert await runner.once() == []
        assert runner.watch is not None
        status = runner.health().status
        assert status == ("degraded" if runner.watch.alerts else "ok")
        return runner.watch.alerts


async def test_a_market_that_is_well_raises_nothing(world: World) -> None:
    assert await alerts(world) == {}


async def test_a_silent_feed_missing_slices_and_a_late_settlement_are_said(world: World) -> None:
    world.chain.send("Markets", "listExpiry", 1, EXPIRY)
    world.chain.send("Markets", "listExpiry", 1, EXPIRY + 7 * 86_400)
    world.chain.at(EXPIRY + 3 * 3600)
    found = await alerts(world)
    assert set(found) == {"feed ETH", "feed BTC", "surface ETH", "settlement"}
    assert str(EXPIRY) in found["settlement"]
    world.chain.post(1500)
    world.chain.post(20_000, market=2)
    assert set(await alerts(world)) == {"surface ETH", "settlement"}


async def test_an_empty_account_is_said(world: World) -> None:
    world.chain.rpc.call("anvil_setBalance", local_account(1).address, hex(10**15))
    found = await alerts(world)
    assert set(found) == {"balance"} and "fund it" in found["balance"]


async def failing(world: World, **settings: Any) -> dict[str, str]:
    results = await check_all(world.settings.model_copy(update=settings))
    return {entry["name"]: entry["detail"] for entry in results if not entry["ok"]}


async def test_check_finds_each_thing_that_is_missing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    failed = await failing(world)
    assert set(failed) == {"tables", "risk service"}  # nothing indexed, no risk service at this address
    await asyncio.to_thread(world.index)
    assert set(await failing(world)) == {"risk service"}
    assert await failing(world, keeper_jobs="settle,books") == {}
    world.chain.send("VolatilityOracle", "setSigners", [local_account(7).address], 1)
    assert set(await failing(world)) == {"signers", "risk service"}
    unreachable = await failing(world, rpc_url="http://127.0.0.1:1")
    assert "127.0.0.1:1" in unreachable["endpoint and keys"]


def test_jobs_are_named_and_unknown_ones_refused() -> None:
    assert names("") == frozenset(NAMES)
    assert names("settle, books") == {"settle", "books"}
    with pytest.raises(UserError, match="mine"):
        names("settle,mine")


async def test_trouble_with_the_chain_is_waited_out_and_shown(world: World) -> None:
    await asyncio.to_thread(world.index)
    stop = asyncio.Event()
    async with world.keeper("settle", risk=httpx.MockTransport(lambda request: httpx.Response(503))) as runner:
        running = asyncio.create_task(runner.run(stop))
        (endpoint,) = runner.context.rpc.endpoints
        real, endpoint.url = endpoint.url, "http://127.0.0.1:1"

        async def shows(status: str) -> None:
            async with asyncio.timeout(60):
                while runner.health().status != status:  # noqa: ASYNC110 - health is asked, it does not tell
                    await asyncio.sleep(0.02)

        await shows("degraded")
        assert "127.0.0.1:1" in runner.health().detail
        endpoint.url = real
        await shows("ok")
        stop.set()
        await running
    assert world.chain.now >= START
