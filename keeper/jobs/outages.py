"""Noting feeds that cannot be read while a vault holds series priced by them, and that they can be read again.

A feed that is merely old says since when; one that reverts, answers nothing or leaves its range has no date of its own,
and the three days after which a vault pays leavers without it run from the first note. Notes half a day apart count as
two outages: they are repeated.

What is announced of a token (ERC-1155 `URI`) has no job: its metadata are computed by the contract at each look, so an
announcement changes nothing that anybody reads, and would be paid for at each listing.
"""

from __future__ import annotations

from keeper.actions import Action
from keeper.context import Context
from optionix.chain.abi import load_abi
from optionix.chain.errors import Reverted

REPEAT_SECONDS = 3 * 3600
"""Between two notes of one outage: four chances before the contract counts a new one."""
DATED = "StalePrice"
"""The refusal that says itself since when."""


async def outages(context: Context) -> list[Action]:
    """A note for each feed, by expiry, whose outage begins, goes on or is over."""
    now = await context.now()
    actions = []
    for market, expiry in await context.state.open_vault_expiries(now):
        since, seen = await context.read("VaultPricer", "outages", market, expiry)
        try:
            await context.read("Markets", "spot", market, expiry)
        except Reverted as refusal:
            due = refusal.name != DATED and now >= seen + REPEAT_SECONDS
        else:
            due = since != 0
        if due:
            actions.append(
                Action(
                    key=f"outage:{market}:{expiry}",
                    description=f"note whether the feed of market {market} can be read for expiry {expiry}",
                    target=context.address("VaultPricer"),
                    data=load_abi("VaultPricer").encode("noteOutage", market, expiry),
                )
            )
    return actions
