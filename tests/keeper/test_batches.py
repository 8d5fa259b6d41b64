"""Batches ask the chain what is still to be done, and send that alone."""

from __future__ import annotations

from typing import Any, cast

from keeper.context import Context
from keeper.jobs.batches import BATCH, Item, batches
from optionix.chain.abi import load_abi
from optionix.chain.errors import Reverted

HOUSE = "0x" + "11" * 20
KEY = 1 << 48 | 1_678_176_000


class Chain:
    """Stands for the context: knows what is done, or refuses to say."""

    def __init__(self, done: set[Item], reason: Reverted | None = None) -> None:
        self.done, self.reason = done, reason

    def address(self, _: str) -> str:
        return HOUSE

    async def read(self, contract: str, function: str, items: list[Item]) -> tuple[bool, ...]:
        assert (contract, function) == ("Clearinghouse", "settleMany")
        if self.reason:
            raise self.reason
        return tuple(item not in self.done for item in items)


def items(count: int, key: int = KEY) -> list[Item]:
    return [(f"0x{account + 1:040x}", key << 64 | 1500) for account in range(count)]


async def settled(chain: Chain, wanted: list[Item]) -> list[list[Item]]:
    """What each action would settle."""
    actions = await batches(cast(Context, chain), "settleMany", "books", wanted)
    assert len({action.key for action in actions}) == len(actions)
    assert {action.target for action in actions} <= {HOUSE}
    found = []
    for size in range(1, BATCH + 1):
        for chunk in chunks(wanted, chain.done, size):
            data = load_abi("Clearinghouse").encode("settleMany", chunk)
            found += [chunk for action in actions if action.data == data]
    assert len(found) == len(actions)
    return found


def chunks(wanted: list[Item], done: set[Item], size: int) -> list[list[Item]]:
    """Every run of so many items of one key that are left."""
    left = [item for item in wanted if item not in done]
    runs = [left[first : first + size] for first in range(len(left) - size + 1)]
    return [run for run in runs if len({series >> 64 for _, series in run}) == 1]


async def test_leaves_out_what_somebody_else_did() -> None:
    wanted = items(3)
    assert await settled(Chain({wanted[1]}), wanted) == [[wanted[0], wanted[2]]]


async def test_sends_nothing_where_all_is_done() -> None:
    assert await settled(Chain(set(items(3))), items(3)) == []
    assert await settled(Chain(set()), []) == []


async def test_splits_by_book_key_and_by_size() -> None:
    wanted = items(BATCH + 1) + items(1, KEY + 1)
    sent = await settled(Chain(set()), wanted)
    assert sorted(len(chunk) for chunk in sent) == [1, 1, BATCH]
    assert sorted(item for chunk in sent for item in chunk) == sorted(wanted)


async def test_the_same_items_make_the_same_action() -> None:
    first, again, less = [
        await batches(cast(Context, Chain(done)), "settleMany", "books", items(2))
        for done in (set[Item](), set[Item](), {items(2)[0]})
    ]
    assert first == again
    assert first[0].key != less[0].key


async def test_a_refusal_is_left_to_the_simulation() -> None:
    arguments: dict[str, Any] = {"market": 1, "expiry": 1}
    chain = Chain(set(), Reverted("NotSettled", arguments, "0x", None))
    assert await settled(chain, items(2)) == [items(2)]
