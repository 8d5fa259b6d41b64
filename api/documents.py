"""The API's own description: its OpenAPI document, from which clients are generated."""

from __future__ import annotations

from typing import Any

from api.app import create_app
from optionix.settings import Settings


def openapi_document() -> dict[str, Any]:
    """The OpenAPI document that every instance of this version serves, whatever its settings are."""
    return create_app(Settings()).openapi()
