"""Seeding: a deployed local chain becomes a market, once."""

import asyncio
from collections.abc import Iterator
from decimal import Decimal

import pytest

from optionix.chain.abi import load_abi
from optionix.chain.artifacts import compile_contracts
from optionix.chain.deploy import deploy
from optionix.chain.deployment import Deployment
from optionix.chain.listing import NoSpot
from optionix.chain.networks import network
from optionix.chain.operator import LightOperator, read
from optionix.chain.rpc import BlockingRpc, Rpc
from optionix.chain.seed import DEMO_ACCOUNTS, NotLocal, SeedReport, seed
from optionix.chain.transactions import local_account
from optionix.instruments import parse_series
from optionix.listing import expiries_to_list
from optionix.local.anvil import Anvil

START = 1_678_060_800
SPOTS = {"ETH": Decimal("1565.25"), "BTC": Decimal("22400")}


@pytest.fixture
def chain() -> Iterator[tuple[BlockingRpc, Deployment]]:
    with Anvil(timestamp=START) as anvil, BlockingRpc(anvil.url) as rpc:
        admin = LightOperator(rpc, local_account(0))
        owner = local_account(4).address
        report = deploy(admin, network("local"), compile_contracts(), admin=admin.address, holders={}, feed_owner=owner)
        yield rpc, report.deployment


def seeded(rpc: BlockingRpc, deployment: Deployment, spots: dict[str, Decimal]) -> SeedReport:
    async def run() -> SeedReport:
        async with Rpc(rpc.rpc.url) as connection:
            return await seed(connection, network("local"), deployment, spots)

    return asyncio.run(run())


def test_a_chain_becomes_a_market_and_stays_as_it_is(chain: tuple[BlockingRpc, Deployment]) -> None:
    rpc, deployment = chain
    first = seeded(rpc, deployment, SPOTS)
    assert first.rounds_posted == ["ETH", "BTC"]
    assert first.expiries == 2 * len(expiries_to_list(START))
    assert len(first.requested) == 4
    markets, abi = deployment.address("Markets"), load_abi("Markets")
    for name in ("ETH-7MAR23-1560-C", "ETH-31MAR23-1600-P", "BTC-10MAR23-22500-C"):
        assert read(rpc, abi, markets, "isListed", parse_series(name, deployment.market_ids).id), name
    usdc = deployment.token("USDC")
    for index in DEMO_ACCOUNTS:
        assert read(rpc, load_abi("TestToken"), usdc.address, "balanceOf", local_account(index).address) == 10**12
    oracle = deployment.address("VolatilityOracle")
    assert read(rpc, load_abi("VolatilityOracle"), oracle, "signers") == (local_account(2).address.lower(),)
    for vault in deployment.vaults:
        pending = read(rpc, load_abi("OptionVault"), vault.address, "queueTotals")[0]
        assert pending > 0

    head = rpc.call("eth_blockNumber")
    assert seeded(rpc, deployment, SPOTS) == SeedReport()
    assert rpc.call("eth_blockNumber") == head


def test_without_a_price_it_says_what_to_do(chain: tuple[BlockingRpc, Deployment]) -> None:
    with pytest.raises(NoSpot, match="feed of BTC .* has no answer yet. Start the replay or give a first price"):
        seeded(*chain, {"ETH": SPOTS["ETH"]})


def test_listings_roll_as_time_goes_on(chain: tuple[BlockingRpc, Deployment]) -> None:
    rpc, deployment = chain
    seeded(rpc, deployment, SPOTS)
    rpc.call("evm_increaseTime", 86_400)
    rpc.call("evm_mine")
    # Nothing is listed on feeds that stood still.
    assert seeded(rpc, deployment, SPOTS).expiries == 0
    owner = LightOperator(rpc, local_account(4))
    for feed in deployment.feeds:
        owner.send(feed.address, load_abi("ReplayFeed").encode("post", int(SPOTS[feed.symbol] * 10**8)))
    again = seeded(rpc, deployment, SPOTS)
    # One new daily a market; nearer expiries may want finer strikes.
    assert again.expiries == 2
    assert again.series > 0


def test_another_network_is_refused(chain: tuple[BlockingRpc, Deployment]) -> None:
    rpc, deployment = chain

    async def run() -> None:
        async with Rpc(rpc.rpc.url) as connection:
            await seed(connection, network("base"), deployment)

    with pytest.raises(NotLocal):
        asyncio.run(run())
