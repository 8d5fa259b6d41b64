"""Redeeming for holders who did not: to their own free balance, in the order of settlement."""

from __future__ import annotations

from keeper.actions import Action
from keeper.context import Context
from keeper.jobs.batches import batches
from keeper.state import HolderRow
from optionix.instruments import STRIKE_UNIT_WAD, Side

GRACE_SECONDS = 3600
"""Holders have this long (market time) to redeem to where they like before it is done for them."""


async def redemptions(context: Context) -> list[Action]:
    """Each holder's series in the money, where the holder has no code or agreed to it, many at a time."""
    rows = [row for row in await context.state.holders(await context.now() - GRACE_SECONDS) if pays(row)]
    if not rows:
        return []
    accounts = sorted({row.account for row in rows})
    codes = await context.rpc.batch([("eth_getCode", [account, "latest"]) for account in accounts])
    allowed = await context.state.allowed_redeem_for()
    open_to_all = {
        account for account, code in zip(accounts, codes, strict=True) if code in ("0x", "") or account in allowed
    }
    due = [(row.account, row.series_id) for row in rows if row.account in open_to_all]
    return await batches(context, "redeemMany", "redeem", due)


def pays(row: HolderRow) -> bool:
    """Whether a settled series is in the money: nobody pays gas for nothing."""
    strike = row.strike * STRIKE_UNIT_WAD
    price = row.settlement_price
    return price > strike if row.side == Side.CALL else price < strike
