"""A deployed local chain with prices and listings, whose clock tests move."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from eth_account import Account

from optionix.chain.abi import load_abi
from optionix.chain.artifacts import compile_contracts
from optionix.chain.deploy import deploy
from optionix.chain.deployment import Deployment
from optionix.chain.networks import network
from optionix.chain.operator import LightOperator, read
from optionix.chain.roles import Role
from optionix.chain.rpc import BlockingRpc
from optionix.chain.transactions import local_account
from optionix.client import Client
from optionix.local.anvil import Anvil

START = 1_678_060_800
"""Monday 6 March 2023, 00:00 UTC."""
EXPIRY = START + 86_400 + 8 * 3600
"""Tuesday, 08:00."""
NOTICE = 900
"""Notice of requests to a local vault, seconds."""
STRIKES = tuple(strike * 10**8 for strike in (1400, 1500, 1600, 1700, 1800))


@dataclass
class Market:
    """The chain and what tests do to it; market 1 is ETH, listed for one expiry with five strikes a side."""

    anvil: Anvil
    rpc: BlockingRpc
    deployment: Deployment
    feed_owner: LightOperator
    client: Callable[[int], Client]

    def post(self, price: int, market: int = 1) -> None:
        data = load_abi("ReplayFeed").encode("post", price * 10**8)
        self.feed_owner.send(self.deployment.feed(market).address, data)

    def at(self, timestamp: int) -> None:
        """The next block is at this time or later."""
        self.rpc.call("evm_setNextBlockTimestamp", timestamp)
        self.rpc.call("evm_mine")


@pytest.fixture(scope="session")
def deployed_chain() -> Iterator[tuple[Anvil, BlockingRpc, Deployment]]:
    with Anvil(timestamp=START) as anvil, BlockingRpc(anvil.url) as rpc:
        admin, owner = (LightOperator(rpc, local_account(index)) for index in (0, 4))
        report = deploy(
            admin,
            network("local"),
            compile_contracts(),
            admin=admin.address,
            holders={Role.LISTER: [local_account(1).address]},
            feed_owner=owner.address,
        )
        deployment, markets, abi = report.deployment, report.deployment.address("Markets"), load_abi("Markets")
        owner.send(deployment.feed(1).address, load_abi("ReplayFeed").encode("post", 1500 * 10**8))
        admin.send(markets, abi.encode("listExpiry", 1, EXPIRY))
        ids = [1 << 112 | side << 104 | EXPIRY << 64 | strike for side in (0, 1) for strike in STRIKES]
        admin.send(markets, abi.encode("listSeries", ids))
        for token in deployment.tokens:
            for index in range(5, 9):
                amount = 1_000_000 * 10**token.decimals
                admin.send(token.address, load_abi("TestToken").encode("mint", local_account(index).address, amount))
        yield anvil, rpc, deployment


@pytest.fixture
def market(deployed_chain: tuple[Anvil, BlockingRpc, Deployment]) -> Iterator[Market]:
    """Each test gets the chain as it was listed."""
    anvil, rpc, deployment = deployed_chain
    snapshot = rpc.call("evm_snapshot")
    clients: dict[int, Client] = {}

    def client(index: int) -> Client:
        if index not in clients:
            clients[index] = Client("local", local_account(index), rpc_url=anvil.url, deployment=deployment)
        return clients[index]

    # A fresh sender each time: the snapshot takes nonces back.
    yield Market(anvil, rpc, deployment, LightOperator(rpc, local_account(4)), client)
    for opened in clients.values():
        opened.close()
    rpc.call("evm_revert", snapshot)


def post_surface(market: Market, volatility: float = 0.6) -> None:
    """One slice at a volatility for the listed expiry, signed by the surface signer."""
    oracle, abi = market.deployment.address("VolatilityOracle"), load_abi("VolatilityOracle")
    admin = LightOperator(market.rpc, local_account(0))
    signer = local_account(2)
    admin.send(oracle, abi.encode("setSigners", [signer.address], 1))
    now = int(market.rpc.call("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
    theta = int(volatility**2 * (EXPIRY - now) / (365 * 86_400) * 10**16)
    report: dict[str, Any] = {
        "market": 1,
        "timestamp": now,
        "slices": [{"expiry": EXPIRY, "theta": theta, "phi": 10**15, "rho": -(10**11), "carry": 0}],
    }
    digest = read(market.rpc, abi, oracle, "hashReport", report)
    signature = Account.unsafe_sign_hash(digest, signer.key).signature
    market.client(1).transact("VolatilityOracle", "post", report, [bytes(signature)])


@pytest.fixture
def provider(market: Market) -> Client:
    """A liquidity provider whose deposits to both ETH vaults were processed and claimed."""
    client = market.client(5)
    client.request_deposit("ETH-C", "1000")
    client.request_deposit("ETH-P", "500000")
    market.at(START + NOTICE + 3600)
    market.post(1565)
    for vault in ("ETH-C", "ETH-P"):
        market.client(9).process(vault)
        assert len(client.claim(vault)) == 1
    post_surface(market)
    return client
