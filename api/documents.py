"""The API's own description, from which clients are generated: OpenAPI for requests, AsyncAPI for the stream."""

from __future__ import annotations

from typing import Any

import optionix
from api.app import create_app
from api.stream import document as stream
from optionix.settings import Settings


def openapi_document() -> dict[str, Any]:
    """The OpenAPI document that every instance of this version serves, whatever its settings are."""
    return create_app(Settings()).openapi()


def asyncapi_document() -> dict[str, Any]:
    """The AsyncAPI document of `/ws`."""
    return stream.asyncapi_document("Optionix", optionix.__version__)
