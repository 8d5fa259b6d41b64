"""Logs over a span of blocks: whole and in order, whatever an endpoint refuses."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import httpx
import orjson
import pytest

from optionix.chain.errors import RpcError, RpcUnavailable
from optionix.chain.logs import logs_between
from optionix.chain.rpc import Rpc

LAST = 10_000
EVERY = 7
"""There is a log in each block that this divides, and the node says the last of a range first."""


class Endpoint:
    """A node of its own words, with limits."""

    def __init__(self, *, most_blocks: int = LAST, failures: tuple[httpx.Response | Exception, ...] = ()) -> None:
        self.most_blocks = most_blocks
        self.failures = list(failures)
        self.ranges: list[tuple[int, int]] = []
        self.rpc = Rpc("http://node", transport=httpx.MockTransport(self.answer))

    def answer(self, request: httpx.Request) -> httpx.Response:
        body = orjson.loads(request.content)
        first, last = (int(body["params"][0][name], 16) for name in ("fromBlock", "toBlock"))
        if self.failures:
            failure = self.failures.pop(0)
            if isinstance(failure, Exception):
                raise failure
            return failure
        if last - first >= self.most_blocks:
            error = {"code": -32602, "message": "exceed maximum block range"}
            return httpx.Response(200, json={"jsonrpc": "2.0", "id": body["id"], "error": error})
        self.ranges.append((first, last))
        logs = [{"blockNumber": hex(n), "logIndex": "0x0"} for n in range(last, first - 1, -1) if n % EVERY == 0]
        return httpx.Response(200, json={"jsonrpc": "2.0", "id": body["id"], "result": logs})


async def read(endpoint: Endpoint) -> list[int]:
    """Blocks of all logs."""
    found: list[int] = []
    upto = 0
    async for last, logs in logs_between(endpoint.rpc, ["0x1"], 1, LAST, pause=0.0):
        assert last > upto
        upto = last
        found += [int(log["blockNumber"], 16) for log in logs]
    assert upto == LAST
    return found


WANTED = [number for number in range(1, LAST + 1) if number % EVERY == 0]


@pytest.mark.parametrize("most_blocks", [1, 100, 777, LAST])
async def test_ranges_fit_what_the_endpoint_answers(most_blocks: int) -> None:
    endpoint = Endpoint(most_blocks=most_blocks)
    assert await read(endpoint) == WANTED
    assert all(last - first < most_blocks for first, last in endpoint.ranges)
    edges = sorted(endpoint.ranges)
    assert all(left[1] + 1 == right[0] for left, right in pairwise(edges)), "each block once"
    if most_blocks == LAST:
        assert len(endpoint.ranges) <= 4


async def test_a_busy_endpoint_is_asked_again() -> None:
    busy: list[Any] = [httpx.Response(429), httpx.ReadTimeout("late"), httpx.Response(502, content=b"<html>")]
    assert await read(Endpoint(failures=tuple(busy))) == WANTED


async def test_one_that_stays_away_is_told() -> None:
    with pytest.raises(RpcUnavailable):
        await read(Endpoint(failures=tuple(httpx.Response(502) for _ in range(50))))


async def test_one_that_refuses_a_single_block_is_told() -> None:
    with pytest.raises(RpcError, match="exceed"):
        await read(Endpoint(most_blocks=0))
