"""ABIs and their encoding: calls, return values, events and custom errors of our contracts.

The ABIs are committed under `deployments/abi`, so that reading and trading need no compiler. Values are plain Python:
integers, booleans, bytes, lower-case 0x text for addresses, tuples for arrays, dicts by field name for structs.
`python -m optionix.chain.abi` writes them anew from the sources; `--check` says whether they are current.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import orjson
from eth_abi import abi as codec
from eth_abi.exceptions import DecodingError, EncodingError
from eth_utils.crypto import keccak

from optionix.chain.errors import ChainError, Reverted
from optionix.chain.words import StaticReader, StaticWriter

REPOSITORY = Path(__file__).resolve().parents[2]
ABI_FOLDER = REPOSITORY / "deployments" / "abi"
_TEXT_ERROR = "0x08c379a0"
_PANIC = "0x4e487b71"
_PANICS = {
    0x01: "assertion failed",
    0x11: "arithmetic over- or underflow",
    0x12: "division by zero",
    0x21: "bad enum value",
    0x32: "index out of bounds",
    0x41: "out of memory",
}


class AbiError(ChainError):
    """A name that an ABI does not have, or values that do not fit it."""


@dataclass(frozen=True)
class Item:
    """A function, event or error of an ABI."""

    name: str
    inputs: tuple[Mapping[str, Any], ...]
    outputs: tuple[Mapping[str, Any], ...] = ()

    @cached_property
    def signature(self) -> str:
        """`name(type,...)` with tuples written out."""
        return f"{self.name}({','.join(type_text(entry) for entry in self.inputs)})"

    @cached_property
    def hash(self) -> str:
        """Keccak of the signature, 0x text: an event's first topic."""
        return "0x" + keccak(text=self.signature).hex()

    @cached_property
    def static_inputs(self) -> StaticWriter:
        """Encodes the inputs, where all are of elementary static types."""
        return StaticWriter(self.inputs)

    @cached_property
    def static_outputs(self) -> StaticReader:
        """Reads the outputs, where all are of static types."""
        return StaticReader(self.outputs)

    @cached_property
    def static_log(self) -> tuple[int, tuple[str, ...], StaticReader]:
        """Reads an event's topics after the first, then its data: how many topics, whose values, in which order."""
        ordered = sorted(self.inputs, key=lambda entry: not entry["indexed"])
        topics = sum(bool(entry["indexed"]) for entry in self.inputs)
        return topics, tuple(entry["name"] for entry in ordered), StaticReader(ordered)

    @property
    def selector(self) -> str:
        """The first four bytes of the hash, 0x text."""
        return self.hash[:10]


