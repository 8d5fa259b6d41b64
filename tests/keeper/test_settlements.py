"""Checkpoints before an expiry, the fallbacks after it, and notes of feeds that cannot be read."""

from __future__ import annotations

from tests.keeper.test_life import list_one, mint
from tests.keeper.world import World, results
from tests.support.chain import EXPIRY, NOTICE

DAY = 86_400
HOUR = 3600
WAD = 10**18


def checkpoint(world: World) -> int:
    """When the last spot before the expiry was kept."""
    return int(world.chain.read("Markets", "lastCheckpoint", 1, EXPIRY)["timestamp"])


async def test_one_checkpoint_in_the_last_quarter_of_an_hour(world: World) -> None:
    list_one(world, 1500)
    world.chain.at(EXPIRY - 1000)
    world.chain.post(1500)
    assert await world.once("checkpoints") == [], "too early"
    world.chain.at(EXPIRY - 800)
    assert results(await world.once("checkpoints")) == ["sent"]
    assert EXPIRY - 800 <= checkpoint(world) < EXPIRY
    assert await world.once("checkpoints") == [], "one is enough"


async def test_a_checkpoint_waits_for_a_feed_that_cannot_be_read(world: World) -> None:
    list_one(world, 1500)
    world.chain.at(EXPIRY - 800)
    assert results(await world.once("checkpoints")) == ["waits"]
    world.chain.post(1500)
    assert results(await world.once("checkpoints")) == ["sent"]


async def test_no_checkpoint_after_the_expiry(world: World) -> None:
    list_one(world, 1500)
    world.chain.at(EXPIRY + 1)
    world.chain.post(1500)
    assert await world.once("checkpoints") == []


async def test_a_stalled_feed_settles_at_its_last_round_after_a_day(world: World) -> None:
    list_one(world, 1500)
    world.chain.at(EXPIRY - 10 * HOUR)
    world.chain.post(1480)
    last = world.chain.latest_round()
    world.chain.at(EXPIRY + DAY - 60)
    assert "sent" not in results(await world.once("settle")), "only the proof counts for a day, and it is refused"
    world.chain.at(EXPIRY + DAY)
    outcomes = await world.once("settle")
    assert results(outcomes) == ["sent"] and f"settleAtLastRound market 1 expiry {EXPIRY} at round {last}" in str(
        outcomes[0].action.description
    )
    assert world.chain.read("Markets", "settlementPrice", 1, EXPIRY) == 1480 * WAD
    assert world.chain.read("Markets", "settlementRule", 1, EXPIRY) == 1


async def test_a_feed_that_is_gone_settles_at_the_keepers_own_checkpoint_after_eight_days(world: World) -> None:
    list_one(world, 1500)
    world.chain.at(EXPIRY - 700)
    world.chain.post(1490)
    assert results(await world.once("checkpoints")) == ["sent"]
    world.chain.rpc.call("anvil_setCode", world.chain.deployment.feed(1).address, "0xfe")
    world.chain.at(EXPIRY + 8 * DAY - 60)
    async with world.keeper("settle") as runner:
        assert "sent" not in results(await runner.once())
    world.chain.at(EXPIRY + 8 * DAY)
    async with world.keeper("settle") as runner:
        assert results(await runner.once()) == ["sent"]
    assert world.chain.read("Markets", "settlementPrice", 1, EXPIRY) == 1490 * WAD
    assert world.chain.read("Markets", "settlementRule", 1, EXPIRY) == 2


async def test_an_outage_is_noted_again_and_again_until_it_is_over(world: World) -> None:
    list_one(world, 1500, 1600)
    mint(world, "WETH", 5, 100)
    mint(world, "WETH", 6, 10)
    provider, buyer = world.chain.client(5), world.chain.client(6)
    provider.request_deposit("ETH-C", "50")
    world.chain.at(world.chain.now + NOTICE + 1)
    world.chain.post(1550)
    provider.process("ETH-C")
    world.chain.post_surface()
    assert await world.once("outages") == [], "the vault holds nothing"
    buyer.buy("ETH-7MAR23-1600-C", "1")
    assert await world.once("outages") == [], "the feed is well"

    feed = world.chain.deployment.feed(1).address
    code = world.chain.rpc.call("eth_getCode", feed, "latest")

    async def once() -> list[str]:
        async with world.keeper("outages") as runner:
            return results(await runner.once())

    world.chain.rpc.call("anvil_setCode", feed, "0xfe")
    assert await once() == ["sent"]
    since, seen = world.chain.read("VaultPricer", "outages", 1, EXPIRY)
    assert since == seen == world.chain.now
    assert await once() == [], "noted a moment ago"
    world.chain.at(seen + 3 * HOUR)
    assert await once() == ["sent"]
    assert world.chain.read("VaultPricer", "outages", 1, EXPIRY) == (since, world.chain.now)
    world.chain.rpc.call("anvil_setCode", feed, code)
    assert await once() == [], "it answers again, with a round that is too old: not over yet"
    world.chain.post(1560)
    assert await once() == ["sent"]
    assert world.chain.read("VaultPricer", "outages", 1, EXPIRY) == (0, 0)
    assert await once() == []


async def test_an_old_price_has_a_date_of_its_own(world: World) -> None:
    """A feed that only stalls needs no note: its newest round says since when."""
    list_one(world, 1500, 1600)
    mint(world, "WETH", 5, 100)
    mint(world, "WETH", 6, 10)
    provider = world.chain.client(5)
    provider.request_deposit("ETH-C", "50")
    world.chain.at(world.chain.now + NOTICE + 1)
    world.chain.post(1550)
    provider.process("ETH-C")
    world.chain.post_surface()
    world.chain.client(6).buy("ETH-7MAR23-1600-C", "1")
    world.chain.at(world.chain.now + 12 * HOUR)
    assert await world.once("outages") == []
