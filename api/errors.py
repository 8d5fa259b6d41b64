"""One error base for every endpoint, answered as RFC 9457 problem details with a stable code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import Match

from optionix.token_keys import TokenKeysMissing

log = structlog.get_logger(__name__)

PROBLEM_JSON = "application/problem+json"


class ApiError(Exception):
    """An answer that is not the one asked for; says what the caller can do.

    Parameters
    ----------
    detail
        A sentence for the caller.
    extra
        Further members of the problem document.
    """

    status = 500
    code = "internal_error"
    title = "Internal error"
    headers: ClassVar[Mapping[str, str]] = {}

    def __init__(self, detail: str, **extra: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.extra = extra


class NotFound(ApiError):
    """The thing named in the path does not exist."""

    status = 404
    code = "not_found"
    title = "Not found"


class BadRequest(ApiError):
    """A parameter is well-formed but makes no sense here."""

    status = 400
    code = "bad_request"
    title = "Bad request"


class Unavailable(ApiError):
    """Something behind the API cannot answer now; the same request may work later."""

    status = 503
    code = "unavailable"
    title = "Unavailable"
    headers: ClassVar[Mapping[str, str]] = {"Retry-After": "1"}


def problem(
    request: Request,
    status: int,
    code: str,
    title: str,
    detail: str,
    headers: Mapping[str, str] | None = None,
    **extra: Any,
) -> JSONResponse:
    """A problem document; `instance` is the request's id, so that a report can be matched with the logs."""
    body = {
        "type": f"urn:optionix:error:{code}",
        "title": title,
        "status": status,
        "code": code,
        "detail": detail,
        "instance": request.scope.get("request_id", ""),
        **extra,
    }
    return JSONResponse(body, status, headers=headers, media_type=PROBLEM_JSON)


def install(app: FastAPI) -> None:
    """Registers the handlers that turn every refusal into a problem document."""

    @app.exception_handler(ApiError)
    async def _api_error(request: Request, error: ApiError) -> JSONResponse:
        return problem(
            request, error.status, error.code, error.title, error.detail, headers=error.headers, **error.extra
        )

    @app.exception_handler(TokenKeysMissing)
    async def _no_keys(request: Request, error: TokenKeysMissing) -> JSONResponse:
        log.error("token_keys_missing", error=str(error))
        return await _api_error(request, Unavailable("Nobody can sign in now: the operator has to set a key up."))

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        faults = [
            {"where": ".".join(str(part) for part in fault["loc"]), "what": fault["msg"]} for fault in error.errors()
        ]
        detail = "; ".join(f"{fault['where']}: {fault['what']}" for fault in faults)
        return problem(request, 422, "invalid_request", "Invalid request", detail, faults=faults)

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> JSONResponse:
        if error.status_code == 400:  # the framework's own, for a body that is no text
            return problem(request, 422, "invalid_request", "Invalid request", str(error.detail), faults=[])
        if error.status_code == 405:
            allowed = _allowed(request)
            detail = f"{request.method} does nothing here; {allowed} does."
            return problem(request, 405, "method_not_allowed", "Method not allowed", detail, headers={"Allow": allowed})
        code = "not_found" if error.status_code == 404 else "http_error"
        title = code.replace("_", " ").capitalize()
        return problem(request, error.status_code, code, title, str(error.detail), headers=error.headers)


def _allowed(request: Request) -> str:
    """The methods of all routes at the request's path."""
    routes = request.app.routes
    asked = ({**request.scope, "method": method} for method in ("DELETE", "GET", "PATCH", "POST", "PUT"))
    return ", ".join(
        scope["method"] for scope in asked if any(route.matches(scope)[0] is Match.FULL for route in routes)
    )
