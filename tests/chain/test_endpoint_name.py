"""Nothing of an endpoint's address but scheme, host and port is ever told: the rest of it may be a key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import orjson
import pytest
from websockets.asyncio.server import ServerConnection, serve

from optionix.chain.endpoint_name import UNREADABLE, endpoint_name, without_secrets
from optionix.chain.errors import ChainError, RateLimited, RpcError, RpcTimeout, RpcUnavailable, TooManyResults
from optionix.chain.errors import WrongChain as OtherChain
from optionix.chain.rpc import Rpc

NAME = "http://node.example:8545"
URL = "http://trader:hunter2@node.example:8545/v3/0123456789abcdef?apikey=fedcba9876543210"
SECRETS = ("trader:hunter2", "hunter2", "0123456789abcdef", "fedcba9876543210", "v3/")
ECHO = f"no project 0123456789abcdef at {URL} (apikey fedcba9876543210)"
"""What a node or a proxy says that repeats how it was asked."""


def hides_all(text: str) -> bool:
    return not any(secret in text for secret in SECRETS)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        (URL, NAME),
        ("https://mainnet.example/v2/key", "https://mainnet.example"),
        ("https://0123456789abcdef@node.example", "https://node.example"),
        ("https://node.example?apikey=fedcba", "https://node.example"),
        ("wss://[::1]:8546/ws/key", "wss://[::1]:8546"),
        ("http://127.0.0.1:8545", "http://127.0.0.1:8545"),
        ("http://node.example:key/", UNREADABLE),
        ("http://[key/", UNREADABLE),
        ("node.example/v2/key", UNREADABLE),
        ("", UNREADABLE),
    ],
)
def test_a_name_is_scheme_host_and_port(url: str, name: str) -> None:
    assert endpoint_name(url) == name


def test_what_others_say_loses_the_secrets_and_keeps_its_words() -> None:
    told = without_secrets(ECHO + ", see https://docs.example/rate-limits#v3 of the trader's node", URL)
    assert hides_all(told) and NAME in told
    assert told.startswith("no project … at ") and told.endswith("see https://docs.example of the trader's node")


def test_a_key_that_is_written_otherwise_is_found() -> None:
    url = "https://node.example/key%2Bwith%2Bplus?x=1"
    assert without_secrets("unknown key+with+plus", url) == "unknown …"
    assert without_secrets("wrong key topsecret1", "https://node.example?topsecret1") == "wrong key …"


def refused(code: int, message: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message}}


ANSWERS: dict[str, tuple[Any, int, type[ChainError]]] = {
    "not JSON": (b"<html>", 502, RpcUnavailable),
    "too many requests": (b"", 429, RateLimited),
    "no object": ([], 200, RpcUnavailable),
    "no result": ({"jsonrpc": "2.0", "id": 1}, 200, RpcUnavailable),
    "another id": ({"jsonrpc": "2.0", "id": 77, "result": 1}, 200, RpcUnavailable),
    "late": (httpx.ReadTimeout(ECHO), 200, RpcTimeout),
    "cut": (httpx.ReadError(ECHO), 200, RpcUnavailable),
    "no words": (httpx.ReadError(""), 200, RpcUnavailable),
    "no such address": (httpx.InvalidURL(ECHO), 200, RpcUnavailable),
    "an error": (refused(-32601, ECHO), 200, RpcError),
    "an error in words": ({"error": ECHO}, 200, RpcError),
    "a rate limit": (refused(-32005, ECHO), 200, RateLimited),
    "a range too large": (refused(-32602, f"block range is too wide: {ECHO}"), 200, TooManyResults),
}


def endpoint(answer: Any, status: int = 200) -> Rpc:
    def handle(request: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(status, content=answer if isinstance(answer, bytes) else orjson.dumps(answer))

    return Rpc(URL, transport=httpx.MockTransport(handle))


@pytest.mark.parametrize("what", ANSWERS)
async def test_no_error_of_an_endpoint_tells_its_address(what: str) -> None:
    answer, status, kind = ANSWERS[what]
    async with endpoint(answer, status) as rpc:
        with pytest.raises(kind) as told:
            await rpc.call("eth_getLogs")
        assert type(told.value) is kind
        assert hides_all(f"{told.value} {told.value!r}")
        assert NAME in str(told.value) or isinstance(told.value, RpcError)
        with pytest.raises(ChainError) as told:
            await rpc.batch([("eth_getLogs", [])])
        assert hides_all(f"{told.value} {told.value!r}")


async def test_another_chain_is_told_without_the_address() -> None:
    async with endpoint({"id": 1, "result": "0x1"}) as rpc:
        with pytest.raises(OtherChain, match=f"{NAME} serves chain 1") as told:
            await rpc.require_chain(5)
        assert hides_all(str(told.value))


# --- over WebSocket ---

Serving = Callable[[ServerConnection], Any]


async def says(socket: ServerConnection, answer: Callable[[Any], Any]) -> None:
    async for text in socket:
        call = orjson.loads(text)
        await socket.send(orjson.dumps({"jsonrpc": "2.0", "id": call["id"], **answer(call)}).decode())


SOCKETS: dict[str, tuple[Serving, type[ChainError]]] = {
    "another chain": (lambda socket: says(socket, lambda _: {"result": "0x1"}), OtherChain),
    "an error": (lambda socket: says(socket, lambda _: refused(-32601, ECHO)), RpcError),
    "a rate limit": (lambda socket: says(socket, lambda _: refused(-32005, ECHO)), RateLimited),
    "no number": (lambda socket: says(socket, lambda _: {"result": ECHO}), RpcUnavailable),
    "no result": (lambda socket: says(socket, lambda _: {}), RpcUnavailable),
    "silent": (lambda socket: socket.wait_closed(), RpcTimeout),
    "ended": (lambda socket: socket.close(reason=ECHO[:100]), RpcUnavailable),
}


@pytest.mark.parametrize("what", SOCKETS)
async def test_no_error_of_a_socket_tells_its_address(what: str) -> None:
    serving, kind = SOCKETS[what]
    async with serve(serving, "127.0.0.1", 0, close_timeout=0.1) as server, Rpc("http://other", timeout=0.3) as rpc:
        port = next(iter(server.sockets)).getsockname()[1]
        url = URL.replace("http", "ws").replace("node.example:8545", f"127.0.0.1:{port}")
        with pytest.raises(kind) as told:
            await anext(rpc.heads(url, chain_id=5))
        assert type(told.value) is kind
        assert hides_all(f"{told.value} {told.value!r}")
        assert f"ws://127.0.0.1:{port}" in str(told.value) or isinstance(told.value, RpcError)


@pytest.mark.parametrize(
    "url", ["ws://trader:hunter2@127.0.0.1:1/v3/0123456789abcdef", URL, "ws:///v3/0123456789abcdef"]
)
async def test_a_socket_that_cannot_be_reached(url: str) -> None:
    async with Rpc("http://other") as rpc:
        with pytest.raises(RpcUnavailable) as told:
            await anext(rpc.heads(url))
        assert hides_all(str(told.value))
