"""Exact decimal strings for integers of money; no float is involved."""

from __future__ import annotations

from decimal import Decimal, localcontext

WAD_DECIMALS = 18
STRIKE_DECIMALS = 8


def decimal_string(units: int | Decimal, decimals: int) -> str:
    """`units` of 10**-decimals as the shortest exact decimal, without exponent: (1500, 3) -> "1.5"."""
    whole = int(units)
    sign = "-" if whole < 0 else ""
    digits = str(abs(whole)).rjust(decimals + 1, "0")
    if decimals == 0:
        return sign + digits
    fraction = digits[-decimals:].rstrip("0")
    return sign + digits[:-decimals] + ("." + fraction if fraction else "")


def units(text: str, decimals: int) -> int:
    """The inverse of `decimal_string`.

    Raises
    ------
    ValueError
        When the text is no plain decimal number or has more places than `decimals`.
    """
    with localcontext() as context:
        context.prec = 100
        try:
            scaled = Decimal(text).scaleb(decimals)
        except ArithmeticError:
            raise ValueError(f"{text!r} is not a decimal number") from None
        if not scaled.is_finite() or scaled != scaled.to_integral_value():
            raise ValueError(f"{text!r} has more than {decimals} decimal places")
        return int(scaled)


def per_contract(assets: int, amount: int, decimals: int, rounding: str) -> str:
    """A price per contract in the asset's smallest unit, from a total in token units and an amount in WAD."""
    with localcontext() as context:
        context.prec = 100
        context.rounding = rounding
        each = (Decimal(assets) * 10**WAD_DECIMALS / Decimal(amount)).to_integral_value()
        return decimal_string(each, decimals)
