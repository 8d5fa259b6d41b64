"""After settlement: every book with legs in a settled expiry, vaults' series, and the pots of fees."""

from __future__ import annotations

from keeper.actions import Action
from keeper.context import Context
from keeper.jobs.batches import STRIKE_BITS, batches
from keeper.state import NETTED
from optionix.chain.abi import load_abi

DONE = frozenset({"NotOpen"})
"""Somebody else was faster."""


async def books(context: Context) -> list[Action]:
    """Releases of vaults first (depositors wait for them), then books of writers, then pots."""
    vault_abi, abi, clearinghouse = load_abi("OptionVault"), load_abi("Clearinghouse"), context.address("Clearinghouse")
    actions = [
        Action(
            key=f"release:{vault}:{series}",
            description=f"release series {series} of vault {vault}",
            target=vault,
            data=vault_abi.encode("release", series),
            expected=DONE,
        )
        for vault, series in await context.state.vault_series()
    ]
    vaults = [vault.address for vault in context.deployment.vaults]
    items = []
    for book in await context.state.settled_books(vaults):
        series = (book.book_key << STRIKE_BITS,) if book.kind == NETTED else book.series
        items += [(book.account, each) for each in series]
    actions += await batches(context, "settleMany", "books", items)
    for key in await context.state.fee_pots():
        # A pot may keep what others can still earn of it: that is not due.
        if any(await context.read("Clearinghouse", "feesDue", key)):
            actions.append(
                Action(
                    key=f"fees:{key}",
                    description=f"collect the fees of {key}",
                    target=clearinghouse,
                    data=abi.encode("collectFees", key),
                )
            )
    return actions
