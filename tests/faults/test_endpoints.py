"""Endpoints that fail and endpoints that lie, behind a real proxy: the tables are right, and the faulty are named."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from indexer.service import index as serve
from indexer.service import progress_of
from tests.faults.conftest import Bench, Size, Tally, chosen
from tests.faults.following import following
from tests.faults.library import lies, transient
from tests.faults.process import head_of, settings_of
from tests.faults.proxy import Fault, RpcProxy
from tests.indexer.running import until
from tests.support.postgres import migrated_database
from tests.support.rpc_faults import another_chain

TRANSIENT = {fault.name: fault for fault in transient()}
FAILURES = chosen(
    TRANSIENT,
    # No answer, an answer by HTTP that names a wait, half a body, an error, no content, a range that is refused.
    ["drop", "too many requests", "truncated", "internal error", "null", "too large"],
)
LIES = chosen(
    [fault.name for fault in lies(lambda *_: None)],
    # Found by the receipts' root, by comparison, by the bloom, by what does not fit, by who it is.
    ["one hidden log", "one hidden log, no receipts", "empty logs and empty blooms", "altered data", "other genesis"],
)
SOCKETS = chosen(
    ["no socket", "dropped socket", "silent socket", "garbage on the socket"], ["dropped socket", "silent socket"]
)


@pytest.mark.parametrize("name", FAILURES)
async def test_an_endpoint_that_fails_now_and_then(
    bench: Bench, tmp_path: Path, size: Size, tally: Tally, name: str
) -> None:
    """It is the only one: the indexer tries again until it is at the head, and on while the fault lasts."""
    for number in range(size.repeats):
        with bench.storm(size.seed + number) as storm, migrated_database(bench.server) as url:
            with RpcProxy(bench.world.anvil.url, bench.world.anvil.ws_url, seed=size.seed + number) as proxy:
                config = settings_of(bench.world, url, tmp_path, endpoints=[proxy.url], ws_url=proxy.ws_url)
                proxy.set(TRANSIENT[name])
                async with following(config) as follower:
                    await follower.until_at_head(bench.world)
                    await asyncio.to_thread(storm.act, 2)
                    await asyncio.to_thread(storm.reorganise)
                    await asyncio.to_thread(storm.settle)
                    await follower.until_at_head(bench.world)
                    assert proxy.served.faulted or TRANSIENT[name].wire.reversed_order, "the fault was never met"
                    proxy.set(None)
                    tally.say(faults=proxy.served.faulted, facts=await bench.check(url), checks=1)


@pytest.mark.parametrize("name", LIES)
async def test_an_endpoint_that_lies_beside_an_honest_one(
    bench: Bench, tmp_path: Path, size: Size, tally: Tally, name: str
) -> None:
    """It is the preferred one. Whether it lied of the past or of the head, it is benched and named before it counts."""
    for number in range(size.repeats):
        with bench.storm(size.seed + number) as storm, migrated_database(bench.server) as url:
            (lie,) = [each for each in lies(bench.world.rpc.call) if each.name == name]
            with RpcProxy(bench.world.anvil.url, bench.world.anvil.ws_url, seed=size.seed + number) as proxy:
                ends = [proxy.url, bench.world.anvil.url]
                config = settings_of(bench.world, url, tmp_path, endpoints=ends, ws_url=bench.world.anvil.ws_url)
                # From the beginning it lies of the final past; who it is, is asked when it is met.
                first = bool(number % 2) or name.startswith("other")
                if first:
                    proxy.set(lie)
                async with following(config) as follower:
                    if not first:
                        await follower.until_at_head(bench.world)
                        proxy.set(lie)

                    def benched() -> bool:
                        preferred = follower.progress.endpoints()[0]
                        return bool(preferred["benched"]) and preferred["endpoint"] == proxy.url

                    async with asyncio.timeout(60):
                        while not benched():
                            await asyncio.to_thread(storm.act, 2)
                            await asyncio.sleep(0.05)
                    await asyncio.to_thread(storm.settle)
                    await follower.until_at_head(bench.world)
                    # Not final before it is proven: nothing of a lie is left.
                    await asyncio.to_thread(bench.world.mine, 40)
                    await follower.until_at_head(bench.world)
                    said = follower.progress.endpoints()[0]
                    assert said["reason"]
                    tally.say(faults=proxy.served.faulted, facts=await bench.check(url), checks=1)


async def test_with_nobody_left_it_waits_and_says_so(bench: Bench, tmp_path: Path, size: Size) -> None:
    """All endpoints are down; then one comes back."""
    down = Fault("down", wire=TRANSIENT["drop"].wire)
    with bench.storm(size.seed) as storm, migrated_database(bench.server) as url:
        ends = (RpcProxy(bench.world.anvil.url, bench.world.anvil.ws_url) for _ in range(2))
        with next(ends) as one, next(ends) as other:
            config = settings_of(bench.world, url, tmp_path, endpoints=[one.url, other.url], ws_url="")
            async with following(config) as follower:
                await follower.until_at_head(bench.world)
                for proxy in (one, other):
                    proxy.set(down)
                await until(lambda: follower.progress.phase == "retrying")
                report = follower.progress.report()
                assert report.status == "degraded"
                assert one.url in report.detail or other.url in report.detail
                assert all(end["fault"] == "unavailable" for end in follower.progress.endpoints())
                await asyncio.to_thread(storm.act, 3)
                other.set(None)
                await asyncio.to_thread(storm.settle)
                await follower.until_at_head(bench.world)
                await bench.check(url)


async def test_started_while_nobody_answers_it_waits_and_says_for_whom(
    bench: Bench, tmp_path: Path, size: Size
) -> None:
    """One serves another chain, one is down: the second is waited for, and not counted on before it was identified."""
    refused, down = Fault("other chain", alter=another_chain), Fault("down", wire=TRANSIENT["drop"].wire)
    with bench.storm(size.seed) as storm, migrated_database(bench.server) as url:
        ends = (RpcProxy(bench.world.anvil.url, bench.world.anvil.ws_url) for _ in range(2))
        with next(ends) as wrong, next(ends) as other:
            wrong.set(refused)
            other.set(down)
            config = settings_of(bench.world, url, tmp_path, endpoints=[wrong.url, other.url], ws_url="")
            for comes_back in (False, True):
                progress, stop = progress_of(config), asyncio.Event()
                serving = asyncio.create_task(serve(config, progress, stop))
                await until(lambda: other.url in progress.report().detail)  # noqa: B023 - called at once
                assert progress.report().status == "degraded"
                assert [end["fault"] for end in progress.endpoints()] == ["other_chain", "unavailable"]
                if comes_back:
                    other.set(None)
                    await asyncio.to_thread(storm.settle)
                    head = await asyncio.to_thread(bench.world.rpc.call, "eth_getBlockByNumber", "latest", False)
                    await until(lambda: head_of(url) == head["hash"])  # noqa: B023 - called at once
                    await bench.check(url)
                stop.set()
                await asyncio.wait_for(serving, 15)
                assert progress.phase != "failed"


@pytest.mark.parametrize("name", SOCKETS)
async def test_without_a_good_socket_it_asks_and_takes_the_next(
    bench: Bench, tmp_path: Path, size: Size, name: str
) -> None:
    """When the first WebSocket endpoint goes wrong blocks are found by asking, then the second is subscribed to."""
    with bench.storm(size.seed), migrated_database(bench.server) as url:
        with RpcProxy(bench.world.anvil.url, bench.world.anvil.ws_url) as proxy:
            sockets = f"{proxy.ws_url},{bench.world.anvil.ws_url}"
            async with following(settings_of(bench.world, url, tmp_path, ws_url=sockets)) as follower:

                async def mined() -> bool:
                    await asyncio.to_thread(bench.world.mine, 1)
                    await follower.until_at_head(bench.world)
                    return follower.progress.subscribed

                async with asyncio.timeout(60):
                    while not await mined():
                        pass
                    assert proxy.open_sockets == 1
                    proxy.set(TRANSIENT[name])
                    while proxy.open_sockets:
                        await mined()
                    while not await mined():
                        pass
                    assert proxy.open_sockets == 0
