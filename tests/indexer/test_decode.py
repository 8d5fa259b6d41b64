"""Generated decoders against eth-abi, for every event of every contract."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from typing import Any

import pytest
from eth_abi.abi import encode

from indexer.decode.catalogue import UNKNOWN, Catalogue
from indexer.decode.generate import make_decoder
from indexer.errors import DecodeError
from optionix.chain.abi import Abi, Item, load_abi, type_text
from tests.indexer.life import World

CONTRACTS = (
    "AccessManager",
    "Markets",
    "Clearinghouse",
    "OptionToken",
    "VolatilityOracle",
    "OptionVault",
    "ReplayFeed",
)
EVENTS = [(name, item) for name in CONTRACTS for item in load_abi(name).events.values()]
OTHER = {
    "type": "event",
    "name": "Odd",
    "inputs": [
        {"name": "text", "type": "string", "indexed": True},
        {
            "name": "deep",
            "type": "tuple[2]",
            "indexed": False,
            "components": [{"name": "numbers", "type": "int24[]"}, {"name": "words", "type": "bytes32[2]"}],
        },
        {"name": "blob", "type": "bytes", "indexed": False},
        {"name": "flag", "type": "bool", "indexed": True},
    ],
}


def a_value(entry: Mapping[str, Any], chance: random.Random) -> Any:
    """A value of an ABI entry's type; edges of integers come often."""
    kind = entry["type"]
    if kind.endswith("]"):
        inner, _, size = kind[:-1].rpartition("[")
        count = int(size) if size else chance.randrange(4)
        return [a_value({**entry, "type": inner}, chance) for _ in range(count)]
    if kind == "tuple":
        return tuple(a_value(part, chance) for part in entry["components"])
    if kind == "address":
        return "0x" + chance.randbytes(20).hex()
    if kind == "bool":
        return chance.random() < 0.5
    if kind == "string":
        return chance.choice(["", "plain", 'quote " and \\ backslash', "tab\t and ünï€"])
    if kind == "bytes":
        return chance.randbytes(chance.randrange(70))
    if kind.startswith("bytes"):
        return chance.randbytes(int(kind[5:]))
    bits = int(kind.removeprefix("u")[3:])
    low, high = (0, 2**bits - 1) if kind.startswith("u") else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    return chance.choice([low, high, 0, 1, chance.randint(low, high)])


def a_log(item: Item, chance: random.Random) -> dict[str, Any]:
    """A log of an event as a node would give it."""
    topics, plain, values = [item.hash], [], []
    for entry in item.inputs:
        value = a_value(entry, chance)
        if not entry["indexed"]:
            plain.append(type_text(entry))
            values.append(value)
        elif entry["type"] in ("string", "bytes"):
            topics.append("0x" + chance.randbytes(32).hex())
        else:
            topics.append("0x" + encode([type_text(entry)], [value]).hex())
    return {"topics": topics, "data": "0x" + encode(plain, values).hex()}


def comparable(value: Any) -> Any:
    """eth-abi's values in the decoder's forms."""
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, dict):
        return {key: comparable(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [comparable(part) for part in value]
    return value


def as_read_back(value: Any) -> Any:
    """Integers of JSON, whether they came as numbers or as text."""
    if isinstance(value, dict):
        return {key: as_read_back(part) for key, part in value.items()}
    if isinstance(value, list):
        return [as_read_back(part) for part in value]
    return value if isinstance(value, bool) else str(value)


@pytest.mark.parametrize(("contract", "item"), EVENTS, ids=lambda part: getattr(part, "name", part))
def test_every_event_is_decoded_as_by_eth_abi(contract: str, item: Item) -> None:
    decoder, abi, chance = make_decoder(item), load_abi(contract), random.Random(item.hash)
    for _ in range(50):
        log = a_log(item, chance)
        found = decoder.decode(log["topics"], log["data"])
        expected = abi.decode_log(log)
        assert expected is not None
        assert found == comparable(expected[1])
        assert list(found) == [entry["name"] for entry in item.inputs]
        assert as_read_back(json.loads(decoder.to_json(found))) == as_read_back(found)


def test_nested_dynamic_values_and_hashed_topics() -> None:
    abi = Abi("Other", [OTHER])
    (item,) = abi.events.values()
    decoder, chance = make_decoder(item), random.Random(7)
    plain = [entry for entry in item.inputs if not entry["indexed"]]
    reader = Abi("Plain", [{**OTHER, "inputs": plain}])
    for _ in range(100):
        log = a_log(item, chance)
        found = decoder.decode(log["topics"], log["data"])
        hashed = {"topics": [next(iter(reader.events))], "data": log["data"]}
        expected = reader.decode_log(hashed)
        assert expected is not None
        assert {name: found[name] for name in ("deep", "blob")} == comparable(expected[1])
        assert found["text"] == log["topics"][1]
        assert json.loads(decoder.to_json(found))["blob"] == found["blob"]


def test_wide_integers_are_text_in_json_and_narrow_ones_numbers() -> None:
    decoder = make_decoder(next(item for _, item in EVENTS if item.name == "SlicePosted"))
    log = a_log(next(item for _, item in EVENTS if item.name == "SlicePosted"), random.Random(1))
    read = json.loads(decoder.to_json(decoder.decode(log["topics"], log["data"])))
    assert isinstance(read["theta"], str)
    assert isinstance(read["rho"], int)


@pytest.mark.parametrize(("contract", "item"), EVENTS, ids=lambda part: getattr(part, "name", part))
def test_a_log_that_is_cut_short_is_refused(contract: str, item: Item) -> None:
    decoder, log = make_decoder(item), a_log(item, random.Random(3))
    with pytest.raises(DecodeError):
        decoder.decode(log["topics"][:-1], log["data"])
    if any(not entry["indexed"] for entry in item.inputs):
        with pytest.raises(DecodeError):
            decoder.decode(log["topics"], log["data"][:-64])


def test_an_event_that_the_abi_lacks_is_kept_as_it_came() -> None:
    address = "0x" + "ab" * 20
    log = {
        "address": address,
        "topics": ["0x" + "12" * 32],
        "data": "0x34",
        "blockNumber": "0x1",
        "logIndex": "0x0",
        "transactionHash": "0x00",
        "transactionIndex": "0x0",
    }
    event = Catalogue({address: "Markets"}).decode(log, 5)
    assert event.name == UNKNOWN
    assert json.loads(event.args_json) == {"topics": log["topics"], "data": "0x34"}


def test_every_log_of_a_life_is_decoded_as_by_eth_abi(lived: World) -> None:
    contracts = {entry.address.lower(): name for name, entry in lived.deployment.contracts.items()}
    contracts |= {vault.address.lower(): "OptionVault" for vault in lived.deployment.vaults}
    contracts |= {feed.address.lower(): "ReplayFeed" for feed in lived.deployment.feeds}
    catalogue = Catalogue(contracts)
    logs = lived.rpc.call("eth_getLogs", {"fromBlock": "0x0", "address": catalogue.addresses})
    assert len(logs) > 150
    for log in logs:
        event = catalogue.decode(log, 0)
        expected = load_abi(contracts[log["address"]]).decode_log(log)
        assert expected is not None
        assert (event.name, event.args) == (expected[0], comparable(expected[1]))
