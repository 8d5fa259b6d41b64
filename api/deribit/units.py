"""Native units to base coin: every price here is in base, as of Deribit's inverse options.

A call is priced in base already; a put's price is its quote premium over the index (quote per base). Each price is
rounded once, from exact integers, to the tick of 1e-8: bids and prices of trades down, asks up (nothing that is shown
is better than what executes), marks and what is derived from them half to even.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal, localcontext
from typing import Literal

import orjson

from optionix.instruments import STRIKE_DECIMALS, Side
from optionix.pricing.payoff import WAD

PLACES = 8
TICK = Decimal(1).scaleb(-PLACES)
TICKS = 10**PLACES
"""Ticks in a price of one base."""
Rounding = Literal["ROUND_FLOOR", "ROUND_CEILING", "ROUND_HALF_EVEN"]
DOWN: Rounding = ROUND_FLOOR
UP: Rounding = ROUND_CEILING
EVEN: Rounding = ROUND_HALF_EVEN
_PRECISION = 150
"""Digits that hold any product of three 256-bit integers."""


def ratio(numerator: int, denominator: int, rounding: Rounding) -> Decimal:
    """A quotient of integers, rounded once to eight places."""
    with localcontext() as context:
        context.prec = _PRECISION
        whole, rest = divmod(numerator * TICKS, denominator)
        if rounding == UP:
            whole += rest > 0
        elif rounding == EVEN:
            whole += 2 * rest > denominator or (2 * rest == denominator and whole % 2 == 1)
        return Decimal(whole).scaleb(-PLACES)


def base_price(side: Side, price_wad: int, index_wad: int, rounding: Rounding) -> Decimal:
    """A price per contract in WAD of the settlement asset, told in base."""
    return ratio(price_wad, WAD if side is Side.CALL else index_wad, rounding)


def premium_price(
    side: Side, premium: int, decimals: int, amount_wad: int, index_wad: int, rounding: Rounding
) -> Decimal:
    """The price per contract in base of a whole premium in token units for an amount."""
    worth, per = premium * WAD, amount_wad * 10**decimals
    return ratio(worth, per, rounding) if side is Side.CALL else ratio(worth * WAD, per * index_wad, rounding)


def quote_amount(wad: int) -> Decimal:
    """WAD of quote, such as an index or a forward."""
    return ratio(wad, WAD, EVEN)


def contracts(amount_wad: int) -> Decimal:
    """Contracts; amounts on chain are multiples of 1e-8."""
    return ratio(amount_wad, WAD, DOWN)


def strike(units: int) -> Decimal:
    """A strike in units of 1e-8, exact."""
    return Decimal(units).scaleb(-STRIKE_DECIMALS)


def fraction(wad: int) -> Decimal:
    """A share such as a fee's, exact."""
    return Decimal(wad).scaleb(-18).normalize()


def dumps(content: object) -> bytes:
    """JSON whose decimals are exact numbers."""
    return orjson.dumps(content, default=_number)


def _number(value: object) -> orjson.Fragment:
    if isinstance(value, Decimal) and value.is_finite():
        return orjson.Fragment(format(value.normalize(), "f"))
    raise TypeError(f"{value!r} has no JSON")
