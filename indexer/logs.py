"""Logs of a block as the indexer carries and keeps them: side by side in few long texts instead of an object each.

One text for a block's topics and data is joined, kept, read back and sliced by the decoders many times as fast as a row
or an object for each log.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from indexer.errors import SourceLies

TOPIC_BYTES, ADDRESS_BYTES = 32, 20

Trace = tuple[int, int, str, tuple[str, ...], str]
"""What has to be equal of a log, whoever tells it: the places of the log and of its transaction in the block; address,
topics and data as 0x texts in lower case."""


@dataclass(slots=True)
class BlockLogs:
    """The logs of one block, in their order. Texts are lower-case hex without 0x.

    Attributes
    ----------
    tx_hashes, addresses : 32 and 20 bytes for each log.
    topic_counts : topics of each log.
    ends : where each log ends in `payload`, bytes.
    payload : each log's topics and then its data.
    """

    number: int
    hash: str
    timestamp: int
    log_indexes: list[int] = field(default_factory=list)
    tx_indexes: list[int] = field(default_factory=list)
    topic_counts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    tx_hashes: str = ""
    addresses: str = ""
    payload: str = ""

    def __len__(self) -> int:
        return len(self.ends)


def pack(logs: Iterable[Mapping[str, Any]], timestamps: Mapping[int, int]) -> list[BlockLogs]:
    """Logs as a node gives them, in order, by block.

    Parameters
    ----------
    timestamps : of every block that has logs, seconds.

    Raises
    ------
    SourceLies
        When an answer is not made as a log is.
    """
    packed: list[BlockLogs] = []
    current, end = None, 0
    hashes: list[str] = []
    addresses: list[str] = []
    payload: list[str] = []
    try:
        for log in logs:
            number = log["blockNumber"]
            if number != current:
                if packed:
                    _close(packed[-1], hashes, addresses, payload)
                current, end = number, 0
                hashes, addresses, payload = [], [], []
                block = BlockLogs(int(number, 16), log["blockHash"], timestamps[int(number, 16)])
                packed.append(block)
            topics, data = log["topics"], log["data"]
            end += TOPIC_BYTES * len(topics) + (len(data) - 2) // 2
            block.log_indexes.append(int(log["logIndex"], 16))
            block.tx_indexes.append(int(log["transactionIndex"], 16))
            block.topic_counts.append(len(topics))
            block.ends.append(end)
            hashes.append(log["transactionHash"])
            addresses.append(log["address"])
            payload += topics
            payload.append(data)
        if packed:
            _close(packed[-1], hashes, addresses, payload)
    except (KeyError, TypeError, ValueError) as error:
        raise SourceLies(f"the node gave a log that cannot be read: {error!r}") from error
    return packed


def traces(logs: Iterable[Mapping[str, Any]]) -> list[Trace]:
    """What has to be equal of logs as a node gives them, in order."""
    return [
        (
            int(log["logIndex"], 16),
            int(log["transactionIndex"], 16),
            log["address"].lower(),
            tuple(topic.lower() for topic in log["topics"]),
            log["data"].lower(),
        )
        for log in logs
    ]


def traces_of(block: BlockLogs) -> list[Trace]:
    """What has to be equal of the logs of a block."""
    found: list[Trace] = []
    topic, begin = 2 * TOPIC_BYTES, 0
    for place, (count, end) in enumerate(zip(block.topic_counts, block.ends, strict=True)):
        address = block.addresses[2 * ADDRESS_BYTES * place : 2 * ADDRESS_BYTES * (place + 1)]
        text, begin = block.payload[begin : 2 * end], 2 * end
        topics = tuple("0x" + text[topic * each : topic * (each + 1)] for each in range(count))
        indexes = block.log_indexes[place], block.tx_indexes[place]
        found.append((*indexes, "0x" + address, topics, "0x" + text[topic * count :]))
    return found


def _close(block: BlockLogs, hashes: list[str], addresses: list[str], payload: list[str]) -> None:
    """Join the texts of a block. An x is no hex digit: taking every 0x away takes the prefixes alone."""
    block.tx_hashes = _join(hashes, TOPIC_BYTES * len(block))
    block.addresses = _join(addresses, ADDRESS_BYTES * len(block))
    block.payload = _join(payload, block.ends[-1])


def _join(parts: list[str], size: int) -> str:
    text = "".join(parts).replace("0x", "").lower()
    if len(text) != 2 * size:
        raise ValueError(f"{len(text)} hex digits for {size} bytes")
    return text
