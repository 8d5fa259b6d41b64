"""A deployed local chain with prices and listings, whose clock tests move."""

from collections.abc import Iterator

import pytest

from optionix.client import Client
from tests.support.chain import NOTICE, START, LocalChain, local_chain


@pytest.fixture(scope="session")
def listed() -> Iterator[LocalChain]:
    """One chain for all tests; market 1 is ETH, listed for one expiry with five strikes a side."""
    with local_chain() as chain:
        chain.post(1500)
        chain.list_series()
        chain.mint()
        yield chain


@pytest.fixture
def market(listed: LocalChain) -> Iterator[LocalChain]:
    """Each test gets the chain as it was listed."""
    with listed.undone():
        yield listed


@pytest.fixture
def provider(market: LocalChain) -> Client:
    """A liquidity provider whose deposits to both ETH vaults were processed and claimed."""
    client = market.client(5)
    client.request_deposit("ETH-C", "1000")
    client.request_deposit("ETH-P", "500000")
    market.at(START + NOTICE + 3600)
    market.post(1565)
    for vault in ("ETH-C", "ETH-P"):
        market.client(9).process(vault)
        assert len(client.claim(vault)) == 1
    market.set_signer()
    market.post_surface()
    return client
