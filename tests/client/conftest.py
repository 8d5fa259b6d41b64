"""A deployed local chain with prices and listings, whose clock tests move."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from optionix.chain.abi import load_abi
from optionix.chain.artifacts import compile_contracts
from optionix.chain.deploy import deploy
from optionix.chain.deployment import Deployment
from optionix.chain.networks import network
from optionix.chain.operator import LightOperator
from optionix.chain.roles import Role
from optionix.chain.rpc import BlockingRpc
from optionix.chain.transactions import local_account
from optionix.client import Client
from optionix.local.anvil import Anvil

START = 1_678_060_800
"""Monday 6 March 2023, 00:00 UTC."""
EXPIRY = START + 86_400 + 8 * 3600
"""Tuesday, 08:00."""
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
