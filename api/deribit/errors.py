"""Refusals with Deribit's published codes, so that clients take them for what they are."""

from __future__ import annotations

from http import HTTPStatus


class RpcError(Exception):
    """A call that is refused.

    Parameters
    ----------
    reason : why, for `error.data.reason`.
    param : which parameter is wrong, for `error.data.param`.
    """

    code = 11094
    message = "internal_server_error"
    http_status = HTTPStatus.INTERNAL_SERVER_ERROR

    def __init__(self, reason: str = "", param: str = "") -> None:
        super().__init__(reason or self.message)
        self.reason = reason
        self.param = param

    def body(self) -> dict[str, object]:
        """The `error` member of an answer."""
        data = {name: text for name, text in (("reason", self.reason), ("param", self.param)) if text}
        return {"code": self.code, "message": self.message, **({"data": data} if data else {})}


class InternalError(RpcError):
    """Something broke here; the log has it."""


class ParseError(RpcError):
    """No JSON."""

    code, message, http_status = -32700, "Parse error", HTTPStatus.BAD_REQUEST


class MethodNotFound(RpcError):
    """No such method, here or at Deribit."""

    code, message, http_status = -32601, "Method not found", HTTPStatus.BAD_REQUEST


class InvalidParams(RpcError):
    """A parameter is missing or makes no sense."""

    code, message, http_status = -32602, "Invalid params", HTTPStatus.BAD_REQUEST


class BadRequest(RpcError):
    """JSON, but no request."""

    code, message, http_status = 11050, "bad_request", HTTPStatus.BAD_REQUEST


class InstrumentNotFound(RpcError):
    """A well-formed name of nothing that is listed."""

    code, message, http_status = 13020, "not_found", HTTPStatus.BAD_REQUEST


class Unauthorized(RpcError):
    """A private method: there are no accounts here that could call it."""

    code, message, http_status = 13009, "unauthorized", HTTPStatus.UNAUTHORIZED


class InvalidCredentials(RpcError):
    """A sign-in: there are no credentials here."""

    code, message, http_status = 13004, "invalid_credentials", HTTPStatus.BAD_REQUEST


class NotImplementedHere(RpcError):
    """A public method of Deribit's that has no meaning here, such as the funding of perpetuals."""

    code, message, http_status = 10033, "not_implemented", HTTPStatus.BAD_REQUEST


class MustBeWebsocket(RpcError):
    """Subscriptions and heartbeats over HTTP."""

    code, message, http_status = 10030, "must_be_websocket_request", HTTPStatus.BAD_REQUEST


class TooManyRequests(RpcError):
    """A connection asks for more than its share."""

    code, message, http_status = 10028, "too_many_requests", HTTPStatus.TOO_MANY_REQUESTS


class Retry(RpcError):
    """Nothing to answer with yet; the same call may work later."""

    code, message, http_status = 10040, "retry", HTTPStatus.SERVICE_UNAVAILABLE
