"""The API's OpenAPI document: names of calls, and what each may answer instead of what was asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import ConfigDict, Field

from api.errors import PROBLEM_JSON
from api.schemas import Schema

_REFUSALS = {
    400: "It makes no sense here; `detail` says why.",
    401: "Nobody is signed in, or no longer.",
    404: "There is no such thing.",
    413: "The body is too large.",
    422: "A parameter or the body is malformed; `faults` says where.",
    429: "Too many requests or orders; `Retry-After` says when to come again.",
    503: "Something behind the API cannot answer now; `Retry-After` says when to try again.",
}


class Fault(Schema):
    """One fault of a request."""

    where: str = Field(examples=["query.amount"])
    what: str


class Problem(Schema):
    """A refusal (RFC 9457)."""

    # Kinds of refusals have members of their own.
    model_config = ConfigDict(extra="allow")

    type: str = Field(description="A name of the kind of refusal.", examples=["urn:optionix:error:not_found"])
    title: str
    status: int
    code: str = Field(description="The same, to compare with; it never changes.", examples=["not_found"])
    detail: str = Field(description="A sentence for people.")
    instance: str = Field(description="The request's id, as in `X-Request-Id`.")
    faults: list[Fault] | None = Field(default=None, description="With status 422: what is wrong where.")


def install(app: FastAPI) -> None:
    """Serve the document with every refusal in it."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _with_refusals(
                get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
            )
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]  # FastAPI's documented way


def operation_id(route: APIRoute) -> str:
    """The name that generated clients give a call: ``getOptionChain`` for ``get_option_chain``."""
    first, *others = route.name.split("_")
    return first + "".join(word.capitalize() for word in others)


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For a route's `responses`: statuses that its form does not tell."""
    return {status: {"description": _REFUSALS[status]} for status in statuses}


def _with_refusals(document: dict[str, Any]) -> dict[str, Any]:
    schemas = document["components"]["schemas"]
    for made_by_default in ("HTTPValidationError", "ValidationError"):
        schemas.pop(made_by_default, None)
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= problem.pop("$defs") | {"Problem": problem}
    for path, item in document["paths"].items():
        for operation in item.values():
            answers = operation["responses"]
            for status in _told_by_form(path, operation):
                answers.setdefault(str(status), {"description": _REFUSALS[status]})
            for status, answer in answers.items():
                if int(status) >= 400:
                    answer["description"] = _REFUSALS[int(status)]
                    answer["content"] = {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}}
            operation["responses"] = dict(sorted(answers.items()))
    document["components"]["schemas"] = dict(sorted(schemas.items()))
    return document


def _told_by_form(path: str, operation: dict[str, Any]) -> Iterator[int]:
    yield from (429, 503)
    if operation.get("security"):
        yield 401
    if "{" in path:
        yield 404
    if "requestBody" in operation:
        yield 413
