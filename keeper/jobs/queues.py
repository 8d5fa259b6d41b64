"""Processing the vaults' queues of deposits and redemptions once their notice is over."""

from __future__ import annotations

from keeper.actions import Action
from keeper.context import Context
from optionix.chain.abi import load_abi

MAX_REQUESTS = 20
"""Requests in one transaction: a vault of 64 series is marked once, then each request costs some 60,000 gas."""
WAIT = frozenset({"NothingToProcess", "NoticeNotOver", "ProcessingCutoff", "StaleSlice", "NoSlice"})
"""Refusals that pass by themselves: an expiry's cutoff, idle assets too low, a slice to come."""


async def queues(context: Context) -> list[Action]:
    """One call for each vault with a request that may be ready."""
    now = await context.now()
    abi = load_abi("OptionVault")
    return [
        Action(
            key=f"process:{vault}",
            description=f"process requests of vault {vault}",
            target=vault,
            data=abi.encode("process", MAX_REQUESTS),
            expected=WAIT,
        )
        for vault in await context.state.ready_vaults(now)
    ]
