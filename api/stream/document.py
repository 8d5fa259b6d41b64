"""The stream's AsyncAPI document: its commands, its answers, and what each kind of channel carries."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from api.schemas import BlockRef
from api.stream.channels import kinds
from api.stream.publisher import ChannelKind

_DESCRIPTION = (
    "One connection at `/ws`, on which a client subscribes to any number of channels by name. Each channel sends a "
    "snapshot, then updates whose sequence rises by one: after a gap subscribe again."
)
_REF = "#/components/schemas/{model}"
_ARGUMENTS = {
    "symbol": ("Base symbol of a market.", "ETH"),
    "expiry": ("Expiry in seconds.", "1767168000"),
    "name": ("Name of a series.", "ETH-27NOV26-3000-C"),
    "address": ("Address in hexadecimal.", "0x" + "00" * 20),
}
_NAMES = {"type": "array", "items": {"type": "string"}}


def asyncapi_document(title: str, version: str) -> dict[str, Any]:
    """The document, with every command, every answer and every kind of channel."""
    schemas: dict[str, Any] = {}
    block = _schema(BlockRef, schemas)
    messages = {name: {"name": name, "payload": payload} for name, payload in (_commands() | _answers()).items()}
    channels: dict[str, Any] = {
        "connection": {
            "address": "/ws",
            "description": "Commands and their answers.",
            "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
        }
    }
    operations: dict[str, Any] = {
        "command": _operation("receive", "connection", list(_commands())),
        "answer": _operation("send", "connection", list(_answers())),
    }
    for kind in kinds():
        messages[kind.name] = {"name": kind.name, "summary": kind.says, "payload": _message(kind, block, schemas)}
        channels[kind.name] = {
            "address": ".".join((kind.name, *(f"{{{argument}}}" for argument in kind.arguments))),
            "description": f"{kind.says} A snapshot first, then an update after each change.",
            **({"parameters": {name: _parameter(name) for name in kind.arguments}} if kind.arguments else {}),
            "messages": {kind.name: {"$ref": f"#/components/messages/{kind.name}"}},
        }
        operations[f"{kind.name}Changes"] = _operation("send", kind.name, [kind.name])
    return {
        "asyncapi": "3.0.0",
        "info": {"title": f"{title} stream", "version": version, "description": _DESCRIPTION},
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages, "schemas": dict(sorted(schemas.items()))},
    }


def _operation(action: str, channel: str, messages: list[str]) -> dict[str, Any]:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "messages": [{"$ref": f"#/channels/{channel}/messages/{name}"} for name in messages],
    }


def _parameter(name: str) -> dict[str, Any]:
    description, example = _ARGUMENTS[name]
    return {"description": description, "examples": [example]}


def _commands() -> dict[str, Any]:
    return {
        "subscribe": _object(op={"const": "subscribe"}, channels=_NAMES),
        "unsubscribe": _object(op={"const": "unsubscribe"}, channels=_NAMES),
        "ping": _object(op={"const": "ping"}),
    }


def _answers() -> dict[str, Any]:
    text = {"type": "string"}
    error = _object(op={"const": "error"}, code=text, detail=text)
    error["properties"]["channel"] = text
    return {
        "unsubscribed": _object(op={"const": "unsubscribed"}, channels=_NAMES),
        "pong": _object(op={"const": "pong"}),
        "error": error,
    }


def _message(kind: ChannelKind, block: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    data = dict(_resolved(_schema(kind.answer, schemas), schemas))
    data["properties"] = {name: value for name, value in data["properties"].items() if name != "block"}
    data["required"] = [name for name in data["required"] if name != "block"]
    return _object(
        channel={"type": "string", "pattern": rf"^{kind.name}(\.|$)"},
        type={"enum": ["snapshot", "update"]},
        sequence={"type": "integer", "minimum": 0},
        block=block,
        data=data,
    )


def _object(**properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _schema(model: type[Any], schemas: dict[str, Any]) -> dict[str, Any]:
    """A reference to a model's schema, which is entered with all that it refers to."""
    schema = TypeAdapter(model).json_schema(ref_template=_REF, mode="serialization")
    schemas.update(schema.pop("$defs", {}))
    schemas[model.__name__] = schema
    return {"$ref": _REF.format(model=model.__name__)}


def _resolved(reference: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    resolved: dict[str, Any] = schemas[reference["$ref"].rpartition("/")[2]]
    return resolved
