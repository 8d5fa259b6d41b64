"""JSON-RPC to a node: asynchronous over HTTP with batches, typed errors and time limits; heads over WebSocket.

`Rpc` is what the services use. `BlockingRpc` offers the same calls to code without an event loop (the SDK, scripts).
Nothing here retries: who calls knows whether a second try is safe, and the errors say what kind of failure it was.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, Self

import httpx
import orjson
from anyio.from_thread import BlockingPortal, start_blocking_portal
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as connect_websocket
from websockets.exceptions import WebSocketException

from optionix.chain.endpoint_name import endpoint_name, without_secrets
from optionix.chain.errors import RateLimited, RpcError, RpcTimeout, RpcUnavailable, TooManyResults, WrongChain
from optionix.chain.limits import is_rate_limit, is_too_large, most_blocks, seconds_to_wait

Call = tuple[str, Sequence[Any]]
"""A method and its parameters."""

MAX_BATCH = 500
"""Most calls in one HTTP request; longer batches are split."""
_RATE_LIMIT_CODES = frozenset({429, -32005, -32029})


class Rpc:
    """One HTTP endpoint.

    Parameters
    ----------
    url : http or https address of the node.
    timeout : seconds for one request, batches included.
    """

    def __init__(self, url: str, *, timeout: float = 30.0, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self.url = url
        self.timeout = timeout
        # Proxies of the environment are not for a node on this machine or network; an endpoint is named in full.
        self._http = httpx.AsyncClient(
            timeout=timeout,
            transport=transport,
            trust_env=False,
            headers={"content-type": "application/json"},
            limits=httpx.Limits(max_connections=32, max_keepalive_connections=16),
        )
        self._ids = itertools.count(1)

    @property
    def name(self) -> str:
        """What to call it where others can read it."""
        return endpoint_name(self.url)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def call(self, method: str, *params: Any) -> Any:
        """One call; its result.

        Raises
        ------
        RpcError
            When the node answers with an error.
        RpcUnavailable, RpcTimeout, RateLimited
            When it does not answer as it should.
        """
        request = {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": params}
        answer = await self._post(request)
        if not isinstance(answer, dict):
            raise RpcUnavailable(f"{self.name}: {method} was not answered by a JSON-RPC object")
        if "result" in answer and answer.get("id") != request["id"]:
            raise RpcUnavailable(f"{self.name}: {method} got the answer of another request")
        return self._result(method, answer)

    async def batch(self, calls: Sequence[Call]) -> list[Any]:
        """Many calls in few requests; their results in order. The first error among them is raised."""
        answers = await self.try_batch(calls)
        for answer in answers:
            if isinstance(answer, RpcError):
                raise answer
        return answers

    async def try_batch(self, calls: Sequence[Call]) -> list[Any]:
        """As `batch`, with an `RpcError` object in the place of a call that failed."""
        results: list[Any] = []
        for start in range(0, len(calls), MAX_BATCH):
            results += await self._batch(calls[start : start + MAX_BATCH])
        return results

    async def _batch(self, calls: Sequence[Call]) -> list[Any]:
        ids = [next(self._ids) for _ in calls]
        answer = await self._post(
            [
                {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
                for number, (method, params) in zip(ids, calls, strict=True)
            ]
        )
        if isinstance(answer, dict):
            # Some nodes answer a batch that they refuse as a whole with one error object.
            self._result("batch", answer)
        if not isinstance(answer, list):
            raise RpcUnavailable(f"{self.name}: a batch was not answered by a list")
        by_id = {item.get("id"): item for item in answer if isinstance(item, dict)}
        results: list[Any] = []
        for number, (method, _) in zip(ids, calls, strict=True):
            if number not in by_id:
                raise RpcUnavailable(f"{self.name}: the batch's answer lacks {method}")
            try:
                results.append(self._result(method, by_id[number]))
            except RpcError as error:
                results.append(error)
        return results

    async def _post(self, body: Any) -> Any:
        try:
            response = await self._http.post(self.url, content=orjson.dumps(body))
        except httpx.TimeoutException as error:
            raise RpcTimeout(f"{self.name}: no answer within {self.timeout:g} s") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise RpcUnavailable(f"{self.name}: {self._said(error) or type(error).__name__}") from error
        if response.status_code == 429:
            after = seconds_to_wait(response.headers.get("retry-after", ""), time.time())
            raise RateLimited(f"{self.name}: too many requests", after)
        try:
            return orjson.loads(response.content)
        except orjson.JSONDecodeError as error:
            raise RpcUnavailable(f"{self.name}: HTTP {response.status_code}, not JSON") from error

    def _result(self, method: str, answer: dict[str, Any], url: str = "") -> Any:
        """A call's result. `url`: who gave it, where it is not the HTTP endpoint."""
        name = endpoint_name(url) if url else self.name
        failure = answer.get("error")
        if failure is None:
            if "result" not in answer:
                raise RpcUnavailable(f"{name}: {method} was answered without a result")
            return answer["result"]
        if not isinstance(failure, dict):
            raise RpcError(method, 0, self._said(failure, url))
        code, message = int(failure.get("code", 0)), self._said(failure.get("message", ""), url)
        if method in ("eth_getLogs", "batch") and is_too_large(message):
            raise TooManyResults(method, code, message, failure.get("data"), most_blocks=most_blocks(message))
        if code in _RATE_LIMIT_CODES or is_rate_limit(message):
            raise RateLimited(f"{name}: {message}")
        raise RpcError(method, code, message, failure.get("data"))

    def _said(self, words: object, url: str = "") -> str:
        """What the node or a library says, fit for others to read."""
        return without_secrets(str(words), url or self.url)

    async def chain_id(self) -> int:
        """The chain's id."""
        return int(await self.call("eth_chainId"), 16)

    async def require_chain(self, chain_id: int) -> None:
        """Refuse an endpoint of another chain.

        Raises
        ------
        WrongChain
            Naming both ids.
        """
        served = await self.chain_id()
        if served != chain_id:
            raise WrongChain(f"{self.name} serves chain {served}, not {chain_id}: check the endpoint")

    async def block_number(self) -> int:
        """The head's number."""
        return int(await self.call("eth_blockNumber"), 16)

    async def block(self, tag: int | str = "latest", *, full: bool = False) -> dict[str, Any] | None:
        """A block by number or tag, or None when the node has none."""
        found: dict[str, Any] | None = await self.call("eth_getBlockByNumber", block_tag(tag), full)
        return found

    async def eth_call(self, to: str, data: str, *, block: int | str = "latest", sender: str | None = None) -> str:
        """Return data of a read-only call, 0x text."""
        request = {"to": to, "data": data} | ({"from": sender} if sender else {})
        return str(await self.call("eth_call", request, block_tag(block)))

    async def heads(self, ws_url: str, *, chain_id: int | None = None) -> AsyncGenerator[dict[str, Any], None]:
        """New block headers by WebSocket subscription, until the connection ends (then `RpcUnavailable`).

        Parameters
        ----------
        chain_id : the chain that it has to be of, else `WrongChain`.
        """
        name = endpoint_name(ws_url)
        try:
            async with connect_websocket(ws_url, open_timeout=self.timeout, max_size=2**24, proxy=None) as socket:
                if (
                    chain_id is not None
                    and (served := int(await self._over(socket, ws_url, "eth_chainId"), 16)) != chain_id
                ):
                    raise WrongChain(f"{name} serves chain {served}, not {chain_id}: check the endpoint")
                subscription = await self._over(socket, ws_url, "eth_subscribe", "newHeads")
                async for text in socket:
                    message = orjson.loads(text)
                    params = message.get("params") or {}
                    if params.get("subscription") == subscription:
                        yield params["result"]
        except TimeoutError as error:
            raise RpcTimeout(f"{name}: no answer within {self.timeout:g} s") from error
        except (WebSocketException, OSError, ValueError, TypeError, AttributeError, KeyError) as error:
            raise RpcUnavailable(f"{name}: {self._said(error, ws_url) or type(error).__name__}") from error
        raise RpcUnavailable(f"{name}: the subscription ended")

    async def _over(self, socket: ClientConnection, ws_url: str, method: str, *params: Any) -> Any:
        """One call over a WebSocket."""
        number = next(self._ids)
        await socket.send(orjson.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}).decode())
        async with asyncio.timeout(self.timeout):
            while True:
                answer = orjson.loads(await socket.recv())
                if answer.get("id") == number or answer.get("error"):
                    return self._result(method, answer, ws_url)


