"""Static ABI values: what the general codec gives, or nothing."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import pytest
from eth_abi import abi as codec
from hypothesis import given
from hypothesis import strategies as st

from optionix.chain.abi import ABI_FOLDER, AbiError, decode_values, encode_values, load_abi, type_text
from optionix.chain.words import StaticReader, StaticWriter

KINDS = ["uint8", "uint40", "uint64", "uint128", "uint256", "int128", "int256", "address", "bool", "bytes4", "bytes32"]
WORDS = st.lists(
    st.one_of(st.binary(min_size=32, max_size=32), st.integers(0, 2**40).map(lambda n: n.to_bytes(32, "big"))),
    max_size=4,
).map(b"".join)


def entry(kind: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "name": f"a_{kind}", **more}


@given(st.lists(st.sampled_from(KINDS), min_size=1, max_size=4), WORDS)
def test_reading_is_the_codecs_or_nothing(kinds: list[str], data: bytes) -> None:
    entries = [entry(kind) for kind in kinds]
    found = StaticReader(entries).read(data)
    try:
        wanted = decode_values(entries, data, "it")
    except AbiError:
        wanted = None
    assert found == wanted
    if found is not None and wanted is not None:
        assert [type(value) for value in found] == [type(value) for value in wanted]


VALUES = st.one_of(
    st.integers(-(2**255) - 1, 2**256),
    st.integers(-3, 300),
    st.booleans(),
    st.binary(max_size=33),
    st.binary(min_size=20, max_size=20).map(lambda raw: "0x" + raw.hex()),
    st.text(max_size=3),
    st.none(),
)


@given(st.sampled_from(KINDS), VALUES)
def test_writing_is_the_codecs_or_nothing(kind: str, value: Any) -> None:
    entries = [entry(kind)]
    found = StaticWriter(entries).write([value])
    try:
        wanted = encode_values(entries, [value], "it")
    except AbiError:
        wanted = None
    # The codec may take more (an address as bytes), never less.
    assert found is None or found == wanted


def test_numbers_by_name_are_numbers() -> None:
    class Side(IntEnum):
        PUT = 1

    assert StaticWriter([entry("uint8")]).write([Side.PUT]) == (1).to_bytes(32, "big")


def test_structs_become_dicts() -> None:
    parts = [entry("uint8", name="kind"), {"type": "tuple", "name": "in", "components": [entry("bool", name="yes")]}]
    struct = {"type": "tuple", "name": "s", "components": parts}
    data = codec.encode(["(uint8,(bool))", "uint256"], [(2, (True,)), 7])
    assert StaticReader([struct, entry("uint256")]).read(data) == ({"kind": 2, "in": {"yes": True}}, 7)


@pytest.mark.parametrize("kind", ["string", "bytes", "uint256[]", "uint256[2]", "tuple[]"])
def test_other_types_are_left_to_the_codec(kind: str) -> None:
    more = {"components": [entry("bool")]} if kind == "tuple[]" else {}
    assert StaticReader([entry("bool"), entry(kind, **more)]).read(bytes(640)) is None
    assert StaticWriter([entry(kind, **more)]).write([[]]) is None


def test_every_log_and_getter_of_ours_reads_alike() -> None:
    """All committed ABIs, each event and each answer of small values: with and without the fast way."""
    compared = 0
    for path in sorted(ABI_FOLDER.glob("*.json")):
        abi = load_abi(path.stem)
        for item in abi.events.values():
            if any(part["type"] not in KINDS for part in item.inputs):
                continue
            number = [(part, (position + 1) % 2) for position, part in enumerate(item.inputs)]
            words = {part["name"]: value.to_bytes(32, "big") for part, value in number}
            if any(part["type"].startswith("bytes") for part in item.inputs):
                words = {name: bytes(32) for name in words}
            indexed = ["0x" + words[part["name"]].hex() for part in item.inputs if part["indexed"]]
            data = b"".join(words[part["name"]] for part in item.inputs if not part["indexed"])
            told = abi.decode_log({"topics": [item.hash, *indexed], "data": "0x" + data.hex()})
            assert told is not None
            wanted = {
                part["name"]: decode_values([part], words[part["name"]], type_text(part))[0] for part in item.inputs
            }
            assert told == (item.name, wanted)
            compared += 1
    assert compared > 60
