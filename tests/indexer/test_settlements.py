"""Settlements in the tables: in several calls, by each rule, and the checkpoints that they rest on."""

from __future__ import annotations

from collections.abc import Callable

from optionix.chain.abi import load_abi
from optionix.chain.operator import read
from optionix.chain.transactions import local_account
from tests.indexer.life import World
from tests.indexer.running import audited, index, query
from tests.support.chain import EXPIRY

DAY = 86_400
WAD = 10**18
OF_ONE_CALL = 512


def crowd(chain: World, rounds: int) -> None:
    """Very many rounds, mined in few blocks."""
    owner, feed = local_account(4).address, chain.deployment.feed(1).address
    post = load_abi("ReplayFeed").encode("post", 1600 * 10**8)
    chain.rpc.call("anvil_impersonateAccount", owner)
    chain.rpc.call("evm_setAutomine", False)
    for _ in range(rounds):
        chain.rpc.call("eth_sendTransaction", {"from": owner, "to": feed, "data": post, "gas": "0x20000"})
    chain.rpc.call("evm_setAutomine", True)
    while int(chain.rpc.call("eth_getBlockByNumber", "pending", False)["gasUsed"], 16):
        chain.rpc.call("evm_mine")


async def test_a_settlement_in_two_calls(chain: World, make_database: Callable[[], str]) -> None:
    chain.at(EXPIRY - 1801)
    chain.post(1500)
    chain.at(EXPIRY - 1000)
    crowd(chain, 600)
    chain.at(EXPIRY + 61)
    keeper = chain.client(9)
    last = keeper.read("Markets", "lastRound", 1, EXPIRY)
    keeper.transact("Markets", "settle", 1, EXPIRY, last)
    url = make_database()
    await index(chain, url)
    (row,) = query(url, "select * from settlement_progress")
    assert (row["last_round_id"], row["next_round_id"]) == (last, last - OF_ONE_CALL)
    feed, earliest = chain.deployment.feed(1).address, last - OF_ONE_CALL + 1
    *_, updated_at, _ = read(chain.rpc, load_abi("ReplayFeed"), feed, "getRoundData", earliest)
    assert row["seconds_left"] == updated_at - (EXPIRY - 1800), "from the opening to the earliest round counted"
    (expiry,) = query(url, "select * from expiry")
    assert expiry["settlement_price"] is None and expiry["settlement_rule"] is None
    assert (await audited(chain, url)).drift == 0

    keeper.transact("Markets", "settle", 1, EXPIRY, last)
    await index(chain, url)
    (expiry,) = query(url, "select * from expiry")
    assert (expiry["last_round_id"], expiry["settlement_rule"]) == (last, 0)
    assert (await audited(chain, url)).drift == 0


async def test_the_fallbacks(chain: World, make_database: Callable[[], str]) -> None:
    second = EXPIRY + DAY
    chain.admin.send(chain.deployment.address("Markets"), load_abi("Markets").encode("listExpiry", 1, second))
    chain.at(EXPIRY - 7200)
    chain.post(1500)
    keeper = chain.client(9)
    keeper.transact("Markets", "checkpoint", 1, EXPIRY)
    stalled = keeper.read_at("ReplayFeed", chain.deployment.feed(1).address, "latestRoundData")[0]
    chain.at(second + DAY)
    keeper.settle("ETH", EXPIRY)
    feed = chain.deployment.feed(1).address
    code = chain.rpc.call("eth_getCode", feed, "latest")
    chain.rpc.call("anvil_setCode", feed, "0x")
    chain.at(second + 8 * DAY)
    keeper.settle("ETH", second)
    chain.rpc.call("anvil_setCode", feed, code)
    url = make_database()
    await index(chain, url)
    rows = query(url, "select * from expiry order by expiry")
    assert [row["settlement_rule"] for row in rows] == [1, 2]
    assert [row["last_round_id"] for row in rows] == [stalled, stalled]
    assert [row["settlement_price"] for row in rows] == [1500 * WAD] * 2
    kept = query(url, "select * from feed_checkpoint order by day")
    assert kept[-1]["day"] == (EXPIRY - 8 * 3600) // DAY
    assert (kept[-1]["round_id"], kept[-1]["price"]) == (stalled, 1500 * WAD)
