"""A Merkle tree of accounts, as OpenZeppelin's `StandardMerkleTree` builds it: `MerkleProof.verify` takes its proofs.

A leaf is `keccak256(keccak256(abi.encode(address account, (address token, uint256 free, uint256 locked, uint256
claims)[])))`: what the Clearinghouse owes the account in each token that it has anything of, by ascending token. `free`
can be withdrawn now, `locked` is collateral of its books, `claims` what its option tokens are paid: their payoff where
the settlement price is known, and before that the most that they can come to. All are token units.

Leaves are sorted by their hashes. A node is `keccak256` of its two children, the smaller first. `n` leaves lie at the
end of an array of `2n - 1` nodes, the last leaf first; the children of node `i` are `2i + 1` and `2i + 2`, and node 0
is the root. The root of no accounts is zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from eth_abi.abi import encode
from eth_utils.crypto import keccak

LEAF_TYPES = ("address", "(address,uint256,uint256,uint256)[]")
EMPTY_ROOT = b"\0" * 32


@dataclass(frozen=True, slots=True, order=True)
class Owed:
    """What an account is owed in one token, token units."""

    token: str
    free: int
    locked: int
    claims: int


def leaf(account: str, owed: Sequence[Owed]) -> bytes:
    """The leaf of an account."""
    rows = [(each.token, each.free, each.locked, each.claims) for each in sorted(owed)]
    return keccak(keccak(encode(LEAF_TYPES, (account, rows))))


class Tree:
    """The tree of some leaves, whatever their order."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self._leaves = sorted(set(leaves))
        count = len(self._leaves)
        self._nodes = [EMPTY_ROOT] * max(2 * count - 1, 1)
        for place, value in enumerate(self._leaves):
            self._nodes[len(self._nodes) - 1 - place] = value
        for place in range(count - 2, -1, -1):
            self._nodes[place] = _parent(self._nodes[2 * place + 1], self._nodes[2 * place + 2])

    @property
    def root(self) -> bytes:
        """What stands for all leaves."""
        return self._nodes[0]

    def proof(self, value: bytes) -> list[bytes]:
        """The siblings on the way from a leaf to the root.

        Raises
        ------
        ValueError
            For a leaf that the tree does not have.
        """
        place = len(self._nodes) - 1 - self._leaves.index(value)
        siblings = []
        while place:
            siblings.append(self._nodes[place + 1 if place % 2 else place - 1])
            place = (place - 1) // 2
        return siblings


def verify(value: bytes, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether a leaf belongs to a root: hash it with each sibling of its proof, the smaller of the two first."""
    for sibling in proof:
        value = _parent(value, sibling)
    return value == root


def _parent(one: bytes, other: bytes) -> bytes:
    return keccak(min(one, other) + max(one, other))
