"""Reading a log by its types, one value after another: for events with parts of variable length."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from indexer.errors import DecodeError
from optionix.chain.abi import Item

WORD = 64
"""Hex digits of an ABI word."""
_SIGN, _WHOLE = 1 << 255, 1 << 256


def read_event(item: Item) -> Callable[[str, int, int], dict[str, Any]]:
    """A decoder as `generate` makes them."""
    indexed = [entry for entry in item.inputs if entry["indexed"]]
    plain = [entry for entry in item.inputs if not entry["indexed"]]
    head = WORD * (1 + len(indexed))

    def decode(text: str, start: int, end: int) -> dict[str, Any]:
        try:
            found: dict[str, Any] = {}
            for place, entry in enumerate(indexed, 1):
                topic = text[start + WORD * place : start + WORD * (place + 1)]
                found[entry["name"]] = "0x" + topic if is_dynamic(entry) else _read(entry, topic, 0)
            values = _read_sequence(plain, text[start + head : end], 0)
        except (ValueError, IndexError) as error:
            raise DecodeError(f"a log of {item.signature} cannot be read: {error}") from error
        found |= zip((entry["name"] for entry in plain), values, strict=True)
        return {entry["name"]: found[entry["name"]] for entry in item.inputs}

    return decode


def _read_sequence(entries: Sequence[Mapping[str, Any]], text: str, base: int) -> list[Any]:
    """Values whose heads lie one after another from `base`; offsets of dynamic ones count from there."""
    found, position = [], base
    for entry in entries:
        if is_dynamic(entry):
            found.append(_read(entry, text, base + 2 * _number(text, position)))
            position += WORD
        else:
            found.append(_read(entry, text, position))
            position += WORD * words(entry)
    return found


def _read(entry: Mapping[str, Any], text: str, position: int) -> Any:
    kind = entry["type"]
    if kind.endswith("]"):
        inner, count = element(entry)
        if count is None:
            count = _number(text, position)
            position += WORD
        if WORD * count > len(text):
            raise ValueError(f"an array of {count} in {len(text) // 2} bytes")
        return _read_sequence([inner] * count, text, position)
    if kind == "tuple":
        values = _read_sequence(entry["components"], text, position)
        return {part["name"]: value for part, value in zip(entry["components"], values, strict=True)}
    if kind in ("bytes", "string"):
        size = 2 * _number(text, position)
        content = text[position + WORD : position + WORD + size]
        if len(content) != size:
            raise ValueError(f"{size // 2} bytes are cut short")
        # A contract may emit bytes that are no text; they are kept readable rather than refused.
        return "0x" + content if kind == "bytes" else bytes.fromhex(content).decode(errors="replace")
    return _word(kind, text, position)


def _word(kind: str, text: str, position: int) -> Any:
    value = _number(text, position)
    if kind.startswith("bytes"):
        digits = 2 * int(kind[5:])
        return "0x" + text[position : position + _padded(text, position + digits, position + WORD, digits)]
    if kind == "address":
        _padded(text, position, position + WORD - 40, 0)
        return "0x" + text[position + WORD - 40 : position + WORD]
    if kind == "bool":
        if value > 1:
            raise ValueError(f"{value} is no boolean")
        return value == 1
    bits = int(kind.removeprefix("u")[3:])
    if kind.startswith("uint"):
        if value >> bits:
            raise ValueError(f"{value} is no {kind}")
        return value
    value = value - _WHOLE if value >= _SIGN else value
    if not -(1 << bits - 1) <= value < 1 << bits - 1:
        raise ValueError(f"{value} is no {kind}")
    return value


def _number(text: str, position: int) -> int:
    word = text[position : position + WORD]
    if len(word) != WORD:
        raise ValueError("the data is cut short")
    return int(word, 16)


def _padded(text: str, begin: int, end: int, digits: int) -> int:
    """Refuse other digits than zeros; gives `digits` back."""
    if text[begin:end].strip("0"):
        raise ValueError("the padding is not empty")
    return digits


# --- shapes of types ---


def element(entry: Mapping[str, Any]) -> tuple[Mapping[str, Any], int | None]:
    """The type of an array's elements, and their number where it is fixed."""
    kind, _, size = entry["type"][:-1].rpartition("[")
    return {**entry, "type": kind}, int(size) if size else None


def is_dynamic(entry: Mapping[str, Any]) -> bool:
    """Whether a type has a variable length."""
    kind = entry["type"]
    if kind.endswith("]"):
        inner, count = element(entry)
        return count is None or is_dynamic(inner)
    if kind == "tuple":
        return any(is_dynamic(part) for part in entry["components"])
    return kind in ("bytes", "string")


def words(entry: Mapping[str, Any]) -> int:
    """Words of a static value."""
    kind = entry["type"]
    if kind.endswith("]"):
        inner, count = element(entry)
        return (count or 0) * words(inner)
    if kind == "tuple":
        return sum(words(part) for part in entry["components"])
    return 1
