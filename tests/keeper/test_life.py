"""After expiry everything is done for everybody: settlement at the one right round, books, pots, redemptions."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections import Counter
from decimal import Decimal

from eth_utils import to_checksum_address

from optionix.chain.transactions import local_account
from optionix.instruments import Series, Side
from optionix.settings import PROJECT_ROOT
from tests.keeper.world import World, results
from tests.support.chain import EXPIRY

HOUR = 3600
TOKENS = (("WETH", 18), ("USDC", 6))


def list_one(world: World, *strikes: int) -> None:
    """One expiry of market 1 with strikes on both sides."""
    world.chain.send("Markets", "listExpiry", 1, EXPIRY)
    ids = [Series(1, side, EXPIRY, strike * 10**8).id for side in Side for strike in strikes]
    world.chain.send("Markets", "listSeries", ids)


def mint(world: World, token: str, index: int, whole: int) -> None:
    entry = world.chain.deployment.token(token)
    world.chain.send("TestToken", "mint", local_account(index).address, whole * 10**entry.decimals, at=entry.address)


async def test_settle_waits_for_its_proof_and_takes_exactly_the_last_round(world: World) -> None:
    list_one(world, 1500)
    world.chain.at(EXPIRY - 1900)
    for moment, price in ((EXPIRY - 1800, 1500), (EXPIRY - 600, 1530), (EXPIRY - 7, 1560)):
        world.chain.rpc.call("evm_setNextBlockTimestamp", moment)
        world.chain.post(price)
        last = world.chain.latest_round()
    assert await world.once("settle") == []  # not over yet
    world.chain.at(EXPIRY + 5)
    # The newest round could still be followed by one dated at or before expiry.
    assert await world.once("settle") == []
    world.chain.rpc.call("evm_setNextBlockTimestamp", EXPIRY + 20)
    world.chain.post(9000)
    world.chain.post(9100)
    outcomes = await world.once("settle")
    assert results(outcomes) == ["sent"] and str(last) in outcomes[0].action.description
    price, settler = world.chain.read("Markets", "settlement", 1, EXPIRY)
    assert settler == local_account(1).address.lower()
    # 1500 for 1200 s, 1530 for 593 s, 1560 for 7 s
    assert price == (1500 * 1200 + 1530 * 593 + 1560 * 7) * 10**18 // 1800
    assert await world.once("settle") == []


async def test_settle_takes_the_newest_round_of_a_quiet_feed_after_a_minute(world: World) -> None:
    list_one(world, 1500)
    world.chain.rpc.call("evm_setNextBlockTimestamp", EXPIRY - 1900)
    world.chain.post(1500)
    world.chain.at(EXPIRY + 61)
    assert results(await world.once("settle")) == ["sent"]
    assert world.chain.read("Markets", "settlementPrice", 1, EXPIRY) == 1500 * 10**18


async def test_a_downtime_over_two_expiries_is_made_up(world: World) -> None:
    list_one(world, 1500)
    second = EXPIRY + 86_400
    world.chain.send("Markets", "listExpiry", 1, second)
    for expiry, price in ((EXPIRY, 1500), (second, 1600)):
        world.chain.rpc.call("evm_setNextBlockTimestamp", expiry - 1801)
        world.chain.post(price)
    world.chain.at(second + 2 * 86_400)
    world.chain.post(2000)
    assert results(await world.once("settle")) == ["sent", "sent"]
    assert world.chain.read("Markets", "settlementPrice", 1, EXPIRY) == 1500 * 10**18
    assert world.chain.read("Markets", "settlementPrice", 1, second) == 1600 * 10**18


async def test_a_whole_life(world: World) -> None:
    list_one(world, 1500, 1600)
    before = balance(world)
    depositor, buyer, writer = world.chain.client(6), world.chain.client(5), world.chain.client(7)
    mint(world, "WETH", 6, 100)
    mint(world, "WETH", 5, 10)
    mint(world, "WETH", 7, 10)
    mint(world, "USDC", 7, 10_000)

    depositor.request_deposit("ETH-C", 100)
    assert await world.once("queues") == []  # its notice is not over
    world.chain.at(world.chain.now + HOUR)
    world.chain.post(1555)
    assert results(await world.once("surfaces,queues")) == ["sent", "sent"]
    vault = world.chain.deployment.vault(1, Side.CALL)
    assert world.chain.read("OptionVault", "idleAssets", at=vault.address) == 100 * 10**18

    call, put = Series(1, Side.CALL, EXPIRY, 1500 * 10**8), Series(1, Side.PUT, EXPIRY, 1600 * 10**8)
    buyer.deposit("WETH", 5)
    buyer.buy(call, 2)
    writer.deposit("USDC", 10_000)
    writer.write(put, 1, receiver=buyer.address)  # in the money at the end
    writer.deposit("WETH", 5)
    low, high = call, Series(1, Side.CALL, EXPIRY, 1600 * 10**8)
    writer.net("ETH", Side.CALL, EXPIRY)
    writer.write(high, 1, receiver=buyer.address)  # worth nothing at the end
    depositor.request_redeem("ETH-C") if depositor.share_balance("ETH-C") else depositor.claim("ETH-C")

    world.chain.rpc.call("evm_setNextBlockTimestamp", EXPIRY - 1801)
    world.chain.post(1555)
    world.chain.at(EXPIRY + 60)
    world.chain.post(1700)
    assert results(await world.once("settle")) == ["sent"]
    outcomes = await world.once("books,redemptions")
    assert set(results(outcomes)) == {"sent"}
    done = sorted(outcome.action.key.split(":")[0] for outcome in outcomes)
    assert done == ["books", "books", "fees", "release"]  # holders have an hour for themselves
    assert world.chain.read("OptionVault", "openSeries", at=vault.address) == ()
    assert world.chain.read("Clearinghouse", "leg", writer.address, put.id) == 0
    assert world.chain.read("Clearinghouse", "feesDue", call.book_key) == (0, 0)
    kept = world.chain.read("Clearinghouse", "feePot", call.book_key)
    assert kept > 0  # for those who settle and redeem for others
    assert buyer.balance_of(call) == 2 * 10**18

    free = buyer.free_balance("WETH")
    world.chain.at(EXPIRY + 60 + 2 * HOUR)
    outcomes = await world.once("redemptions")
    assert sorted(outcome.action.key.rpartition(":")[0] for outcome in outcomes) == sorted(
        f"redeem:{series.book_key}" for series in (call, put)
    )
    assert buyer.free_balance("WETH") == free + 2 * (55 * 10**18) * 10**18 // (1555 * 10**18)
    assert buyer.free_balance("USDC") == 45 * 10**6
    assert buyer.balance_of(high) == 10**18  # worthless: nobody pays gas for it
    assert low.id == call.id
    assert await world.once("books,redemptions,settle") == []
    await reported(world, spent_since=before)


async def reported(world: World, spent_since: int) -> None:
    """The keeper's account of itself is the chain's: what it paid left its balance, what it earned is free to it."""
    keeper = world.chain.client(1)
    environment = os.environ | world.settings.environment() | {"PYTHONPATH": str(PROJECT_ROOT)}
    command = [sys.executable, "-m", "optionix", "keeper", "report", "--json"]
    done = await asyncio.to_thread(subprocess.run, command, env=environment, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    jobs = {job["job"]: job for job in found["jobs"]}
    assert jobs.keys() == {"queues", "surfaces", "settle", "books", "redemptions"}
    assert all(job["success"] == 1.0 and job["reverted"] == job["cancelled"] == 0 for job in jobs.values())
    paid = sum(Decimal(job["fee"]) for job in jobs.values())
    assert paid * 10**18 == spent_since - balance(world)
    earned: Counter[str] = Counter()
    for job in jobs.values():
        earned.update({token: Decimal(amount) for token, amount in job["income"].items()})
    free = {token: keeper.free_balance(token) / Decimal(10**places) for token, places in TOKENS}
    assert earned == {token: amount for token, amount in free.items() if amount}
    assert jobs["settle"]["income"]["WETH"] and jobs["redemptions"]["income"]["WETH"]
    table = await asyncio.to_thread(subprocess.run, command[:-1], env=environment, capture_output=True, text=True)
    assert "redemptions" in table.stdout and "WETH" in table.stdout


def balance(world: World) -> int:
    return int(world.chain.rpc.call("eth_getBalance", local_account(1).address, "latest"), 16)


async def test_redemptions_leave_contracts_alone_unless_they_agreed(world: World) -> None:
    list_one(world, 1500)
    writer = world.chain.client(7)
    mint(world, "WETH", 7, 10)
    writer.deposit("WETH", 5)
    call = Series(1, Side.CALL, EXPIRY, 1500 * 10**8)
    holder = local_account(8).address
    writer.write(call, 1, receiver=holder)
    world.chain.rpc.call("anvil_setCode", holder, "0x00")
    world.chain.rpc.call("evm_setNextBlockTimestamp", EXPIRY - 1801)
    world.chain.post(1555)
    world.chain.at(EXPIRY + 61)
    assert results(await world.once("settle")) == ["sent"]
    world.chain.at(EXPIRY + 2 * HOUR)
    assert await world.once("redemptions") == []
    assert to_checksum_address(holder) == holder
