"""What one written leg locks: the contracts' `Payoff.collateralUp` in exact integers (protocol.md sections 2 and 3)."""

from __future__ import annotations

from optionix.instruments import Series, Side

_WAD = 10**18


def collateral_up(series: Series, amount: int, decimals: int) -> int:
    """Collateral of `amount` written WAD contracts, token units rounded up.

    A call locks one base for each contract, a put its strike in quote.
    """
    if series.side is Side.CALL:
        value, unit = amount, 10 ** (18 - decimals)
    else:
        value, unit = amount * series.strike_wad, _WAD * 10 ** (18 - decimals)
    return int(-(-value // unit))
