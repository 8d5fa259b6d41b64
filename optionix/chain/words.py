"""ABI values of static types, word by word: many times as fast as the general codec, for reading chains in bulk.

Only what is entirely regular is done here. For types that are not static, and for every value or word that does not fit
its type, the answer is None, and the general codec says what is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

WORD = 32
_ELEMENTARY = re.compile(r"(uint|int|bytes)([0-9]+)|address|bool")

Entry = Mapping[str, Any]
Decode = Callable[[bytes], Any]
Encode = Callable[[Any], bytes | None]


class _Irregular(Exception):
    """A word that does not fit its type."""


class StaticReader:
    """Reads the values of some ABI entries, all of static types; structs become dicts by field name."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._kinds: list[Decode] | None = []
        self._shapes = tuple(self._add(entry) for entry in entries)
        self._flat = all(shape is None for shape in self._shapes)

    def _add(self, entry: Entry) -> tuple[tuple[str, Any], ...] | None:
        """Add an entry's words; the shape of a struct, None for one word."""
        kind = str(entry["type"])
        if kind == "tuple":
            return tuple((part["name"], self._add(part)) for part in entry["components"])
        decode = _decoder(kind)
        if decode is None:
            self._kinds = None
        elif self._kinds is not None:
            self._kinds.append(decode)
        return None

    def read(self, data: bytes) -> tuple[Any, ...] | None:
        """The values, or None where the general codec has to look."""
        kinds = self._kinds
        if kinds is None or len(data) < WORD * len(kinds):
            return None
        try:
            words = [kind(data[WORD * place : WORD * place + WORD]) for place, kind in enumerate(kinds)]
        except _Irregular:
            return None
        if self._flat:
            return tuple(words)
        left = iter(words)
        return tuple(_shaped(shape, left) for shape in self._shapes)


class StaticWriter:
    """Encodes values of some ABI entries, all of elementary static types."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        found = [_encoder(str(entry["type"])) for entry in entries]
        self._kinds = None if None in found else [kind for kind in found if kind is not None]

    def write(self, values: Sequence[Any]) -> bytes | None:
        """The words, or None where the general codec has to look."""
        if self._kinds is None or len(values) != len(self._kinds):
            return None
        words = [kind(value) for kind, value in zip(self._kinds, values, strict=True)]
        return None if None in words else b"".join(word for word in words if word is not None)


def _shaped(shape: Any, words: Any) -> Any:
    return next(words) if shape is None else {name: _shaped(part, words) for name, part in shape}


def _decoder(kind: str) -> Decode | None:
    match = _ELEMENTARY.fullmatch(kind)
    if match is None:
        return None
    if kind == "address":
        return _address
    if kind == "bool":
        return _bool
    size = int(match[2])
    return {"uint": _uint, "int": _int, "bytes": _bytes}[match[1]](size)


def _address(word: bytes) -> str:
    if any(word[:12]):
        raise _Irregular
    return "0x" + word[12:].hex()


def _bool(word: bytes) -> bool:
    value = int.from_bytes(word, "big")
    if value > 1:
        raise _Irregular
    return value == 1


def _uint(bits: int) -> Decode:
    def decode(word: bytes) -> int:
        value = int.from_bytes(word, "big")
        if value >> bits:
            raise _Irregular
        return value

    return decode


def _int(bits: int) -> Decode:
    limit = 1 << bits - 1

    def decode(word: bytes) -> int:
        value = int.from_bytes(word, "big", signed=True)
        if not -limit <= value < limit:
            raise _Irregular
        return value

    return decode


def _bytes(size: int) -> Decode:
    def decode(word: bytes) -> bytes:
        if any(word[size:]):
            raise _Irregular
        return word[:size]

    return decode


def _encoder(kind: str) -> Encode | None:
    match = _ELEMENTARY.fullmatch(kind)
    if match is None:
        return None
    if kind == "address":
        return _encode_address
    if kind == "bool":
        return lambda value: int(value).to_bytes(WORD, "big") if isinstance(value, bool) else None
    if match[1] == "bytes":
        size = int(match[2])
        return lambda value: value.ljust(WORD, b"\0") if isinstance(value, bytes) and len(value) == size else None
    signed, bits = match[1] == "int", int(match[2])
    low, high = (-(1 << bits - 1), 1 << bits - 1) if signed else (0, 1 << bits)

    def encode(value: Any) -> bytes | None:
        # An IntEnum is a number as well, a bool is none.
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value < high:
            return None
        return value.to_bytes(WORD, "big", signed=signed)

    return encode


def _encode_address(value: Any) -> bytes | None:
    if not isinstance(value, str) or len(value) != 42 or not value.startswith("0x"):
        return None
    try:
        return bytes(12) + bytes.fromhex(value[2:])
    except ValueError:
        return None
