"""The logs of a block, proven by its own hash: header to hash, receipts to the header's receipts root.

Yellow Paper, sections 4.3 and 4.4; typed receipts EIP-2718; the later header fields EIP-1559, 4895, 4844, 4788, 7685.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import rlp
from eth_utils.crypto import keccak
from trie import HexaryTrie

_FIELDS = (
    *("parentHash", "sha3Uncles", "miner", "stateRoot", "transactionsRoot", "receiptsRoot", "logsBloom"),
    *("difficulty", "number", "gasLimit", "gasUsed", "timestamp", "extraData", "mixHash", "nonce"),
)
_LATER_FIELDS = (
    *("baseFeePerGas", "withdrawalsRoot", "blobGasUsed", "excessBlobGas", "parentBeaconBlockRoot", "requestsHash"),
)
"""Each is there from its fork on, and never without those before it."""
_NUMBERS = frozenset(
    {"difficulty", "number", "gasLimit", "gasUsed", "timestamp", "baseFeePerGas", "blobGasUsed", "excessBlobGas"}
)


class Unproven(Exception):
    """The answers do not hash to what they should, or have a form that is not known here."""


def proven_logs(
    block_hash: str, header: Mapping[str, Any] | None, receipts: Sequence[Mapping[str, Any]] | None
) -> list[Mapping[str, Any]]:
    """All logs of the block with this hash, in order, whoever gave the header and the receipts.

    Raises
    ------
    Unproven
        With what does not fit.
    """
    if header is None or receipts is None:
        raise Unproven("no header or no receipts")
    try:
        if header_hash(header) != _bytes(block_hash):
            raise Unproven(f"the header does not hash to {block_hash}")
        if receipts_root(receipts) != _bytes(header["receiptsRoot"]):
            raise Unproven(f"the receipts of block {block_hash} do not hash to its receipts root")
        logs = [(index, log) for index, receipt in enumerate(receipts) for log in receipt["logs"]]
        # The root does not hold the places, only the order.
        return [
            {**log, "logIndex": hex(place), "transactionIndex": hex(index)} for place, (index, log) in enumerate(logs)
        ]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Unproven(f"block {block_hash}: an answer of unknown form ({error!r})") from error


def is_authentic(header: Mapping[str, Any]) -> bool:
    """Whether a header hashes to the hash that it names."""
    try:
        return header_hash(header) == _bytes(header["hash"])
    except (KeyError, TypeError, ValueError, AttributeError):
        return False


def header_hash(header: Mapping[str, Any]) -> bytes:
    """Hash of a header as a node gives it."""
    names = [*_FIELDS, *(name for name in _LATER_FIELDS if header.get(name) is not None)]
    return keccak(rlp.encode([_number(header[name]) if name in _NUMBERS else _bytes(header[name]) for name in names]))


def receipts_root(receipts: Sequence[Mapping[str, Any]]) -> bytes:
    """Root of the trie of a block's receipts, in order."""
    trie = HexaryTrie({}, prune=True)
    with trie.squash_changes() as changes:
        for place, receipt in enumerate(receipts):
            changes[rlp.encode(place)] = _encoded(receipt)
    return bytes(trie.root_hash)


def _encoded(receipt: Mapping[str, Any]) -> bytes:
    logs = [[_bytes(log["address"]), [_bytes(topic) for topic in log["topics"]], _bytes(log["data"])]
            for log in receipt["logs"]]  # fmt: skip
    # Before Byzantium a receipt had the state's root where now it says whether the transaction went through.
    outcome = _bytes(receipt["root"]) if receipt.get("status") is None else _number(receipt["status"])
    fields: list[Any] = [outcome, _number(receipt["cumulativeGasUsed"]), _bytes(receipt["logsBloom"]), logs]
    # Deposits of the OP stack say more.
    fields += [_number(receipt[name]) for name in ("depositNonce", "depositReceiptVersion") if receipt.get(name)]
    kind = _number(receipt.get("type") or "0x0")
    body = bytes(rlp.encode(fields))
    return body if kind == 0 else bytes([kind]) + body


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def _number(text: str) -> int:
    return int(text, 16)
