"""The tree of accounts."""

from __future__ import annotations

import pytest
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from optionix.solvency.merkle import EMPTY_ROOT, Owed, Tree, leaf, verify

LEAVES = st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=40, unique=True)


@given(LEAVES)
def test_every_leaf_has_a_way_to_the_root(leaves: list[bytes]) -> None:
    tree = Tree(leaves)
    assert tree.root == Tree(sorted(leaves)).root == Tree(leaves[::-1]).root
    for value in leaves:
        assert verify(value, tree.proof(value), tree.root)


@given(LEAVES, st.binary(min_size=32, max_size=32))
def test_a_stranger_has_none(leaves: list[bytes], stranger: bytes) -> None:
    tree = Tree(leaves)
    if stranger in leaves:
        return
    with pytest.raises(ValueError, match="not in"):
        tree.proof(stranger)
    assert not verify(stranger, tree.proof(leaves[0]), tree.root)


def test_it_is_the_tree_of_the_page() -> None:
    one, two, three = (keccak(bytes([number])) for number in range(3))
    low, middle, high = sorted((one, two, three))

    def parent(left: bytes, right: bytes) -> bytes:
        return keccak(min(left, right) + max(left, right))

    # Five nodes: root, its children, and the children of the first of those; the last leaf lies first.
    assert Tree([one, two, three]).root == parent(parent(middle, low), high)
    assert Tree([one]).root == one
    assert Tree([]).root == EMPTY_ROOT


def test_a_leaf_says_everything_that_is_owed() -> None:
    account, owed = "0x" + "11" * 20, Owed("0x" + "22" * 20, 1, 2, 3)
    value = leaf(account, [owed])
    words = [account[2:].rjust(64, "0"), f"{64:064x}", f"{1:064x}", owed.token[2:].rjust(64, "0")]
    words += [f"{number:064x}" for number in (1, 2, 3)]
    assert value == keccak(keccak(bytes.fromhex("".join(words))))
    assert value != leaf(account, [Owed(owed.token, 1, 2, 4)])
    assert leaf(account, []) != leaf("0x" + "12" * 20, [])
