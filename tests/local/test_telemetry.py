"""Health and metrics on one port, answered by the service's own loop."""

from __future__ import annotations

import asyncio
import logging

import httpx
import pytest
import structlog
from prometheus_client import CollectorRegistry, Counter

from optionix import telemetry
from optionix.errors import UserError
from optionix.telemetry import HealthReport, configure_logging


async def _get(port: int, path: str) -> httpx.Response:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        return await client.get(path)


def test_health_metrics_and_unknown_paths() -> None:
    async def scene() -> None:
        registry = CollectorRegistry()
        Counter("rounds", "Rounds posted.", registry=registry).inc(3)
        report = HealthReport("ok", "all well", {"head": 12})
        async with telemetry.TelemetryServer(0, lambda: report, registry=registry) as server:
            health = await _get(server.port, "/healthz")
            assert (health.status_code, health.json()) == (200, {"status": "ok", "detail": "all well", "head": 12})
            assert "rounds_total 3.0" in (await _get(server.port, "/metrics")).text
            assert (await _get(server.port, "/other")).status_code == 404

    asyncio.run(scene())


def test_ready_is_apart_from_healthy() -> None:
    async def scene() -> None:
        told = [
            (HealthReport("ok"), 200, 200),
            (HealthReport("degraded"), 200, 200),
            (HealthReport("degraded", ready=False), 200, 503),
            (HealthReport("failed"), 503, 503),
            (HealthReport("ok", ready=False), 200, 503),
        ]
        for report, health, ready in told:
            async with telemetry.TelemetryServer(0, lambda report=report: report) as server:  # type: ignore[misc]
                assert (await _get(server.port, "/healthz")).status_code == health
                answer = await _get(server.port, "/readyz")
                assert (answer.status_code, answer.json()["ready"]) == (ready, ready == 200)

    asyncio.run(scene())


def test_a_failed_service_and_a_failing_check_answer_503() -> None:
    async def broken() -> HealthReport:
        raise RuntimeError("no database")

    async def scene() -> None:
        async with telemetry.TelemetryServer(0, broken) as server:
            answer = await _get(server.port, "/healthz")
            assert answer.status_code == 503
            assert answer.json()["status"] == "failed"
            assert "no database" in answer.json()["detail"]

    asyncio.run(scene())


def test_routes_take_json_alone() -> None:
    async def double(given: dict[str, object]) -> dict[str, object]:
        if not isinstance(given.get("n"), int):
            raise ValueError("n is a number")
        return {"n": 2 * given["n"]}  # type: ignore[operator]

    async def scene() -> None:
        health = lambda: HealthReport("ok")  # noqa: E731
        async with telemetry.TelemetryServer(0, health, routes={"/double": double}) as server:
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}") as client:
                assert (await client.post("/double", json={"n": 4})).json() == {"n": 8}
                assert (await client.post("/double", json={})).status_code == 400
                # What a page of another origin could send without being asked first.
                plain = await client.post("/double", content='{"n": 4}', headers={"Content-Type": "text/plain"})
                assert plain.status_code == 415

    asyncio.run(scene())


def test_a_started_server_may_be_entered_too() -> None:
    async def scene() -> None:
        server = await telemetry.serve(0, lambda: HealthReport("ok"))
        async with server:
            assert (await _get(server.port, "/healthz")).status_code == 200

    asyncio.run(scene())


def test_a_taken_port_is_one_clear_line() -> None:
    async def scene() -> None:
        health = lambda: HealthReport("ok")  # noqa: E731
        async with telemetry.TelemetryServer(0, health) as server:
            with pytest.raises(UserError, match=f"{server.port}.*port-base"):
                await telemetry.serve(server.port, health)

    asyncio.run(scene())


def test_a_logged_traceback_tells_no_values(capsys: pytest.CaptureFixture[str]) -> None:
    """Addresses with keys, passwords and tokens are among the variables of any function."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    try:
        log = configure_logging("test")
        try:
            connect_with_password("hunter2")
        except ValueError:
            log.exception("not connected")
        logging.getLogger("library").exception("not connected", exc_info=ValueError("refused"))
    finally:
        root.handlers = handlers
        root.setLevel(level)
        structlog.contextvars.clear_contextvars()
        structlog.reset_defaults()
    told = capsys.readouterr().out
    assert "refused" in told and "connect_with_password" in told
    assert "hunter2" not in told


def connect_with_password(password: str) -> None:
    raise ValueError("refused" if password else "no password")
