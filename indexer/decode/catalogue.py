"""Which decoder reads a log: by the contract at its address and its first topic."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from indexer.decode.generate import Arguments, Decoder, make_decoder
from optionix.chain.abi import load_abi

UNKNOWN = "unknown"
"""Name of an event that the contract's ABI lacks: kept as it came."""


@dataclass(frozen=True, slots=True)
class Event:
    """A decoded log.

    Attributes
    ----------
    address : the contract's address, lower case; `contract` its ABI's name.
    args : by name: integers, lower-case 0x text, booleans, dicts for structs, lists for arrays.
    timestamp : of its block, seconds.
    """

    block_number: int
    log_index: int
    tx_hash: str
    tx_index: int
    address: str
    contract: str
    name: str
    args: Arguments
    args_json: str
    timestamp: int


class Catalogue:
    """Decoders of all watched contracts.

    Parameters
    ----------
    contracts : ABI name of each watched address, lower case.
    """

    def __init__(self, contracts: Mapping[str, str]) -> None:
        self.contracts = dict(contracts)
        decoders = {
            name: {topic: make_decoder(item) for topic, item in load_abi(name).events.items()}
            for name in set(self.contracts.values())
        }
        self._by_address: dict[str, tuple[str, dict[str, Decoder]]] = {
            address: (name, decoders[name]) for address, name in self.contracts.items()
        }

    @property
    def addresses(self) -> list[str]:
        """The watched addresses."""
        return list(self._by_address)

    def decode(self, log: Mapping[str, Any], timestamp: int) -> Event:
        """An event from a log as a node gives it.

        Raises
        ------
        DecodeError
            When the log does not fit its event.
        """
        address = log["address"].lower()
        topics, data = log["topics"], log["data"]
        contract, decoders = self._by_address[address]
        decoder = decoders.get(topics[0]) if topics else None
        if decoder is None:
            name, args = UNKNOWN, {"topics": list(topics), "data": data}
            text = json.dumps(args)
        else:
            name, args = decoder.name, decoder.decode(topics, data)
            text = decoder.to_json(args)
        return Event(
            int(log["blockNumber"], 16),
            int(log["logIndex"], 16),
            log["transactionHash"],
            int(log["transactionIndex"], 16),
            address,
            contract,
            name,
            args,
            text,
            timestamp,
        )
