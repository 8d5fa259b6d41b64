"""JSON-RPC: results, batches, and one error type for each kind of failure."""

import asyncio

import httpx
import orjson
import pytest

from optionix.chain.errors import RateLimited, RpcError, RpcTimeout, RpcUnavailable, TooManyResults, WrongChain
from optionix.chain.rpc import MAX_BATCH, BlockingRpc, Call, Rpc
from optionix.local.anvil import Anvil

pytestmark = pytest.mark.asyncio


def answering(reply: object, status: int = 200, headers: dict[str, str] | None = None) -> Rpc:
    """An endpoint that answers every request with one reply; a function is called with the request's body."""

    def handle(request: httpx.Request) -> httpx.Response:
        value = reply(orjson.loads(request.content)) if callable(reply) else reply
        if isinstance(value, Exception):
            raise value
        content = value if isinstance(value, bytes) else orjson.dumps(value)
        return httpx.Response(status, content=content, headers=headers)

    return Rpc("http://node", transport=httpx.MockTransport(handle))


async def test_calls_read_the_chain(rpc: Rpc) -> None:
    await rpc.require_chain(31337)
    block = await rpc.block("latest")
    assert block is not None
    assert int(block["number"], 16) == await rpc.block_number()
    assert await rpc.block(10**9) is None


async def test_another_chain_is_refused(rpc: Rpc) -> None:
    with pytest.raises(WrongChain, match="serves chain 31337, not 1"):
        await rpc.require_chain(1)


async def test_a_batch_keeps_its_order_past_the_split(rpc: Rpc) -> None:
    accounts = [f"0x{number:040x}" for number in range(MAX_BATCH + 3)]
    await rpc.call("anvil_setBalance", accounts[-1], "0x7")
    balances = await rpc.batch([("eth_getBalance", [account, "latest"]) for account in accounts])
    assert len(balances) == len(accounts)
    assert balances[-1] == "0x7"


async def test_one_failure_of_a_batch_stands_in_its_place(rpc: Rpc) -> None:
    calls: list[Call] = [("eth_chainId", []), ("eth_nothing", []), ("eth_chainId", [])]
    first, failed, last = await rpc.try_batch(calls)
    assert (first, last) == ("0x7a69", "0x7a69")
    assert isinstance(failed, RpcError)
    assert failed.code == -32601
    with pytest.raises(RpcError, match="eth_nothing"):
        await rpc.batch(calls)


async def test_answers_of_a_batch_in_another_order_are_put_right() -> None:
    rpc = answering(lambda calls: [{"id": call["id"], "result": call["method"]} for call in reversed(calls)])
    assert await rpc.batch([("a", []), ("b", [])]) == ["a", "b"]


async def test_a_batch_that_lacks_an_answer_is_refused() -> None:
    rpc = answering(lambda calls: [{"id": calls[0]["id"], "result": 1}])
    with pytest.raises(RpcUnavailable, match="lacks b"):
        await rpc.batch([("a", []), ("b", [])])


@pytest.mark.parametrize(
    ("reply", "status", "kind"),
    [
        (b"<html>bad gateway</html>", 502, RpcUnavailable),
        ({"jsonrpc": "2.0", "id": 1}, 200, RpcUnavailable),
        ([], 200, RpcUnavailable),
        ({"error": "no"}, 200, RpcError),
        ({"error": {"code": -32005, "message": "daily request count exceeded"}}, 200, RateLimited),
        (b"", 429, RateLimited),
        (httpx.ReadTimeout("late"), 200, RpcTimeout),
        (httpx.ConnectError("refused"), 200, RpcUnavailable),
    ],
)
async def test_each_failure_has_its_type(reply: object, status: int, kind: type[Exception]) -> None:
    with pytest.raises(kind) as caught:
        await answering(reply, status).call("eth_chainId")
    assert type(caught.value) is kind


async def test_too_many_logs_is_told_from_a_rate_limit() -> None:
    reply = {"error": {"code": -32005, "message": "query returned more than 10000 results"}}
    with pytest.raises(TooManyResults):
        await answering(reply).call("eth_getLogs", {})


async def test_the_wait_that_an_endpoint_asks_for_is_kept() -> None:
    with pytest.raises(RateLimited) as caught:
        await answering(b"", 429, {"retry-after": "7"}).call("eth_chainId")
    assert caught.value.retry_after == 7.0


async def test_heads_arrive_by_subscription(rpc: Rpc, anvil: Anvil) -> None:
    heads = rpc.heads(anvil.ws_url)
    async with asyncio.timeout(10):
        following = asyncio.ensure_future(anext(heads))
        # Mine until the subscription stands and reports: when it does is not ours to know.
        while not following.done():
            await rpc.call("evm_mine")
            await asyncio.wait({following}, timeout=0.05)
        head = await following
        assert int(head["number"], 16) <= await rpc.block_number()
        await heads.aclose()


async def test_no_subscription_is_an_error_of_ours(rpc: Rpc) -> None:
    with pytest.raises(RpcUnavailable):
        await anext(rpc.heads("ws://127.0.0.1:1"))


async def test_code_without_a_loop_has_the_same_calls(anvil: Anvil) -> None:
    with BlockingRpc(anvil.url) as rpc:
        assert rpc.call("eth_chainId") == "0x7a69"
        assert rpc.batch([("eth_chainId", []), ("eth_chainId", [])]) == ["0x7a69", "0x7a69"]
