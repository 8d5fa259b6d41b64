"""Whether a part of the stack answers, asked from outside over a new connection each time.

A frozen server keeps its old connections open and says nothing on new ones: only an answer counts.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx
import psycopg
import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from optionix.telemetry import HealthReport

PROBE_SECONDS = 2.0
"""Longest that a healthy part takes to answer the supervisor; a frozen one shows there within 3 s."""

Probe = Callable[[], Awaitable[HealthReport]]


@dataclass(frozen=True)
class Answer:
    """What a part said, or that it said nothing.

    Parameters
    ----------
    report
        Its own report; `failed` with the reason when there was no answer.
    came
        Whether it answered at all.
    """

    report: HealthReport
    came: bool


async def ask(probe: Probe, seconds: float = PROBE_SECONDS) -> Answer:
    """Asks a part how it is; silence for `seconds` and failure to connect are `failed`."""
    try:
        async with asyncio.timeout(seconds):
            return Answer(await probe(), came=True)
    except TimeoutError:
        return Answer(HealthReport("failed", f"no answer within {seconds:g} s"), came=False)
    except (OSError, httpx.HTTPError, psycopg.Error, redis.RedisError, ValueError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        return Answer(HealthReport("failed", f"does not answer: {reason[:200]}"), came=False)


def postgres(conninfo: str) -> Probe:
    """Postgres serves a query on a new session."""

    async def probe() -> HealthReport:
        async with await psycopg.AsyncConnection.connect(conninfo, autocommit=True) as session:
            rows = await session.execute("select count(*) from pg_stat_activity where backend_type = 'client backend'")
            found = await rows.fetchone()
        return HealthReport("ok", "", {"sessions": found[0] - 1 if found else 0})

    return probe


def redis_server(url: str) -> Probe:
    """Redis answers a PING on a new connection."""

    async def probe() -> HealthReport:
        client = redis.asyncio.Redis.from_url(url, retry=Retry(NoBackoff(), 0))
        try:
            memory = await client.info("memory")
        finally:
            await client.aclose()
        return HealthReport("ok", "", {"memory_bytes": memory["used_memory"]})

    return probe


def chain(url: str) -> Probe:
    """The node tells its head."""

    async def probe() -> HealthReport:
        body = {"jsonrpc": "2.0", "id": 1, "method": "eth_getBlockByNumber", "params": ["latest", False]}
        async with httpx.AsyncClient(trust_env=False, timeout=None) as client:
            block = (await client.post(url, json=body)).json()["result"]
        figures = {"head": int(block["number"], 16), "market_time": int(block["timestamp"], 16)}
        return HealthReport("ok", f"block {figures['head']}", figures)

    return probe


def service(port: int, host: str = "127.0.0.1") -> Probe:
    """A service's own `/healthz`."""

    async def probe() -> HealthReport:
        async with httpx.AsyncClient(trust_env=False, timeout=None) as client:
            answer = await client.get(f"http://{host}:{port}/healthz")
        return read_report(answer.content)

    return probe


def read_report(body: bytes) -> HealthReport:
    """A health report from the JSON of `/healthz`.

    Raises
    ------
    ValueError
        It is not one.
    """
    with contextlib.suppress(json.JSONDecodeError):
        given: Any = json.loads(body)
        if isinstance(given, dict) and given.get("status") in ("ok", "degraded", "failed"):
            figures = {name: value for name, value in given.items() if name not in ("status", "detail")}
            return HealthReport(given["status"], str(given.get("detail", "")), figures)
    raise ValueError("its /healthz is not a health report")
