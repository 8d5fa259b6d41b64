"""Settling expiries at the feed's own last round, as soon as the contract can be shown that it is the last."""

from __future__ import annotations

from keeper.actions import Action
from keeper.context import Context
from optionix.chain.abi import load_abi
from optionix.chain.settlement import NoSettlingRound, last_round_at

MIN_GAS = 800_000
"""A proof reads each round with gas of its own: a limit from the estimate alone could starve one."""
NOT_YET = frozenset({"NotLastRound", "AlreadySettled", "NotExpired"})
"""Refusals that pass: the next round is not there yet, or somebody else was faster."""


async def settle(context: Context) -> list[Action]:
    """One settlement for each passed expiry that has no price."""
    now = await context.now()
    waiting = await context.state.unsettled(now)
    if not waiting:
        return []
    known = await context.read_many("Markets", [("settlement", (row.market, row.expiry)) for row in waiting])
    actions = []
    for row, (price, _) in zip(waiting, known, strict=True):
        if price:
            continue  # on chain, not in the tables yet
        try:
            round_id = await last_round_at(context.rpc, row.feed, row.expiry)
        except NoSettlingRound:
            continue
        actions.append(
            Action(
                key=f"settle:{row.market}:{row.expiry}",
                description=f"settle market {row.market} expiry {row.expiry} at round {round_id}",
                target=context.address("Markets"),
                data=load_abi("Markets").encode("settle", row.market, row.expiry, round_id),
                min_gas=MIN_GAS,
                expected=NOT_YET,
            )
        )
    return actions