@dataclass(frozen=True)
class Abi:
    """One contract's interface.

    Raises
    ------
    AbiError
        From every method, for an unknown or ambiguous name and for values that do not fit.
    """

    name: str
    entries: Sequence[Mapping[str, Any]] = field(repr=False)

    @cached_property
    def functions(self) -> dict[str, list[Item]]:
        """Functions by name; overloads together."""
        found: dict[str, list[Item]] = {}
        for item in self._items("function"):
            found.setdefault(item.name, []).append(item)
        return found

    @cached_property
    def events(self) -> dict[str, Item]:
        """Events by their first topic."""
        return {item.hash: item for item in self._items("event")}

    @cached_property
    def errors(self) -> dict[str, Item]:
        """Custom errors by selector."""
        return {item.selector: item for item in self._items("error")}

    def _items(self, kind: str) -> list[Item]:
        return [
            Item(entry["name"], tuple(entry["inputs"]), tuple(entry.get("outputs", ())))
            for entry in self.entries
            if entry["type"] == kind
        ]

    def function(self, name: str, arguments: int | None = None) -> Item:
        """A function by name, or by full signature; `arguments` picks among overloads."""
        bare = name.partition("(")[0]
        candidates = self.functions.get(bare, [])
        if bare != name:
            candidates = [item for item in candidates if item.signature == name]
        if len(candidates) > 1 and arguments is not None:
            candidates = [item for item in candidates if len(item.inputs) == arguments]
        if len(candidates) != 1:
            which = "has no function" if not candidates else "needs the full signature of"
            raise AbiError(f"{self.name} {which} {name}")
        return candidates[0]

    def encode(self, function: str, *args: Any) -> str:
        """Call data, 0x text. Structs may be dicts by field name or tuples."""
        item = self.function(function, len(args))
        static = item.static_inputs.write(args)
        if static is not None:
            return item.selector + static.hex()
        return item.selector + encode_values(item.inputs, args, f"{self.name}.{item.signature}").hex()

    def encode_constructor(self, *args: Any) -> bytes:
        """A constructor's arguments, as they follow the creation code."""
        inputs = next((tuple(entry["inputs"]) for entry in self.entries if entry["type"] == "constructor"), ())
        return encode_values(inputs, args, f"constructor of {self.name}")

    def decode(self, function: str, data: str | bytes, arguments: int | None = None) -> Any:
        """A function's return data: nothing as None, one value as itself, several as a tuple."""
        item = self.function(function, arguments)
        raw = _bytes(data)
        values = item.static_outputs.read(raw)
        if values is None:
            values = decode_values(item.outputs, raw, f"{self.name}.{item.signature}")
        if len(values) == 1:
            return values[0]
        return values or None

    def decode_log(self, log: Mapping[str, Any]) -> tuple[str, dict[str, Any]] | None:
        """Name and arguments of a log as a node gives it, or None when this contract has no such event."""
        topics = log["topics"]
        item = self.events.get(topics[0]) if topics else None
        if item is None:
            return None
        count, names, reader = item.static_log
        if len(topics) == count + 1:
            values = reader.read(_bytes("".join(topic[2:] for topic in topics[1:]) + log["data"][2:]))
            if values is not None:
                by_name = dict(zip(names, values, strict=True))
                return item.name, {entry["name"]: by_name[entry["name"]] for entry in item.inputs}
        indexed = [entry for entry in item.inputs if entry["indexed"]]
        plain = [entry for entry in item.inputs if not entry["indexed"]]
        found: dict[str, Any] = {}
        for entry, topic in zip(indexed, topics[1:], strict=True):
            found[entry["name"]] = decode_values((entry,), _bytes(topic), item.signature)[0]
        for entry, value in zip(plain, decode_values(plain, _bytes(log["data"]), item.signature), strict=True):
            found[entry["name"]] = value
        return item.name, {entry["name"]: found[entry["name"]] for entry in item.inputs}


def type_text(entry: Mapping[str, Any]) -> str:
    """The canonical type of an ABI entry, tuples written out."""
    kind = str(entry["type"])
    if not kind.startswith("tuple"):
        return kind
    return f"({','.join(type_text(part) for part in entry['components'])}){kind[5:]}"


def encode_values(entries: Sequence[Mapping[str, Any]], values: Sequence[Any], what: str) -> bytes:
    """ABI-encode values of the entries' types."""
    if len(entries) != len(values):
        raise AbiError(f"{what} takes {len(entries)} values, {len(values)} given")
    plain = [_to_plain(entry, value) for entry, value in zip(entries, values, strict=True)]
    try:
        return codec.encode([type_text(entry) for entry in entries], plain)
    except (EncodingError, TypeError) as error:
        raise AbiError(f"{what}: {error}") from error


def decode_values(entries: Sequence[Mapping[str, Any]], data: bytes, what: str) -> tuple[Any, ...]:
    """Decode values of the entries' types; structs become dicts."""
    try:
        values = codec.decode([type_text(entry) for entry in entries], data)
    except DecodingError as error:
        raise AbiError(f"{what}: cannot read {len(data)} bytes (is this the right contract?): {error}") from error
    return tuple(_from_plain(entry, value) for entry, value in zip(entries, values, strict=True))


def _to_plain(entry: Mapping[str, Any], value: Any) -> Any:
    kind = str(entry["type"])
    if kind.endswith("]"):
        inner = {**entry, "type": kind[: kind.rindex("[")]}
        return [_to_plain(inner, part) for part in value]
    if kind != "tuple":
        return value
    parts = entry["components"]
    if isinstance(value, Mapping):
        unknown = value.keys() ^ {part["name"] for part in parts}
        if unknown:
            raise AbiError(f"{entry['name'] or 'struct'}: fields {', '.join(sorted(unknown))} are missing or unknown")
        value = [value[part["name"]] for part in parts]
    return tuple(_to_plain(part, item) for part, item in zip(parts, value, strict=True))


