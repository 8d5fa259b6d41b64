"""What nodes say when they are asked for too much, in the words of those that there are."""

from __future__ import annotations

import httpx
import orjson
import pytest

from optionix.chain.errors import RateLimited, RpcUnavailable, TooManyResults
from optionix.chain.limits import is_rate_limit, is_too_large, most_blocks, seconds_to_wait
from optionix.chain.rpc import Rpc

TOO_LARGE = [
    ("query returned more than 10000 results", None),
    ("query returned more than 10000 results. Try with this block range [0x10, 0x1F].", 16),
    ("Log response size exceeded. Based on your parameters this block range should work: [0x0, 0x3e7]", 1000),
    ("requested too many blocks from 0 to 5000, maximum is set to 2048", 2048),
    ("Max range: 800", 800),
    ("Maximum allowed number of requested blocks is 1000", 1000),
    ("block range is too wide", None),
    ("block range is too wide (maximum 1024)", 1024),
    ("eth_getLogs is limited to a 10,000 blocks range", 10_000),
    ("eth_getLogs is limited to 1024 block range", 1024),
    ("eth_getLogs is limited to a 5 block range", 5),
    ("response size should not greater than 10000000 bytes", None),
    ("query exceeds max results 20000, retry with the range 1-2", None),
    ("backend response too large", None),
    ("Block range is too large", None),
    ("block range too large", None),
    ("logs matched by query exceeds limit of 10000", None),
    ("exceeds the range allowed for your plan (5000 > 1000)", 1000),
    ("Block range limit exceeded.", None),
    ("please limit the query to at most 1,000 blocks", 1000),
    ("exceed maximum block range: 50000", 50_000),
    ("query exceeds max block range 1000", None),
    ("block range greater than 2000 max", 2000),
    ("block range exceeds 1000", 1000),
    ("eth_getLogs range is too large, max is 10k blocks", 10_000),
    ("query must be smaller than size 1024", 1024),
    ("up to a 2000 block range", 2000),
    ("maximum [from, to] blocks distance: 3000", 3000),
    ("limit exceeded", None),
]
RATE = [
    "rate limit exceeded",
    "daily request count exceeded, request rate limited",
    "project ID request rate exceeded",
    "Your app has exceeded its compute units per second capacity.",
    "Too Many Requests",
    "100 requests per second limit reached",
]


@pytest.mark.parametrize(("words", "most"), TOO_LARGE)
def test_a_range_that_is_too_large_is_understood(words: str, most: int | None) -> None:
    assert is_too_large(words)
    if most is not None:
        assert most_blocks(words) == most


@pytest.mark.parametrize("words", RATE)
def test_a_rate_limit_is_told_from_a_range(words: str) -> None:
    assert is_rate_limit(words)
    assert not is_too_large(words)


@pytest.mark.parametrize("words", ["execution reverted", "header not found", "invalid argument 0: hex string"])
def test_other_errors_are_neither(words: str) -> None:
    assert not is_rate_limit(words)
    assert not is_too_large(words)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7.0), ("1.5", 1.5), ("Thu, 01 Jan 1970 00:01:40 GMT", 60.0), ("Thu, 01 Jan 1970 00:00:01 GMT", 0.0),
     ("", None), ("soon", None), ("-3", 0.0)],
)  # fmt: skip
def test_retry_after_is_a_number_or_a_date(header: str, seconds: float | None) -> None:
    assert seconds_to_wait(header, 40.0) == seconds


async def test_the_range_that_a_node_would_answer_comes_with_the_error() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        asked = orjson.loads(request.content)
        error = {"code": -32602, "message": "please limit the query to at most 1,000 blocks"}
        return httpx.Response(200, content=orjson.dumps({"id": asked["id"], "error": error}))

    with pytest.raises(TooManyResults) as caught:
        await Rpc("http://node", transport=httpx.MockTransport(handle)).call("eth_getLogs", {})
    assert caught.value.most_blocks == 1000


async def test_a_rate_limit_for_logs_is_no_range_that_is_too_large() -> None:
    answer = {"id": 1, "error": {"code": -32005, "message": "daily request count exceeded, request rate limited"}}
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=orjson.dumps(answer)))
    with pytest.raises(RateLimited):
        await Rpc("http://node", transport=transport).call("eth_getLogs", {})


async def test_an_answer_to_another_request_is_refused() -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=orjson.dumps({"id": 77, "result": "0x1"})))
    with pytest.raises(RpcUnavailable, match="another request"):
        await Rpc("http://node", transport=transport).call("eth_chainId")
