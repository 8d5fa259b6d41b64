"""Surfaces are posted as the contract takes them, when they are due, and never when they are doubtful."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import httpx
import pytest
from eth_account import Account

from keeper.jobs.surfaces import Doubtful, Stored, choose, due, read_answer
from keeper.reports import report_of, sign_report
from keeper.signers import LocalSigner
from optionix.chain.transactions import local_account
from optionix.pricing.reports import Bounds, calendar_conflicts
from optionix.pricing.ssvi import PackedSlice
from tests.keeper.world import World, results
from tests.support.chain import START

HOUR = 3600
DAY = 24 * HOUR
WEEK = START + 7 * 86_400
MONTH = START + 30 * 86_400
BOUNDS = Bounds(heartbeat=6 * HOUR, volatility_per_day=1.0, carry_per_day=0.5, max_move_seconds=86_400)


def at_volatility(volatility: float, expiry: int, timestamp: int) -> PackedSlice:
    theta = volatility**2 * (expiry - timestamp) / (365 * 86_400)
    return PackedSlice(int(theta * 1e16), int(0.8 / theta**0.5 * 1e15), int(-0.2e12), 0, timestamp)


def stored(slices: dict[int, PackedSlice | None], binding: Sequence[int] = ()) -> Stored:
    known = {expiry: entry for expiry in binding if (entry := slices[expiry]) is not None}
    return Stored(BOUNDS, 1, frozenset(), slices, known)


class TestPosting:
    async def test_the_contract_stores_what_the_risk_service_said(self, world: World) -> None:
        await world.once("listing")
        async with world.keeper("surfaces") as runner:
            said = {market: await runner.context.risk(f"/surfaces/{market}") for market in (1, 2)}
        outcomes = await world.once("surfaces")
        assert results(outcomes) == ["sent", "sent"]
        for market, answer in said.items():
            assert not answer["refused"], answer["reason"]
            assert len(answer["slices"]) == 7
            for entry in answer["slices"]:
                found = world.chain.read("VolatilityOracle", "slice", market, entry["expiry"])
                assert found["timestamp"] >= answer["as_of"]
                assert found["rho"] == entry["rho"]
                assert found["theta"] == pytest.approx(entry["theta"], rel=0.02)
                assert not world.chain.read("VolatilityOracle", "isHalted", market, entry["expiry"])

    async def test_nothing_is_posted_again_before_it_is_due_and_then_it_is(self, world: World) -> None:
        await world.once("listing")
        assert results(await world.once("surfaces")) == ["sent", "sent"]
        assert await world.once("surfaces") == []
        world.chain.at(world.chain.now + int(0.25 * 6 * HOUR))
        world.chain.post(1550)
        world.chain.post(22_000, market=2)
        assert results(await world.once("surfaces")) == ["sent", "sent"]

    async def test_a_dry_run_sends_nothing(self, world: World) -> None:
        await world.once("listing")
        block = world.chain.head
        assert results(await world.once("surfaces", dry_run=True)) == ["planned", "planned"]
        assert world.chain.head == block

    async def test_a_dead_feed_is_not_posted_over(self, world: World) -> None:
        await world.once("listing")
        world.chain.at(world.chain.now + 3 * HOUR)
        assert await world.once("surfaces") == []

    async def test_signatures_are_of_the_contracts_own_digest(self, world: World) -> None:
        report = report_of(1, START, {WEEK: at_volatility(0.6, WEEK, START), MONTH: at_volatility(0.6, MONTH, START)})
        oracle, chain_id = world.chain.deployment.address("VolatilityOracle"), world.chain.deployment.chain_id
        signers = [local_account(2), local_account(3)]
        signatures = await sign_report(report, oracle, chain_id, [LocalSigner(one) for one in signers])
        digest = world.chain.read("VolatilityOracle", "hashReport", report)
        found = [Account._recover_hash(digest, signature=signature) for signature in signatures]
        assert sorted(found, key=lambda address: int(address, 16)) == found
        assert set(found) == {account.address for account in signers}


class TestDoubt:
    """What must not be posted."""

    ANSWER: ClassVar[dict[str, Any]] = {
        "refused": False,
        "reason": "",
        "as_of": START,
        "slices": [{"expiry": WEEK, "theta": 69_000_000_000_000, "phi": 9 * 10**15, "rho": -(10**11), "carry": 0}],
    }

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"refused": True, "reason": "stale: too old"}, "refuses: stale"),
            ({"as_of": START + 100}, "after the head"),
            ({"as_of": START - 2 * HOUR}, "before the head"),
            ({"slices": [{"expiry": WEEK}]}, "cannot be read"),
            ({"slices": [{"expiry": WEEK, "theta": 1 << 70, "phi": 1, "rho": 0, "carry": 0}]}, "cannot be read"),
        ],
    )
    def test_an_answer_that_is_refused_old_or_malformed(self, change: dict[str, Any], words: str) -> None:
        with pytest.raises(Doubtful, match=words):
            read_answer(self.ANSWER | change, START, BOUNDS.heartbeat)

    def test_an_arbitrage_between_offered_slices(self) -> None:
        offered = {WEEK: at_volatility(1.5, WEEK, START), MONTH: at_volatility(0.3, MONTH, START)}
        with pytest.raises(Doubtful, match="calendar"):
            choose(stored({WEEK: None, MONTH: None}), offered, START)

    def test_a_butterfly(self) -> None:
        fat = replace(at_volatility(0.6, WEEK, START), phi=at_volatility(0.6, WEEK, START).phi * 4)
        with pytest.raises(Doubtful, match="butterfly"):
            choose(stored({WEEK: None}), {WEEK: fat}, START)

    def test_a_jump_waits_while_the_stored_slice_is_young_and_goes_when_it_is_old(self) -> None:
        old = at_volatility(0.6, WEEK, START)
        young, late = START + HOUR, START + 4 * HOUR
        with pytest.raises(Doubtful, match="beyond the bound"):
            choose(stored({WEEK: old}), {WEEK: at_volatility(0.8, WEEK, young)}, young)
        assert choose(stored({WEEK: old}), {WEEK: at_volatility(0.8, WEEK, late)}, late)
        assert choose(stored({WEEK: old}), {WEEK: at_volatility(0.63, WEEK, young)}, young)

    def test_one_jump_does_not_hold_the_others(self) -> None:
        later = START + HOUR
        state = stored({WEEK: at_volatility(0.6, WEEK, START), MONTH: at_volatility(0.6, MONTH, START)})
        offered = {WEEK: at_volatility(0.7, WEEK, later), MONTH: at_volatility(0.61, MONTH, later)}
        assert set(choose(state, offered, later)) == {MONTH}

    def test_what_crosses_a_slice_that_stays_waits_with_it(self) -> None:
        """The week jumps and is held back; the eighth day would lie below it and waits, the month goes."""
        later = START + 2 * HOUR
        expiries = [WEEK, WEEK + DAY, MONTH]
        state = stored({expiry: at_volatility(0.6, expiry, START) for expiry in expiries}, expiries)
        levels = zip(expiries, (0.45, 0.555, 0.59), strict=True)
        offered = {expiry: at_volatility(level, expiry, later) for expiry, level in levels}
        assert calendar_conflicts({WEEK + DAY: offered[WEEK + DAY]}, state.binding) == [(WEEK, WEEK + DAY)]
        assert set(choose(state, offered, later)) == {MONTH}

    def test_a_stored_slice_that_binds_nobody_is_no_hindrance(self) -> None:
        later = START + 2 * HOUR
        expiries = [WEEK, WEEK + DAY]
        state = stored({expiry: at_volatility(0.6, expiry, START) for expiry in expiries}, expiries[1:])
        levels = zip(expiries, (0.45, 0.555), strict=True)
        offered = {expiry: at_volatility(level, expiry, later) for expiry, level in levels}
        assert set(choose(state, offered, later)) == {WEEK + DAY}

    def test_a_slice_beyond_the_cutoff_rides_along_where_it_is_in_the_way(self) -> None:
        """Nobody trades the sooner expiry any more, but its stored slice still binds the later one."""
        later = START + HOUR
        soon, last = START + 22 * HOUR, START + DAY
        binding = {expiry: at_volatility(0.6, expiry, START) for expiry in (soon, last)}
        state = Stored(BOUNDS, 1, frozenset(), {last: binding[last]}, binding)
        offered = {expiry: at_volatility(0.57, expiry, later) for expiry in (soon, last)}
        assert set(choose(state, offered, later)) == {soon, last}
        assert not due(state, {soon: offered[soon]}, later)
        with pytest.raises(Doubtful, match="does not fit the stored slice"):
            choose(state, {last: offered[last]}, later)

    def test_a_slice_that_will_be_clipped_is_compared_with_nobody(self) -> None:
        late = START + 4 * HOUR
        week, next_day = at_volatility(0.6, WEEK, START), at_volatility(0.6, WEEK + DAY, START + 3 * HOUR)
        state = stored({WEEK: week, WEEK + DAY: next_day}, [WEEK, WEEK + DAY])
        offered = {WEEK: at_volatility(0.9, WEEK, late), WEEK + DAY: at_volatility(0.9, WEEK + DAY, late)}
        assert set(choose(state, offered, late)) == {WEEK}

    def test_a_move_of_the_carry_is_a_move(self) -> None:
        later = START + HOUR
        state = stored({WEEK: at_volatility(0.6, WEEK, START)})
        offered = {WEEK: replace(at_volatility(0.6, WEEK, later), carry=30_000_000)}
        with pytest.raises(Doubtful, match="beyond the bound"):
            choose(state, offered, later)
        assert choose(state, {WEEK: replace(offered[WEEK], carry=20_000_000)}, later)

    @pytest.mark.parametrize(
        "respond",
        [
            lambda request: httpx.Response(503, json={"detail": "not enough history"}),
            lambda request: httpx.Response(200, text="nonsense"),
            lambda request: (_ for _ in ()).throw(httpx.ConnectError("nobody")),
        ],
        ids=["refused", "nonsense", "down"],
    )
    async def test_a_risk_service_that_is_down_stops_nothing_else(
        self, world: World, respond: Callable[[httpx.Request], httpx.Response]
    ) -> None:
        await world.once("listing")
        async with world.keeper("surfaces,settle", risk=httpx.MockTransport(respond)) as runner:
            assert await runner.once() == []
            assert runner.health().status == "ok"


class TestDue:
    def test_age_movement_and_absence_make_a_report_due(self) -> None:
        old = at_volatility(0.6, WEEK, START)
        state = stored({WEEK: old})
        assert not due(state, {WEEK: at_volatility(0.6, WEEK, START + HOUR)}, START + HOUR)
        assert due(state, {WEEK: at_volatility(0.62, WEEK, START + HOUR)}, START + HOUR)
        assert not due(state, {WEEK: at_volatility(0.62, WEEK, START + 60)}, START + 60)
        assert due(state, {WEEK: at_volatility(0.6, WEEK, START + 2 * HOUR)}, START + 2 * HOUR)
        assert due(stored({WEEK: None}), {WEEK: old}, START)
