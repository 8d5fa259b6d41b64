"""What every service shows of itself: JSON logs, Prometheus metrics and its health.

`/healthz` and `/metrics` are answered on the service's own event loop: a loop that is blocked does not answer, and the
stack then says that the service is unhealthy. A thread would go on saying that all is well.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import signal
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Literal

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest

from optionix.errors import UserError

Status = Literal["ok", "degraded", "failed"]

_LONGEST_REQUEST = 64 * 1024
_REQUEST_SECONDS = 5.0


@dataclass(frozen=True)
class HealthReport:
    """How a service is.

    Parameters
    ----------
    status
        `ok`: does all of its work. `degraded`: works, but late or in part. `failed`: does not work.
    detail
        One sentence for people.
    figures
        Numbers and words that belong to it (head, lag_blocks, drift, ...); JSON values.
    ready
        Whether others can count on its work now; by default unless it failed.
    """

    status: Status
    detail: str = ""
    figures: dict[str, Any] = field(default_factory=dict)
    ready: bool | None = None

    @property
    def is_ready(self) -> bool:
        """Whether others can count on its work now."""
        return self.status != "failed" if self.ready is None else self.ready

    def as_json(self) -> dict[str, Any]:
        """The body of `/healthz`."""
        return {"status": self.status, "detail": self.detail, **self.figures}


Health = Callable[[], HealthReport | Awaitable[HealthReport]]
Route = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]


class TelemetryServer:
    """A small HTTP server for `/metrics`, `/healthz`, `/readyz` and, where a service has any, POST routes.

    `/healthz` answers 200 when the service is ok or degraded, and 503 when it failed: it should be started again.
    `/readyz` answers 200 while others can count on its work, else 503: it should not be given any. Both say how it is.
    """

    def __init__(
        self,
        port: int,
        health: Health,
        *,
        host: str = "127.0.0.1",
        registry: CollectorRegistry = REGISTRY,
        routes: dict[str, Route] | None = None,
    ) -> None:
        self.host = host
        self.port = port
        self._health = health
        self._registry = registry
        self._routes = routes or {}
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Begins to listen, if it does not yet; port 0 takes a free one, which `port` then names.

        Raises
        ------
        UserError
            The port is taken.
        """
        if self._server is not None:
            return
        try:
            self._server = await asyncio.start_server(self._serve, self.host, self.port, limit=_LONGEST_REQUEST)
        except OSError as error:
            raise UserError(
                f"Cannot listen on {self.host}:{self.port}: {error.strerror or error}.", "Choose another --port-base."
            ) from error
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stops listening."""
        if self._server is not None:
            self._server.close()
            self._server = None

    async def __aenter__(self) -> TelemetryServer:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_REQUEST_SECONDS):
                code, kind, body = await self._answer(reader)
                writer.write(
                    f"HTTP/1.1 {code}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
                    "Cache-Control: no-store\r\nConnection: close\r\n\r\n".encode()
                    + body
                )
                await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # the caller went away, or never asked anything
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader) -> tuple[str, str, bytes]:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        request, *lines = head.split("\r\n")
        method, _, rest = request.partition(" ")
        path = rest.split(" ")[0].split("?")[0]
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        if method == "GET" and path == "/metrics":
            return "200 OK", CONTENT_TYPE_LATEST, generate_latest(self._registry)
        if method == "GET" and path in ("/healthz", "/readyz"):
            report = await self.report()
            good, body = report.status != "failed", report.as_json()
            if path == "/readyz":
                good = report.is_ready
                body = {"ready": good, **body}
            code = "200 OK" if good else "503 Service Unavailable"
            return code, "application/json", json.dumps(body, default=str).encode()
        route = self._routes.get(path) if method == "POST" else None
        if route is None:
            return "404 Not Found", "application/json", b'{"error":"not found"}'
        # A page in a browser cannot send this type to another origin without asking first, and is never allowed to.
        if headers.get("content-type", "").split(";")[0] != "application/json":
            return "415 Unsupported Media Type", "application/json", b'{"error":"send application/json"}'
        size = int(headers.get("content-length", "0") or 0)
        if not 0 <= size <= _LONGEST_REQUEST:
            return "413 Content Too Large", "application/json", b'{"error":"too large"}'
        try:
            given = json.loads(await reader.readexactly(size) or b"{}")
            if not isinstance(given, dict):
                raise ValueError("send a JSON object")
            answer = await route(given)
        except ValueError as error:
            return "400 Bad Request", "application/json", json.dumps({"error": str(error)}).encode()
        return "200 OK", "application/json", json.dumps(answer, default=str).encode()

    async def report(self) -> HealthReport:
        """The service's own word; a check that itself fails is a failure."""
        try:
            report = self._health()
            return report if isinstance(report, HealthReport) else await report
        except Exception as error:  # noqa: BLE001 - whatever breaks the check is the answer
            structlog.get_logger().exception("health check failed")
            return HealthReport("failed", f"the health check itself failed: {error}")


async def serve(
    port: int,
    health: Health,
    *,
    host: str = "127.0.0.1",
    registry: CollectorRegistry = REGISTRY,
    routes: dict[str, Route] | None = None,
) -> TelemetryServer:
    """Starts a telemetry server on the running loop and returns it.

    Parameters
    ----------
    port
        Loopback port; 0 takes a free one.
    health
        Called at each `/healthz`; plain or async. Keep it quick: the stack waits 2 seconds.
    host
        Address to listen on.
    registry
        Metrics to show.
    routes
        POST paths with their handlers; a handler raises ValueError for a bad request.
    """
    server = TelemetryServer(port, health, host=host, registry=registry, routes=routes)
    await server.start()
    return server


def configure_logging(service: str, level: str = "info") -> structlog.stdlib.BoundLogger:
    """Logs of this process become JSON lines on stdout, those of libraries too.

    Parameters
    ----------
    service
        Name that each line carries.
    level
        Least severe level: debug, info, warning or error.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        # Without the values of variables: addresses with keys, passwords and secrets are among them.
        structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False)),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(default=str),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for noisy in ("httpx", "httpcore", "urllib3", "websockets"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, root.level))
    logger: structlog.stdlib.BoundLogger = structlog.get_logger(service)
    structlog.contextvars.bind_contextvars(service=service)
    return logger


def stop_event() -> asyncio.Event:
    """An event that SIGTERM and SIGINT set: a service ends its work when it is set."""
    event = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, event.set)
    return event
