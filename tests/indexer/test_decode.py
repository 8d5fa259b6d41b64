"""Generated decoders against eth-abi, for every event of every contract."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import pytest
from eth_abi.abi import encode

from indexer.decode.catalogue import UNKNOWN, Catalogue, Event
from indexer.decode.generate import Decoder, make_decoder
from indexer.decode.interpret import is_dynamic
from indexer.errors import SourceLies
from optionix.chain.abi import Abi, AbiError, Item, load_abi, type_text
from tests.indexer.life import World

CONTRACTS = (
    "AccessManager",
    "Markets",
    "Clearinghouse",
    "OptionToken",
    "VolatilityOracle",
    "OptionVault",
    "Exchange",
    "VaultPricer",
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


def decoded(decoder: Decoder, log: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of a log that lies between others."""
    text = "".join(log["topics"]).replace("0x", "") + log["data"][2:]
    return decoder.decode("ab" * 5 + text + "cd" * 40, 10, 10 + len(text))


def as_event(log: Mapping[str, Any], contract: str) -> Event:
    """What a catalogue makes of a log of a contract."""
    address = "0x" + "ab" * 20
    place = {"blockNumber": "0x1", "logIndex": "0x0", "transactionHash": "0x" + "00" * 32, "transactionIndex": "0x0"}
    full = {"address": address, "blockHash": "0x" + "11" * 32, **place, **log}
    return Catalogue({address: contract}).decode(full, 5)


@pytest.mark.parametrize(("contract", "item"), EVENTS, ids=lambda part: getattr(part, "name", part))
def test_every_event_is_decoded_as_by_eth_abi(contract: str, item: Item) -> None:
    decoder, abi, chance = make_decoder(contract, item), load_abi(contract), random.Random(item.hash)
    for _ in range(50):
        log = a_log(item, chance)
        found = decoded(decoder, log)
        expected = abi.decode_log(log)
        assert expected is not None
        assert found == comparable(expected[1])
        assert list(found) == [entry["name"] for entry in item.inputs]


def test_nested_dynamic_values_and_hashed_topics() -> None:
    abi = Abi("Other", [OTHER])
    (item,) = abi.events.values()
    decoder, chance = make_decoder("Other", item), random.Random(7)
    plain = [entry for entry in item.inputs if not entry["indexed"]]
    reader = Abi("Plain", [{**OTHER, "inputs": plain}])
    for _ in range(100):
        log = a_log(item, chance)
        found = decoded(decoder, log)
        hashed = {"topics": [next(iter(reader.events))], "data": log["data"]}
        expected = reader.decode_log(hashed)
        assert expected is not None
        assert {name: found[name] for name in ("deep", "blob")} == comparable(expected[1])
        assert found["text"] == log["topics"][1]


@pytest.mark.parametrize(("contract", "item"), EVENTS, ids=lambda part: getattr(part, "name", part))
def test_a_log_of_another_size_is_kept_as_it_came(contract: str, item: Item) -> None:
    log = a_log(item, random.Random(3))
    fits = as_event(log, contract)
    assert fits.kind == (contract, item.name)
    shorter = [{**log, "topics": log["topics"][:-1]}, {**log, "topics": []}]
    if any(not entry["indexed"] for entry in item.inputs):
        shorter.append({**log, "data": log["data"][:-64]})
    else:
        shorter.append({**log, "data": "0x" + "00" * 32})
    for cut in shorter:
        kept = as_event(cut, contract)
        assert kept.kind == (contract, UNKNOWN)
        assert kept.args == {"topics": cut["topics"], "data": cut["data"]}


@pytest.mark.parametrize(("contract", "item"), EVENTS, ids=lambda part: getattr(part, "name", part))
def test_any_other_bytes_are_read_as_by_eth_abi_or_kept_as_they_came(contract: str, item: Item) -> None:
    """Nothing that a node may answer ends the indexer, and nothing is read into bits that mean nothing."""
    chance, abi = random.Random(item.hash), load_abi(contract)
    for _ in range(60):
        log = a_log(item, chance)
        words = list("".join(log["topics"][1:]).replace("0x", "") + log["data"][2:])
        if not words:
            continue
        for place in chance.sample(range(len(words)), min(len(words), chance.choice((1, 1, 3)))):
            words[place] = chance.choice("0123456789abcdef")
        text, first = "".join(words), 64 * (len(log["topics"]) - 1)
        broken = {
            "topics": [item.hash, *("0x" + text[at : at + 64] for at in range(0, first, 64))],
            "data": "0x" + text[first:],
        }
        event = as_event(broken, contract)
        try:
            expected = abi.decode_log(broken)
        except (AbiError, OverflowError, UnicodeDecodeError):  # over what it does not foresee, eth-abi itself fails
            expected = None
        if event.name == UNKNOWN:
            assert event.args == broken
        elif expected is not None:
            assert event.args == comparable(expected[1])
        static = not any(is_dynamic(entry) for entry in item.inputs)
        assert (event.name == UNKNOWN) == (expected is None) or not static, (broken, expected)


def test_an_event_that_the_abi_lacks_is_kept_as_it_came() -> None:
    log = {"topics": ["0x" + "12" * 32], "data": "0x34"}
    event = as_event(log, "Markets")
    assert event.name == UNKNOWN
    assert event.args == log


@pytest.mark.parametrize(
    "change",
    [{"data": "0x123"}, {"topics": ["0x12"]}, {"logIndex": None}, {"transactionHash": "0x1"}, {"topics": None}],
)
def test_a_log_that_is_none_is_the_nodes_fault(change: dict[str, Any]) -> None:
    with pytest.raises(SourceLies):
        as_event({"topics": ["0x" + "12" * 32], "data": "0x34", **change}, "Markets")


def test_a_log_of_a_contract_that_nobody_asked_for_is_the_nodes_fault() -> None:
    with pytest.raises(SourceLies, match="not asked for"):
        as_event({"topics": [], "data": "0x", "address": "0x" + "cd" * 20}, "Markets")


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
