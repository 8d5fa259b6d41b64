"""Settling expiries by the feed's own rounds, as soon as it is certain which is the last; and checkpoints before each.

A checkpoint names the feed's phase and spot, so that a settlement does not hang on the moment at which it is asked for.
"""

from __future__ import annotations

from keeper.actions import Action
from keeper.context import Context
from optionix.chain.abi import load_abi
from optionix.chain.errors import Reverted
from optionix.chain.settlement import NoSettlingRound, settling_call

MIN_GAS = 800_000
"""A proof reads each round with gas of its own: a limit from the estimate alone could starve one."""
NOT_YET = frozenset({"NotLastRound", "AlreadySettled", "NotExpired"})
"""Refusals that pass: the next round is not there yet, or somebody else was faster."""
CHECKPOINT_WINDOW = 900
"""Seconds before an expiry in which its feed is checkpointed once."""
UNREADABLE = frozenset({"StalePrice", "PriceOutOfRange", "SequencerDown"})
"""Refusals of a checkpoint: the feed cannot be read now. Watching says so."""


async def settle(context: Context) -> list[Action]:
    """One settlement (or the next step of one) for each passed expiry that has no price."""
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
            call = await settling_call(context.rpc, context.address("Markets"), row.market, row.expiry)
        except NoSettlingRound:
            continue
        except Reverted as refusal:
            if refusal.name in NOT_YET:
                continue
            raise
        actions.append(
            Action(
                key=f"settle:{row.market}:{row.expiry}",
                description=str(call),
                target=context.address("Markets"),
                data=load_abi("Markets").encode(call.function, *call.args),
                min_gas=MIN_GAS,
                expected=NOT_YET,
            )
        )
    return actions


async def checkpoints(context: Context) -> list[Action]:
    """One checkpoint of each feed in the last quarter of an hour before an expiry that it settles."""
    now = await context.now()
    due = await context.state.expiring(now, now + CHECKPOINT_WINDOW)
    if not due:
        return []
    kept = await context.read_many("Markets", [("lastCheckpoint", row) for row in due])
    return [
        Action(
            key=f"checkpoint:{market}:{expiry}",
            description=f"checkpoint market {market} before expiry {expiry}",
            target=context.address("Markets"),
            data=load_abi("Markets").encode("checkpoint", market, expiry),
            expected=UNREADABLE,
        )
        for (market, expiry), checkpoint in zip(due, kept, strict=True)
        if checkpoint["timestamp"] < expiry - CHECKPOINT_WINDOW
    ]
