"""Which decoder reads a log: by the contract at its address and its first topic."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from indexer.decode.generate import Arguments, Decoder, make_decoder
from indexer.decode.interpret import WORD
from indexer.errors import DecodeError, SourceLies
from indexer.logs import ADDRESS_BYTES, BlockLogs, pack
from optionix.chain.abi import load_abi

UNKNOWN = "unknown"
"""Name of an event that the contract's ABI lacks, or whose bytes are not what it may have: kept as it came."""

Wanted = Callable[[Decoder, str, str, int], bool]
"""Decoder, address, text and where in it the log begins."""


class Event:
    """A decoded log.

    Attributes
    ----------
    address : the contract's address, lower case.
    kind : names of the contract's ABI and of the event.
    args : by name: integers, lower-case 0x text, booleans, dicts for structs, lists for arrays.
    timestamp : of its block, seconds.
    """

    __slots__ = ("address", "args", "block_number", "kind", "log_index", "timestamp", "tx_hash", "tx_index")

    def __init__(
        self,
        block_number: int,
        log_index: int,
        tx_hash: str,
        tx_index: int,
        address: str,
        kind: tuple[str, str],
        args: Arguments,
        timestamp: int,
    ) -> None:
        self.block_number = block_number
        self.log_index = log_index
        self.tx_hash = tx_hash
        self.tx_index = tx_index
        self.address = address
        self.kind = kind
        self.args = args
        self.timestamp = timestamp

    @property
    def contract(self) -> str:
        """Name of the contract's ABI."""
        return self.kind[0]

    @property
    def name(self) -> str:
        """The event's name."""
        return self.kind[1]


class Catalogue:
    """Decoders of all watched contracts.

    Parameters
    ----------
    contracts : ABI name of each watched address, lower case.
    """

    def __init__(self, contracts: Mapping[str, str]) -> None:
        self.contracts = dict(contracts)
        decoders = {
            name: {topic[2:]: make_decoder(name, item) for topic, item in load_abi(name).events.items()}
            for name in set(self.contracts.values())
        }
        self._by_address: dict[str, tuple[str, tuple[str, str], dict[str, Decoder]]] = {
            address[2:]: (address, (name, UNKNOWN), decoders[name]) for address, name in self.contracts.items()
        }

    @property
    def addresses(self) -> list[str]:
        """The watched addresses."""
        return list(self.contracts)

    def events(self, block: BlockLogs, wanted: Wanted | None = None) -> Iterator[Event]:
        """A block's logs, decoded one after another.

        Parameters
        ----------
        wanted : asked of each log that has a decoder before it is decoded; others are left out with those it refuses.
        """
        text, addresses, hashes = block.payload, block.addresses, block.tx_hashes
        number, timestamp, by_address = block.number, block.timestamp, self._by_address
        start = place = where = 0
        for log_index, tx_index, topics, end in zip(
            block.log_indexes, block.tx_indexes, block.topic_counts, block.ends, strict=True
        ):
            stop = 2 * end
            watched = by_address.get(addresses[where : where + 2 * ADDRESS_BYTES])
            if watched is None:
                raise SourceLies(f"block {number} has a log of a contract that was not asked for")
            address, kind, decoders = watched
            decoder = decoders.get(text[start : start + WORD]) if topics else None
            args = None
            if wanted is not None and (decoder is None or not wanted(decoder, address, text, start)):
                start = stop
                place += WORD
                where += 2 * ADDRESS_BYTES
                continue
            if decoder is not None and decoder.topics == topics:
                try:
                    args = decoder.decode(text, start, stop)
                    kind = decoder.kind
                except DecodeError:
                    pass  # kept as it came
            if args is None:
                args = _as_it_came(text, start, stop, topics)
            yield Event(
                number, log_index, "0x" + hashes[place : place + WORD], tx_index, address, kind, args, timestamp
            )
            start = stop
            place += WORD
            where += 2 * ADDRESS_BYTES

    def decode(self, log: Mapping[str, Any], timestamp: int) -> Event:
        """An event from one log as a node gives it."""
        (block,) = pack([log], {int(log["blockNumber"], 16): timestamp})
        (event,) = self.events(block)
        return event


def _as_it_came(text: str, start: int, stop: int, topics: int) -> Arguments:
    first = start + WORD * topics
    return {
        "topics": ["0x" + text[place : place + WORD] for place in range(start, first, WORD)],
        "data": "0x" + text[first:stop],
    }
