"""A node's answers on their way to us, altered as a bad endpoint would: between a real client and a real node.

A fault takes each call and the node's answer to it, and gives back what is served instead.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import orjson

Json = Any
Fault = Callable[[str, list[Json], Json], Json]
"""Method, parameters and result; the result that is served."""


class Refused(Exception):
    """Served as a JSON-RPC error in the place of a result."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.error = {"code": code, "message": message}


class Broken(Exception):
    """Served as this HTTP answer in the place of the whole one."""

    def __init__(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        super().__init__(f"HTTP {status}")
        self.response = httpx.Response(status, content=body, headers=headers)


class FaultyTransport(httpx.AsyncBaseTransport):
    """A transport to a node whose answers a fault alters; without one they pass as they are.

    Attributes
    ----------
    asked : how often each method was called.
    """

    def __init__(self) -> None:
        self.fault: Fault | None = None
        self.cut: int | None = None
        self.asked: dict[str, int] = {}
        self._node = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Ask the node, and serve what the fault makes of its answer."""
        wanted = orjson.loads(request.content)
        calls = wanted if isinstance(wanted, list) else [wanted]
        for call in calls:
            self.asked[call["method"]] = self.asked.get(call["method"], 0) + 1
        response = await self._node.handle_async_request(request)
        body = await response.aread()
        if self.fault is None:
            return httpx.Response(response.status_code, content=body)
        answers = orjson.loads(body)
        by_id = {answer["id"]: answer for answer in (answers if isinstance(answers, list) else [answers])}
        try:
            served = [self._served(call, by_id[call["id"]]) for call in calls]
        except Broken as broken:
            return broken.response
        content = orjson.dumps(served if isinstance(wanted, list) else served[0])
        return httpx.Response(200, content=content if self.cut is None else content[: self.cut])

    def _served(self, call: dict[str, Json], answer: dict[str, Json]) -> dict[str, Json]:
        if "result" not in answer or self.fault is None:
            return answer
        try:
            return {**answer, "result": self.fault(call["method"], list(call["params"]), answer["result"])}
        except Refused as refused:
            return {"jsonrpc": "2.0", "id": call["id"], "error": refused.error}

    async def aclose(self) -> None:
        """Close the connections."""
        await self._node.aclose()


# --- faults ---


def both(*faults: Fault) -> Fault:
    """One fault after another."""

    def served(method: str, params: list[Json], result: Json) -> Json:
        for fault in faults:
            result = fault(method, params, result)
        return result

    return served


def hide_logs(hidden: Callable[[Json], bool], *, in_receipts: bool = False) -> Fault:
    """Leaves logs out of `eth_getLogs`, and out of receipts as well where asked to."""

    def served(method: str, _: list[Json], result: Json) -> Json:
        if method == "eth_getLogs":
            return [log for log in result if not hidden(log)]
        if method == "eth_getBlockReceipts" and in_receipts and result:
            return [{**one, "logs": [log for log in one["logs"] if not hidden(log)]} for one in result]
        return result

    return served


def empty_blooms(method: str, _: list[Json], result: Json) -> Json:
    """Says of every block that nothing happened in it."""
    if method.startswith("eth_getBlockBy") and result:
        return {**result, "logsBloom": "0x" + "00" * 256}
    return result


def no_receipts(method: str, _: list[Json], result: Json) -> Json:
    """Does not know `eth_getBlockReceipts`."""
    if method == "eth_getBlockReceipts":
        raise Refused(-32601, "the method eth_getBlockReceipts does not exist")
    return result


def another_genesis(method: str, params: list[Json], result: Json) -> Json:
    """Serves a chain that began otherwise."""
    if method == "eth_getBlockByNumber" and params[0] == "0x0":
        return {**result, "hash": "0x" + "11" * 32}
    return result


def another_chain(method: str, _: list[Json], result: Json) -> Json:
    """Serves a chain with another id."""
    return "0x2a" if method == "eth_chainId" else result


def head_at(number: int, node: Callable[..., Json]) -> Fault:
    """Knows nothing above a block. `node` asks the node itself."""

    def served(method: str, params: list[Json], result: Json) -> Json:
        if method == "eth_blockNumber":
            return hex(min(int(result, 16), number))
        if method == "eth_getBlockByNumber" and result and int(result["number"], 16) > number:
            return node("eth_getBlockByNumber", hex(number), False) if params[0] == "latest" else None
        return result

    return served


def broken(status: int, body: bytes = b"", **headers: str) -> Fault:
    """Answers nothing but this."""

    def served(*_: Json) -> Json:
        raise Broken(status, body, {name.replace("_", "-"): value for name, value in headers.items()})

    return served
