"""Redeeming for holders who did not: to their own free balance, in the order of settlement."""

from __future__ import annotations

from keeper.actions import Action
from keeper.context import Context
from keeper.state import HolderRow
from optionix.chain.abi import load_abi
from optionix.instruments import STRIKE_UNIT_WAD, Side

GRACE_SECONDS = 3600
"""Holders have this long (market time) to redeem to where they like before it is done for them."""
DONE = frozenset({"BadAmount", "RedeemForNotAllowed"})
"""The holder was faster, or has code by now."""


async def redemptions(context: Context) -> list[Action]:
    """One redemption for each holder and series in the money, where the holder has no code or agreed to it."""
    rows = [row for row in await context.state.holders(await context.now() - GRACE_SECONDS) if pays(row)]
    if not rows:
        return []
    accounts = sorted({row.account for row in rows})
    codes = await context.rpc.batch([("eth_getCode", [account, "latest"]) for account in accounts])
    allowed = await context.state.allowed_redeem_for()
    open_to_all = {
        account for account, code in zip(accounts, codes, strict=True) if code in ("0x", "") or account in allowed
    }
    abi, clearinghouse = load_abi("Clearinghouse"), context.address("Clearinghouse")
    return [
        Action(
            key=f"redeem:{row.account}:{row.series_id}",
            description=f"redeem series {row.series_id} for {row.account}",
            target=clearinghouse,
            data=abi.encode("redeemFor", row.account, row.series_id),
            expected=DONE,
        )
        for row in rows
        if row.account in open_to_all
    ]


def pays(row: HolderRow) -> bool:
    """Whether a settled series is in the money: nobody pays gas for nothing."""
    strike = row.strike * STRIKE_UNIT_WAD
    price = row.settlement_price
    return price > strike if row.side == Side.CALL else price < strike
