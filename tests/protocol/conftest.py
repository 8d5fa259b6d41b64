"""The protocol deployed once for the session, through ape's own contract objects."""

from dataclasses import dataclass
from typing import Any

import ape
import pytest
from ape.contracts import ContractContainer
from ethpm_types import ContractType

from optionix.chain.artifacts import compile_contracts

EXPIRY_DAYS_AHEAD = 3
HEARTBEAT = 300


@dataclass
class Protocol:
    """Contracts of one market, WETH/USDC, and who acts."""

    chain: Any
    admin: Any
    markets: Any
    clearinghouse: Any
    options: Any
    oracle: Any
    weth: Any
    usdc: Any
    feed: Any
    expiry: int

    def series(self, side: int, strike: int) -> int:
        """Id of a series of the one expiry; strike in quote per base."""
        return 1 << 112 | side << 104 | self.expiry << 64 | strike * 10**8

    def post(self, price: int) -> None:
        """A round of the feed at the next block."""
        self.feed.post(price * 10**8, sender=self.admin)

    def at(self, timestamp: int) -> None:
        """The next block is at this time."""
        self.chain.mine(timestamp=timestamp)


def container(name: str) -> Any:
    """ape's contract container of a compiled contract; the build is the one that deployments use."""
    artifact = compile_contracts()[name]
    return ContractContainer(
        ContractType(
            contractName=name,
            sourceId=artifact.source,
            abi=artifact.abi,
            deploymentBytecode={"bytecode": "0x" + artifact.creation.hex()},
            runtimeBytecode={"bytecode": "0x" + artifact.runtime.hex()},
        )
    )


@pytest.fixture(scope="session")
def protocol(accounts: Any, chain: Any) -> Protocol:
    admin = accounts[0]
    access = admin.deploy(container("AccessManager"), admin)
    markets = admin.deploy(container("Markets"), access)
    renderer = admin.deploy(container("OptionRenderer"), markets)
    clearinghouse = admin.deploy(container("Clearinghouse"), access, markets, renderer)
    oracle = admin.deploy(container("VolatilityOracle"), access, markets)
    weth = admin.deploy(container("TestWrappedNative"), "Wrapped Ether", "WETH")
    clearinghouse.setWrappedNative(weth, sender=admin)
    usdc = admin.deploy(container("TestToken"), "USD Coin", "USDC", 6)
    feed = admin.deploy(container("ReplayFeed"), 8, "ETH / USD", admin)
    config = (feed, 8, HEARTBEAT, 3600, 10, 10 * 10**18, 10**24, ape.utils.ZERO_ADDRESS, 0)
    markets.addMarket(weth, usdc, config, sender=admin)
    feed.post(1500 * 10**8, sender=admin)
    now = chain.pending_timestamp
    expiry = now - now % 86_400 + EXPIRY_DAYS_AHEAD * 86_400 + 8 * 3600
    markets.listExpiry(1, expiry, sender=admin)
    options = container("OptionToken").at(clearinghouse.optionToken())
    found = Protocol(chain, admin, markets, clearinghouse, options, oracle, weth, usdc, feed, expiry)
    markets.listSeries([found.series(side, strike) for side in (0, 1) for strike in (1500, 1600)], sender=admin)
    return found
