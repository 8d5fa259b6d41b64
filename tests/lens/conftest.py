"""A deployed local chain with prices, listings and vaults with liquidity."""

from collections.abc import Iterator

import pytest

from tests.support.chain import NOTICE, START, LocalChain, local_chain


@pytest.fixture(scope="session")
def liquid() -> Iterator[LocalChain]:
    """One chain for all tests; account 5 is in both ETH vaults, slices are fresh."""
    with local_chain() as chain:
        chain.post(1500)
        chain.list_series()
        chain.mint()
        provider = chain.client(5)
        provider.request_deposit("ETH-C", "1000")
        provider.request_deposit("ETH-P", "500000")
        chain.at(START + NOTICE + 3600)
        chain.post(1565)
        for vault in ("ETH-C", "ETH-P"):
            chain.client(9).process(vault)
            provider.claim(vault)
        chain.set_signer()
        chain.post_surface()
        yield chain


@pytest.fixture
def market(liquid: LocalChain) -> Iterator[LocalChain]:
    """Each test gets the chain as it was."""
    with liquid.undone():
        yield liquid
