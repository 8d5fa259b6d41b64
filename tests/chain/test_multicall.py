"""Many views in one call: the answers of one by one, reverts in their place, with and without overrides."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import orjson
import pytest

from optionix.chain.abi import load_abi
from optionix.chain.errors import RpcError
from optionix.chain.multicall import REVERTED, read_many
from optionix.chain.rpc import Rpc
from tests.support.chain import LocalChain, local_chain

pytestmark = pytest.mark.asyncio

ABI = load_abi("Markets")


@pytest.fixture(scope="module")
def chain() -> Iterator[LocalChain]:
    with local_chain() as made:
        yield made


def questions(chain: LocalChain, count: int) -> list[tuple[str, str]]:
    """Answers of several lengths, a revert, and an address without code."""
    markets = chain.deployment.address("Markets")
    asked = [
        (markets, ABI.encode("marketCount")),
        (markets, ABI.encode("market", 1)),
        (markets, ABI.encode("settlementPrice", 1, 1)),
        (markets, ABI.encode("expiries", 1, 0, 10)),
        ("0x" + "ab" * 20, ABI.encode("marketCount")),
    ]
    return [asked[number % len(asked)] for number in range(count)]


@pytest.mark.parametrize("count", [0, 1, 5, 900])
async def test_answers_are_those_of_single_calls(chain: LocalChain, count: int) -> None:
    asked = questions(chain, count)
    async with Rpc(chain.anvil.url) as rpc:
        head = await rpc.call("eth_getBlockByNumber", "latest", False)
        found = await read_many(rpc, asked, {"blockHash": head["hash"]})
        single = await rpc.try_batch([("eth_call", [{"to": to, "data": data}, "latest"]) for to, data in asked])
    assert len(found) == count
    for got, wanted in zip(found, single, strict=True):
        if isinstance(wanted, RpcError):
            assert isinstance(got, RpcError) and (got.code, got.data) == (REVERTED, wanted.data)
        else:
            assert got == wanted


async def test_it_is_one_call_for_hundreds(chain: LocalChain) -> None:
    requests, rpc = counting(chain, overrides=True)
    async with rpc:
        await read_many(rpc, questions(chain, 400), "latest")
    assert len(requests) == 1


async def test_an_endpoint_without_overrides_is_asked_one_by_one(chain: LocalChain) -> None:
    requests, rpc = counting(chain, overrides=False)
    async with rpc:
        found = await read_many(rpc, questions(chain, 900), "latest")
    assert len(found) == 900 and isinstance(found[2], RpcError) and found[0] == found[5]
    assert len(requests) == 3, "one that is refused, two batches"


async def test_an_endpoint_that_overlooks_overrides_is_asked_one_by_one(chain: LocalChain) -> None:
    requests, rpc = counting(chain, overrides=None)
    async with rpc:
        found = await read_many(rpc, questions(chain, 5), "latest")
    assert isinstance(found[2], RpcError) and found[0] == "0x" + f"{len(chain.deployment.markets):064x}"
    assert len(requests) == 2


def counting(chain: LocalChain, *, overrides: bool | None) -> tuple[list[object], Rpc]:
    """The chain's node behind a counter; with overrides, refusing them (False), or deaf to them (None)."""
    requests: list[object] = []
    node = httpx.Client(trust_env=False)

    def handle(request: httpx.Request) -> httpx.Response:
        body = orjson.loads(request.content)
        requests.append(body)
        if isinstance(body, dict) and len(body["params"]) > 2 and overrides is not True:
            if overrides is False:
                failure = {"code": -32602, "message": "too many arguments, want at most 2"}
                return httpx.Response(200, json={"jsonrpc": "2.0", "id": body["id"], "error": failure})
            body["params"] = body["params"][:2]
        return httpx.Response(200, content=node.post(chain.anvil.url, json=body).content)

    return requests, Rpc(chain.anvil.url, transport=httpx.MockTransport(handle))
