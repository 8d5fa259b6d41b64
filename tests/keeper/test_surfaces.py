"""Surfaces are posted as the contract takes them, when they are due, and never when they are doubtful."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar

import httpx
import pytest
from eth_account import Account

from keeper.jobs.surfaces import Doubtful, Stored, choose, due, read_answer
from keeper.reports import report_of, sign_report
from optionix.chain.transactions import local_account
from optionix.pricing.reports import Bounds
from optionix.pricing.ssvi import PackedSlice
from tests.keeper.world import START, World, results

HOUR = 3600
WEEK = START + 7 * 86_400
MONTH = START + 30 * 86_400
BOUNDS = Bounds(heartbeat=6 * HOUR, volatility_per_day=1.0, carry_per_day=0.5, max_move_seconds=86_400)


def at_volatility(volatility: float, expiry: int, timestamp: int) -> PackedSlice:
    theta = volatility**2 * (expiry - timestamp) / (365 * 86_400)
    return PackedSlice(int(theta * 1e16), int(0.8 / theta**0.5 * 1e15), int(-0.2e12), 0, timestamp)


def stored(slices: dict[int, PackedSlice | None]) -> Stored:
    return Stored(BOUNDS, 1, frozenset(), slices)


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
        world.chain.post(1, 1550)
        world.chain.post(2, 22_000)
        assert results(await world.once("surfaces")) == ["sent", "sent"]

    async def test_a_dry_run_sends_nothing(self, world: World) -> None:
        await world.once("listing")
        block = world.chain.number
        assert results(await world.once("surfaces", dry_run=True)) == ["planned", "planned"]
        assert world.chain.number == block

    async def test_a_dead_feed_is_not_posted_over(self, world: World) -> None:
        await world.once("listing")
        world.chain.at(world.chain.now + 3 * HOUR)
        assert await world.once("surfaces") == []

    def test_signatures_are_of_the_contracts_own_digest(self, world: World) -> None:
        report = report_of(1, START, {WEEK: at_volatility(0.6, WEEK, START), MONTH: at_volatility(0.6, MONTH, START)})
        oracle, chain_id = world.chain.deployment.address("VolatilityOracle"), world.chain.deployment.chain_id
        signers = [local_account(2), local_account(3)]
        signatures = sign_report(report, oracle, chain_id, signers)
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
