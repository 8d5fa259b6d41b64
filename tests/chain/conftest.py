"""A real chain for the tests of `optionix.chain`."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from optionix.chain.rpc import Rpc
from optionix.local.anvil import Anvil


@pytest.fixture(scope="session")
def anvil() -> Iterator[Anvil]:
    with Anvil() as chain:
        yield chain


@pytest_asyncio.fixture
async def rpc(anvil: Anvil) -> AsyncIterator[Rpc]:
    async with Rpc(anvil.url) as connection:
        yield connection
