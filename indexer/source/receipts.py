"""The logs of a block, proven by its own hash: header to hash, receipts to the header's receipts root.

Yellow Paper, sections 4.3 and 4.4; typed receipts EIP-2718; the later header fields EIP-1559, 4895, 4844, 4788, 7685.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from eth_utils.crypto import keccak
from rlp.codec import encode_raw

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

_EMPTY_ROOT = keccak(b"\x80")


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
    return keccak(encode_raw([_integer(header[name]) if name in _NUMBERS else _bytes(header[name]) for name in names]))


def receipts_root(receipts: Sequence[Mapping[str, Any]]) -> bytes:
    """Root of the trie of a block's receipts, in order."""
    if not receipts:
        return _EMPTY_ROOT
    leaves = sorted((encode_raw(_big_endian(place)).hex(), _encoded(receipt)) for place, receipt in enumerate(receipts))
    return keccak(encode_raw(_node(leaves, 0)))


def _node(leaves: Sequence[tuple[str, bytes]], depth: int) -> list[Any]:
    """A node of the Merkle Patricia trie (Yellow Paper, appendix D) over sorted leaves that share `depth` nibbles.

    All leaves are known beforehand: nothing is looked up, and each node is made once.
    """
    path = leaves[0][0]
    if len(leaves) == 1:
        return [_packed(path[depth:], leaf=True), leaves[0][1]]
    # Sorted: what the first and the last share, all share.
    shared, other = depth, leaves[-1][0]
    while path[shared] == other[shared]:
        shared += 1
    if shared > depth:
        return [_packed(path[depth:shared], leaf=False), _reference(_node(leaves, shared))]
    branches: list[Any] = [b""] * 17
    begin = 0
    while begin < len(leaves):
        nibble = leaves[begin][0][depth]  # no key is the beginning of another
        end = begin + 1
        while end < len(leaves) and leaves[end][0][depth] == nibble:
            end += 1
        branches[int(nibble, 16)] = _reference(_node(leaves[begin:end], depth + 1))
        begin = end
    return branches


def _reference(node: list[Any]) -> Any:
    encoded = encode_raw(node)
    return node if len(encoded) < 32 else keccak(encoded)


def _packed(nibbles: str, *, leaf: bool) -> bytes:
    """A path with its kind and whether its length is odd (appendix C)."""
    odd = len(nibbles) % 2
    return bytes.fromhex(f"{2 * leaf + odd:x}" + ("" if odd else "0") + nibbles)


def _big_endian(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def _encoded(receipt: Mapping[str, Any]) -> bytes:
    logs = [[_bytes(log["address"]), [_bytes(topic) for topic in log["topics"]], _bytes(log["data"])]
            for log in receipt["logs"]]  # fmt: skip
    # Before Byzantium a receipt had the state's root where now it says whether the transaction went through.
    outcome = _bytes(receipt["root"]) if receipt.get("status") is None else _integer(receipt["status"])
    fields: list[Any] = [outcome, _integer(receipt["cumulativeGasUsed"]), _bytes(receipt["logsBloom"]), logs]
    # Deposits of the OP stack say more.
    fields += [_integer(receipt[name]) for name in ("depositNonce", "depositReceiptVersion") if receipt.get(name)]
    kind = _number(receipt.get("type") or "0x0")
    body = bytes(encode_raw(fields))
    return body if kind == 0 else bytes([kind]) + body


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def _integer(text: str) -> bytes:
    return _big_endian(_number(text))


def _number(text: str) -> int:
    number = int(text, 16)
    if number < 0:
        raise ValueError(f"{text} where there is no sign")
    return number
