"""Everything that an API answers and pushes about one network, to be compared with what another one says."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import orjson
from httpx import Client, Response
from starlette.testclient import TestClient
from websockets.asyncio.client import connect

from api.app import create_app
from optionix.settings import Settings

Get = Callable[..., Response]
_PLACE = re.compile(r"{(\w+)}")
_ELSEWHERE = ("/v1/auth/", "/v1/risk/")
"""What is not read from the tables of a chain."""
_BESIDE = {"received_at", "audit_block", "drift", "instance"}
"""What is not of the chain: when somebody sent something in, what an audit found, which request was refused."""


def paths(document: Mapping[str, Any], known: Mapping[str, list[str]]) -> list[str]:
    """Every address of an OpenAPI document that is read, with each known value in its place.

    Parameters
    ----------
    known : values of parameters by their names.
    """
    found = []
    for path, methods in document["paths"].items():
        if "get" not in methods or path.startswith(_ELSEWHERE):
            continue
        asked = methods["get"].get("parameters", [])
        wanted = [each["name"] for each in asked if each["in"] == "query" and each.get("required")]
        query = "&".join(f"{name}={{{name}}}" for name in wanted)
        found += list(_filled(f"{path}?{query}" if query else path, known))
    return found


def _filled(path: str, known: Mapping[str, list[str]]) -> Iterator[str]:
    place = _PLACE.search(path)
    if place is None:
        yield path
        return
    for value in known[place[1]]:
        yield from _filled(path.replace(place[0], value, 1), known)


def answers(client: Client, asked: list[str]) -> dict[str, Any]:
    """What each address answers of the chain."""
    found = {}
    for path in asked:
        answer = client.get(path)
        found[path] = (answer.status_code, _of_the_chain(answer.json()))
    return found


def _of_the_chain(answer: Any) -> Any:
    if isinstance(answer, dict):
        return {key: _of_the_chain(value) for key, value in answer.items() if key not in _BESIDE}
    return [_of_the_chain(each) for each in answer] if isinstance(answer, list) else answer


@contextmanager
def api_of(config: Settings) -> Iterator[TestClient]:
    """An API in this process."""
    with TestClient(create_app(config)) as client:
        yield client


async def hear(url: str, channels: list[str], into: list[dict[str, Any]]) -> None:
    """Keep what an API pushes, snapshots included, until cancelled."""
    async with connect(url.replace("http", "ws", 1) + "/ws", max_size=2**24, proxy=None) as socket:
        await socket.send(orjson.dumps({"op": "subscribe", "channels": channels}).decode())
        async for text in socket:
            message = orjson.loads(text)
            assert message.get("op") != "error", message
            into.append(message)


async def end(*tasks: asyncio.Task[None]) -> None:
    """Cancel what listens; what it failed of is raised."""
    for task in tasks:
        task.cancel()
    for outcome in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(outcome, Exception):
            raise outcome
