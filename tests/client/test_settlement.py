"""Finding what settles an expiry: the proof, a step of a long one, or the fallback that is open."""

import pytest

from optionix.chain.abi import load_abi
from optionix.chain.errors import Reverted
from optionix.chain.settlement import NoSettlingRound, SettlingCall, settling_call
from tests.support.chain import EXPIRY, LocalChain

DAY = 86_400
WAD = 10**18


def found(market: LocalChain) -> SettlingCall:
    call: SettlingCall = market.rpc.run(settling_call, market.rpc.rpc, market.deployment.address("Markets"), 1, EXPIRY)
    return call


def proof(phase: int, number: int) -> SettlingCall:
    return SettlingCall("settle", (1, EXPIRY, (phase << 64) + number))


def test_nothing_settles_before_expiry(market: LocalChain) -> None:
    with pytest.raises(Reverted, match="NotExpired"):
        found(market)


def test_the_proof_is_the_last_round_at_or_before_expiry(market: LocalChain) -> None:
    market.at(EXPIRY - 1900)
    market.post(1500)
    market.at(EXPIRY - 100)
    market.post(1600)
    market.at(EXPIRY + 10)
    with pytest.raises(NoSettlingRound, match="proven to be the last"):
        found(market)
    for _ in range(20):
        market.post(1700)
    # One round at the listing, two in the window.
    assert found(market) == proof(1, 3)
    assert str(found(market)) == f"settle market 1 expiry {EXPIRY} at round {(1 << 64) + 3}"


def test_the_proof_is_in_the_phase_before_where_the_live_one_begins_after_expiry(market: LocalChain) -> None:
    market.at(EXPIRY - 1900)
    market.post(1500)
    market.feed_owner.send(market.deployment.feed(1).address, load_abi("ReplayFeed").encode("startPhase"))
    market.at(EXPIRY + 5)
    market.post(1500)
    assert found(market) == proof(1, 2)


def test_the_proof_stays_the_only_way_while_it_holds(market: LocalChain) -> None:
    market.at(EXPIRY - 1900)
    market.post(1500)
    market.at(EXPIRY + 30 * DAY)
    assert found(market) == proof(1, 2)


def test_a_feed_that_stalled_is_refused_for_a_day_and_then_settles_at_its_last_round(market: LocalChain) -> None:
    market.at(EXPIRY - 10 * 3600)
    market.post(1500)
    market.at(EXPIRY + DAY - 10)
    assert found(market) == proof(1, 2)
    settler = market.client(9)
    with pytest.raises(Reverted, match="StalePrice"):
        settler.settle("ETH", EXPIRY)
    market.at(EXPIRY + DAY)
    assert found(market) == SettlingCall("settleAtLastRound", (1, EXPIRY, (1 << 64) + 2))
    assert settler.settle("ETH", EXPIRY) is not None
    assert settler.read("Markets", "settlement", 1, EXPIRY) == (1500 * WAD, settler.address.lower())


def test_a_feed_that_is_gone_settles_at_the_checkpoint_after_eight_days(market: LocalChain) -> None:
    market.at(EXPIRY - 900)
    market.post(1600)
    settler = market.client(9)
    settler.transact("Markets", "checkpoint", 1, EXPIRY)
    market.rpc.call("anvil_setCode", market.deployment.feed(1).address, "0x")
    market.at(EXPIRY + 8 * DAY - 10)
    with pytest.raises(NoSettlingRound):
        found(market)
    market.at(EXPIRY + 8 * DAY)
    assert found(market) == SettlingCall("settleAtCheckpoint", (1, EXPIRY))
    assert settler.settle("ETH", EXPIRY) is not None
    assert settler.read("Markets", "settlementPrice", 1, EXPIRY) == 1600 * WAD


def test_a_busy_window_is_settled_in_as_many_calls_as_it_takes(market: LocalChain) -> None:
    market.at(EXPIRY - 1801)
    market.post(1500)
    market.rpc.call("evm_setNextBlockTimestamp", EXPIRY - 1000)
    feed, post = market.deployment.feed(1).address, load_abi("ReplayFeed").encode("post", 1600 * 10**8)
    owner = market.feed_owner.address
    market.rpc.call("anvil_impersonateAccount", owner)
    market.rpc.call("evm_setAutomine", False)
    for _ in range(600):
        market.rpc.call("eth_sendTransaction", {"from": owner, "to": feed, "data": post, "gas": "0x20000"})
    market.rpc.call("evm_setAutomine", True)
    while int(market.rpc.call("eth_getBlockByNumber", "pending", False)["gasUsed"], 16):
        market.rpc.call("evm_mine")
    market.at(EXPIRY + 61)
    settler = market.client(9)
    last = found(market).args[2]
    assert last == (1 << 64) + 602
    receipt = settler.settle("ETH", EXPIRY)
    assert receipt is not None
    (settled,) = receipt.events(load_abi("Markets"), "Settled")
    assert (settled["roundId"], settled["rule"]) == (last, 0)
    progress = settler.read("Markets", "settlementProgress", 1, EXPIRY, last)
    assert (progress["nextRoundId"], progress["secondsLeft"]) == (last - 512, 800)
    assert abs(settled["price"] - (1500 * 800 + 1600 * 1000) * WAD // 1800) < 2 * WAD