def _from_plain(entry: Mapping[str, Any], value: Any) -> Any:
    kind = str(entry["type"])
    if kind.endswith("]"):
        inner = {**entry, "type": kind[: kind.rindex("[")]}
        return tuple(_from_plain(inner, part) for part in value)
    if kind != "tuple":
        return value
    return {part["name"]: _from_plain(part, item) for part, item in zip(entry["components"], value, strict=True)}


def _bytes(data: str | bytes) -> bytes:
    return bytes.fromhex(data.removeprefix("0x")) if isinstance(data, str) else data


@cache
def load_abi(name: str) -> Abi:
    """A contract's committed ABI by name.

    Raises
    ------
    AbiError
        Naming the contracts that there are.
    """
    path = ABI_FOLDER / f"{name}.json"
    if not path.is_file():
        known = ", ".join(sorted(entry.stem for entry in ABI_FOLDER.glob("*.json"))) or "none"
        raise AbiError(f"no ABI of {name} in {ABI_FOLDER} (there is: {known}); `make abi` writes them")
    return Abi(name, orjson.loads(path.read_bytes()))


@cache
def known_errors() -> dict[str, Item]:
    """Every custom error of every committed ABI by selector."""
    return {
        selector: item
        for path in sorted(ABI_FOLDER.glob("*.json"))
        for selector, item in load_abi(path.stem).errors.items()
    }


def decode_revert(data: str | None, transaction: str | None = None) -> Reverted:
    """What a revert's return data says: our custom error with its values, a text, a panic, or the raw data."""
    data = data or "0x"
    selector = data[:10]
    if selector in known_errors():
        item = known_errors()[selector]
        try:
            values = decode_values(item.inputs, _bytes(data)[4:], item.signature)
        except AbiError:
            return Reverted("Unknown", {"data": data}, data, transaction)
        names = [entry["name"] or str(index) for index, entry in enumerate(item.inputs)]
        return Reverted(item.name, dict(zip(names, values, strict=True)), data, transaction)
    try:
        if selector == _TEXT_ERROR:
            return Reverted("Error", {"reason": codec.decode(["string"], _bytes(data)[4:])[0]}, data, transaction)
        if selector == _PANIC:
            code = codec.decode(["uint256"], _bytes(data)[4:])[0]
            return Reverted("Panic", {"code": code, "reason": _PANICS.get(code, "unknown")}, data, transaction)
    except DecodingError:
        pass  # falls to the raw data below
    return Reverted("Unknown", {"data": data}, data, transaction)


def abi_files() -> dict[str, bytes]:
    """File names and contents of `deployments/abi` as the sources say."""
    from optionix.chain.artifacts import compile_contracts

    return {
        f"{name}.json": orjson.dumps(artifact.abi, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
        for name, artifact in compile_contracts().items()
    }


def stale_files(wanted: Mapping[str, bytes], folder: Path = ABI_FOLDER) -> list[str]:
    """Names of files that are missing, superfluous or different, sorted."""
    present = {path.name: path.read_bytes() for path in folder.glob("*.json")}
    return sorted(name for name in present.keys() | wanted.keys() if present.get(name) != wanted.get(name))


def main(arguments: Sequence[str] | None = None) -> int:
    """Write `deployments/abi`, or with `--check` only say what differs (exit code 1)."""
    parser = argparse.ArgumentParser(prog="python -m optionix.chain.abi", description=main.__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 when something differs")
    check = parser.parse_args(arguments).check
    wanted = abi_files()
    stale = stale_files(wanted)
    if check:
        for name in stale:
            sys.stdout.write(f"deployments/abi/{name} is not current: run make abi\n")
        return 1 if stale else 0
    ABI_FOLDER.mkdir(parents=True, exist_ok=True)
    for name in stale:
        path = ABI_FOLDER / name
        if name in wanted:
            path.write_bytes(wanted[name])
        else:
            path.unlink()
        sys.stdout.write(f"deployments/abi/{name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
