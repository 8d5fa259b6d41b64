"""Holds messages of the stream to its AsyncAPI document."""

from __future__ import annotations

from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from api.documents import asyncapi_document


def validate_message(message: dict[str, Any]) -> None:
    """Fail unless the document describes a message that the API sent."""
    name = message["op"] if "op" in message else message["channel"].partition(".")[0]
    faults = [f"{error.json_path}: {error.message}" for error in _validator(name).iter_errors(message)]
    assert not faults, f"a message of {name} that the AsyncAPI document does not describe: {faults[:5]}"


@cache
def _validator(name: str) -> Draft202012Validator:
    document = asyncapi_document()
    sent = {
        reference["$ref"].rpartition("/")[2]
        for operation in document["operations"].values()
        if operation["action"] == "send"
        for reference in operation["messages"]
    }
    assert name in sent, f"the API sent a message of {name}, which no operation sends"
    components = document["components"]
    return Draft202012Validator(components["messages"][name]["payload"] | {"components": components})
