"""Batches of the Clearinghouse: many books or holders in one transaction, without what somebody else did first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from eth_utils.crypto import keccak

from keeper.actions import Action
from keeper.context import Context
from optionix.chain.abi import load_abi
from optionix.chain.errors import Reverted

BATCH = 16
"""Items of one transaction: some two million gas."""

STRIKE_BITS = 64
"""A series id without its strike is the key of a book."""

Item = tuple[str, int]
"""An account and a series; a strike of zero stands for the account's netted book."""


async def batches(context: Context, function: str, what: str, items: Iterable[Item]) -> list[Action]:
    """Calls of `settleMany` or `redeemMany` for what is still to be done, none over more than one book key.

    The chain is asked first: an item that is done would be skipped there, but paid for.
    """
    by_key: dict[int, list[Item]] = defaultdict(list)
    for account, series in items:
        by_key[series >> STRIKE_BITS].append((account, series))
    abi, clearinghouse = load_abi("Clearinghouse"), context.address("Clearinghouse")
    actions = []
    for key, all_items in by_key.items():
        for first in range(0, len(all_items), BATCH):
            chunk = all_items[first : first + BATCH]
            try:
                still = await context.read("Clearinghouse", function, chunk)
            except Reverted:
                still = [True] * len(chunk)  # sending it will say why
            due = [item for item, is_due in zip(chunk, still, strict=True) if is_due]
            if not due:
                continue
            data = abi.encode(function, due)
            names = ", ".join(f"{account} {series}" for account, series in due)
            # The same items have the same key: while they are under way they are not sent again.
            actions.append(
                Action(
                    key=f"{what}:{key}:{keccak(text=data).hex()[:16]}",
                    description=f"{function} of {key} for {names}",
                    target=clearinghouse,
                    data=data,
                )
            )
    return actions
