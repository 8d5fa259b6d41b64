"""A real market, played act by act, and ways to break it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from optionix.chain.rpc import Rpc
from tests.indexer.life import World, world


@pytest.fixture(scope="package")
def market() -> Iterator[World]:
    """Open books of all kinds, signed orders, requests; nothing is settled. Tests take back what they break."""
    with world() as made:
        for act in (made.fund, made.trade, made.write, made.exchange, made.ask_out):
            act()
        yield made


@pytest.fixture
def broken(market: World) -> Iterator[World]:
    """The market, put back after the test."""
    snapshot = market.rpc.call("evm_snapshot")
    yield market
    assert market.rpc.call("evm_revert", snapshot)


@pytest_asyncio.fixture
async def rpc(market: World) -> AsyncIterator[Rpc]:
    async with Rpc(market.anvil.url) as connection:
        yield connection
