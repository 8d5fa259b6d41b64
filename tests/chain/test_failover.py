"""Several endpoints of a chain: who fails, lies about its chain or lags is left alone, and nobody notices."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from optionix.chain.errors import RpcError, RpcUnavailable, WrongChain
from optionix.chain.failover import FAILED_SECONDS, WRONG_SECONDS, FailoverRpc
from optionix.local.anvil import Anvil
from tests.support.rpc_faults import Broken, FaultyTransport

CHAIN = 31337


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def down(method: str, params: object, result: object) -> object:
    raise Broken(502)


def elsewhere(method: str, params: object, result: object) -> object:
    return "0x1" if method == "eth_chainId" else result


class Pair:
    """Two endpoints of one node, each with a fault of its own."""

    def __init__(self, url: str) -> None:
        self.clock, self.wires = Clock(), (FaultyTransport(), FaultyTransport())
        self.rpc = FailoverRpc([url, url + "/"], CHAIN, transports=self.wires, clock=self.clock)

    def asked(self) -> list[int]:
        """How many heads each was asked for, and forgets it."""
        return [wire.asked.pop("eth_blockNumber", 0) for wire in self.wires]


@pytest_asyncio.fixture
async def pair(anvil: Anvil) -> AsyncIterator[Pair]:
    made = Pair(anvil.url)
    yield made
    await made.rpc.close()


async def test_the_preferred_one_answers_while_it_can(pair: Pair) -> None:
    await pair.rpc.block_number()
    await pair.rpc.block_number()
    assert pair.asked() == [2, 0]
    assert pair.wires[0].asked["eth_chainId"] == 1 and not pair.wires[1].asked


async def test_the_next_answers_while_it_fails_and_it_comes_back(pair: Pair) -> None:
    await pair.rpc.block_number()
    pair.wires[0].fault = down
    assert await pair.rpc.block_number() >= 0
    await pair.rpc.block_number()
    assert pair.asked() == [2, 2], "the one that fails is asked once, and then left alone"
    pair.clock.now += FAILED_SECONDS + 0.1
    pair.wires[0].fault = None
    await pair.rpc.block_number()
    assert pair.asked() == [1, 0]
    assert pair.wires[0].asked["eth_chainId"] == 2, "who failed is asked for its chain again"


async def test_one_of_another_chain_is_never_believed(pair: Pair) -> None:
    pair.wires[0].fault = elsewhere
    await pair.rpc.block_number()
    assert pair.asked() == [0, 1]
    pair.clock.now += FAILED_SECONDS + 0.1
    await pair.rpc.block_number()
    assert pair.asked() == [0, 1]
    pair.clock.now += WRONG_SECONDS
    pair.wires[0].fault = None
    await pair.rpc.block_number()
    assert pair.asked() == [1, 0]


async def test_when_none_answers_the_first_failure_is_told(pair: Pair) -> None:
    for wire in pair.wires:
        wire.fault = down
    with pytest.raises(RpcUnavailable, match="HTTP 502"):
        await pair.rpc.block_number()
    for wire in pair.wires:
        wire.fault = None
    assert await pair.rpc.block_number() >= 0, "all being left alone, one has to be asked"
    for wire in pair.wires:
        wire.fault = elsewhere
    pair.clock.now += WRONG_SECONDS
    pair.rpc._trusted.clear()
    with pytest.raises(WrongChain, match="serves chain 1"):
        await pair.rpc.block_number()


async def test_an_answer_of_the_chain_is_no_failure(pair: Pair) -> None:
    with pytest.raises(RpcError, match="nonsense"):
        await pair.rpc.call("eth_nonsense_nonsense")
    assert not pair.wires[1].asked


async def test_batches_and_names_follow_who_answers(pair: Pair, anvil: Anvil) -> None:
    pair.wires[0].fault = down
    first, second = await pair.rpc.batch([("eth_blockNumber", []), ("eth_chainId", [])])
    assert int(first, 16) >= 0 and int(second, 16) == CHAIN
    assert pair.rpc.url == anvil.url + "/"


async def test_one_that_is_doubted_is_left_alone_where_there_is_another(pair: Pair, anvil: Anvil) -> None:
    await pair.rpc.block_number()
    assert pair.rpc.doubt("its head is old")
    await pair.rpc.block_number()
    assert pair.asked() == [1, 1]
    assert not pair.rpc.doubt("its head is old too"), "nobody is left"
    alone = FailoverRpc([anvil.url], CHAIN)
    assert not alone.doubt("its head is old")
    assert await alone.block_number() >= 0
    await alone.close()
    with pytest.raises(ValueError, match="needs an endpoint"):
        FailoverRpc([], CHAIN)
