"""The listing job opens what the policy wants, once."""

from __future__ import annotations

from optionix.listing import expiries_to_list
from tests.keeper.world import World, results
from tests.support.chain import START


async def test_expiries_then_strikes_are_listed_and_then_nothing_is_due(world: World) -> None:
    first = await world.once("listing")
    wanted = expiries_to_list(world.chain.now)
    assert results(first) == ["sent"] * 2 * len(wanted)
    assert all(world.chain.read("Markets", "isExpiryListed", market, e) for market in (1, 2) for e in wanted)
    second = await world.once("listing")
    assert second and set(results(second)) == {"sent"}
    with world.engine.connect() as connection:
        rows = connection.exec_driver_sql(
            "select market, side, expiry, count(*) from series group by 1, 2, 3 order by 1, 2, 3"
        ).all()
    assert len(rows) == 2 * 2 * len(wanted) and all(3 <= count <= 24 for *_, count in rows)
    assert await world.once("listing") == []


async def test_a_dry_run_sends_nothing(world: World) -> None:
    block = world.chain.head
    outcomes = await world.once("listing", dry_run=True)
    assert set(results(outcomes)) == {"planned"}
    assert world.chain.head == block
    with world.engine.connect() as connection:
        assert connection.exec_driver_sql("select count(*) from keeper_intent").scalar() == 0


async def test_strikes_follow_the_spot_when_it_leaves_their_range(world: World) -> None:
    await world.once("listing")
    await world.once("listing")
    world.chain.at(START + 3600)
    world.chain.post(1551)
    world.chain.post(22_000, market=2)
    assert await world.once("listing") == []
    world.chain.post(1950)
    outcomes = await world.once("listing")
    assert outcomes and all("ETH" in outcome.action.description for outcome in outcomes)
