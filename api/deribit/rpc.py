"""The envelope of JSON-RPC 2.0 as Deribit speaks it: named parameters, no batches, times of the call in each answer."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from api.deribit.errors import BadRequest, ParseError, RpcError

VERSION = "2.0"
Id = int | str | None
_LONGEST_ID = 100


@dataclass(frozen=True)
class Call:
    """One request.

    Attributes
    ----------
    id : the caller's, given back; None where the request has none, as over GET.
    """

    method: str
    params: Mapping[str, Any]
    id: Id = None


class Malformed(Exception):
    """A message that is no call, with the id that it came with where that can be told."""

    def __init__(self, error: RpcError, request_id: Id = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.id = request_id


def parse(body: bytes | str, path: str = "") -> Call:
    """Read a message; `path` names the method where the message does not.

    Raises
    ------
    Malformed
        For what is no JSON, a batch, an id that is neither an integer nor a text, or parameters by position.
    """
    try:
        message = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Malformed(ParseError(str(error))) from None
    if isinstance(message, list):
        raise Malformed(BadRequest("batches are not supported: send one request a message"))
    if not isinstance(message, dict):
        raise Malformed(BadRequest("a request is an object with method and params"))
    request_id = message.get("id")
    if request_id is not None and not _is_id(request_id):
        raise Malformed(BadRequest("must be an integer or a text", "id"))
    if message.get("jsonrpc", VERSION) != VERSION:
        raise Malformed(BadRequest('must be "2.0"', "jsonrpc"), request_id)
    method, params = message.get("method", path or None), message.get("params")
    if not isinstance(method, str):
        raise Malformed(BadRequest("value required", "method"), request_id)
    if path and method.removeprefix("/") != path:
        raise Malformed(BadRequest("is not the method of the path", "method"), request_id)
    if params is not None and not isinstance(params, dict):
        raise Malformed(BadRequest("must be an object: parameters have names", "params"), request_id)
    return Call(method.removeprefix("/"), params or {}, request_id)


def _is_id(value: object) -> bool:
    if isinstance(value, str):
        return len(value) <= _LONGEST_ID
    return isinstance(value, int) and not isinstance(value, bool)


def now_microseconds() -> int:
    """Wall time."""
    return time.time_ns() // 1_000


class Envelope:
    """Wraps what calls come to. `testnet`: whether money here is play money."""

    def __init__(self, *, testnet: bool) -> None:
        self._testnet = testnet

    def result(self, value: object, request_id: Id, started: int) -> dict[str, object]:
        """An answer."""
        return self._wrap({"result": value}, request_id, started)

    def error(self, error: RpcError, request_id: Id, started: int) -> dict[str, object]:
        """A refusal."""
        return self._wrap({"error": error.body()}, request_id, started)

    def _wrap(self, body: dict[str, object], request_id: Id, started: int) -> dict[str, object]:
        ended = max(now_microseconds(), started)
        made: dict[str, object] = {"jsonrpc": VERSION}
        if request_id is not None:
            made["id"] = request_id
        return made | body | {"usIn": started, "usOut": ended, "usDiff": ended - started, "testnet": self._testnet}


def notification(method: str, params: Mapping[str, object]) -> dict[str, object]:
    """A message that asks for no answer."""
    return {"jsonrpc": VERSION, "method": method, "params": params}
