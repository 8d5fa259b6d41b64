"""What every HTTP answer carries: a request id, security headers, and its place in the metrics."""

from __future__ import annotations

import time
import uuid

import structlog
from prometheus_client import Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = structlog.get_logger(__name__)

REQUESTS = Counter("optionix_api_requests_total", "HTTP requests answered", ["method", "status"])
SECONDS = Histogram(
    "optionix_api_request_seconds",
    "Time to the first byte of an answer",
    buckets=(0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5),
)

# The page loads only what the API itself serves; wallets live in the browser, so connections stay on this origin.
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; "
    "connect-src 'self' ws: wss:; object-src 'none'; base-uri 'self'; frame-ancestors 'none'"
)
SECURITY_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
]
MAX_REQUEST_ID = 64


class Envelope:
    """Adds the request id (the caller's, when it is sane) and the security headers, and counts."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope["request_id"] = request_id
        started = time.perf_counter()

        async def enveloped(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message.setdefault("headers", [])
                headers.append((b"x-request-id", request_id.encode()))
                headers.extend(SECURITY_HEADERS)
                REQUESTS.labels(scope["method"], message["status"]).inc()
                SECONDS.observe(time.perf_counter() - started)
            await send(message)

        await self.app(scope, receive, enveloped)


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id":
            given = str(value.decode("latin-1"))
            if 0 < len(given) <= MAX_REQUEST_ID and all(c.isalnum() or c in "-_." for c in given):
                return given
    return uuid.uuid4().hex