class BlockingRpc:
    """`Rpc` for code without an event loop: one loop on a thread of its own, ended by `close`.

    `run` drives any coroutine function on that loop, so that a `Sender` made for `self.rpc` can be used as well.
    """

    def __init__(self, url: str, *, timeout: float = 30.0) -> None:
        self._context: AbstractContextManager[BlockingPortal] = start_blocking_portal()
        self._portal = self._context.__enter__()
        self.rpc = self.run(_make_rpc, url, timeout)

    def run(self, function: Any, *args: Any) -> Any:
        """Call an async function on the loop and wait for its result."""
        return self._portal.call(function, *args)

    def close(self) -> None:
        """Close the connections and end the thread."""
        self.run(self.rpc.close)
        self._context.__exit__(None, None, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def call(self, method: str, *params: Any) -> Any:
        """See `Rpc.call`."""
        return self.run(self.rpc.call, method, *params)

    def batch(self, calls: Sequence[Call]) -> list[Any]:
        """See `Rpc.batch`."""
        results: list[Any] = self.run(self.rpc.batch, calls)
        return results

    def try_batch(self, calls: Sequence[Call]) -> list[Any]:
        """See `Rpc.try_batch`."""
        results: list[Any] = self.run(self.rpc.try_batch, calls)
        return results


async def _make_rpc(url: str, seconds: float) -> Rpc:
    return Rpc(url, timeout=seconds)


def block_tag(tag: int | str) -> str:
    """A block number as the hex text that nodes want; a tag as it is."""
    return hex(tag) if isinstance(tag, int) else tag
