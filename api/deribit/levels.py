"""Order books: the levels that signed orders and the vault's quote make together. Fees are apart, as at Deribit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from api.deribit.units import DOWN, UP, base_price, contracts, premium_price
from optionix.instruments import Side
from optionix.pricing.payoff import WAD
from optionix.pricing.vault import Quote

SIZES = (1, 2, 5, 10, 20, 50, 100)
"""Contracts at which the vault is asked; a level costs what its size costs on top of the size before."""
SMALL_SIZES = (WAD // 10, WAD // 100)
"""Asked instead, WAD, where the vault sells no whole contract."""


@dataclass(frozen=True)
class Level:
    """Contracts at a price in base."""

    price: Decimal
    amount: Decimal


@dataclass(frozen=True)
class Book:
    """Levels, the best first."""

    bids: Sequence[Level] = ()
    asks: Sequence[Level] = ()

    @property
    def best_bid(self) -> Level | None:
        """The highest."""
        return self.bids[0] if self.bids else None

    @property
    def best_ask(self) -> Level | None:
        """The lowest."""
        return self.asks[0] if self.asks else None


def merged(bids: Iterable[Level], asks: Iterable[Level]) -> Book:
    """A book of levels from anywhere: those of one price become one."""
    return Book(tuple(reversed(_by_price(bids))), tuple(_by_price(asks)))


def order_level(*, is_buy: bool, in_quote: bool, price: int, fillable: int, index: int | None) -> Level | None:
    """The level of a signed order at its executable price, WAD of base or quote; None where there is no index."""
    if in_quote and index is None:
        return None
    side = Side.PUT if in_quote else Side.CALL
    return Level(base_price(side, price, index or WAD, DOWN if is_buy else UP), contracts(fillable))


def vault_asks(
    side: Side, decimals: int, index: int, quoted: Callable[[int], Quote | None], *, depth: bool
) -> list[Level]:
    """What the vault sells at: the premium of each further size, rounded up.

    Parameters
    ----------
    quoted : the vault's quote for an amount (WAD), or None.
    depth : whether to go on behind the first level.
    """
    first = next((size for size in (WAD, *SMALL_SIZES) if quoted(size) is not None), None)
    if first is None:
        return []
    sizes = [first] + ([size * WAD for size in SIZES if size * WAD > first] if depth else [])
    levels: list[Level] = []
    amount = premium = 0
    for size in sizes:
        quote = quoted(size)
        if quote is None:
            break
        asked = quote.total - quote.fee
        price = premium_price(side, asked - premium, decimals, size - amount, index, UP)
        # The cost function rises with size; its last digits, rounded to the token's units, need not.
        price = max(price, levels[-1].price) if levels else price
        levels.append(Level(price, contracts(size - amount)))
        amount, premium = size, asked
    return levels


def vault_bids(
    side: Side, decimals: int, index: int, written: int, quoted: Callable[[int], Quote | None], *, depth: bool
) -> list[Level]:
    """What the vault buys back at: at most what it has written, rounded down."""
    sizes = [min(WAD, written)] + ([written] if depth and written > WAD else [])
    levels: list[Level] = []
    amount = premium = 0
    for size in sizes:
        quote = quoted(size) if size else None
        if quote is None:
            break
        got = quote.total + quote.fee
        price = premium_price(side, got - premium, decimals, size - amount, index, DOWN)
        if price <= 0:
            break
        price = min(price, levels[-1].price) if levels else price
        levels.append(Level(price, contracts(size - amount)))
        amount, premium = size, got
    return levels


def pairs(levels: Sequence[Level], depth: int) -> list[list[Decimal]]:
    """`[price, amount]` of the first levels."""
    return [[level.price, level.amount] for level in levels[:depth]]


def _by_price(levels: Iterable[Level]) -> list[Level]:
    amounts: dict[Decimal, Decimal] = {}
    for level in levels:
        if level.amount > 0 and level.price > 0:
            amounts[level.price] = amounts.get(level.price, Decimal(0)) + level.amount
    return [Level(price, amounts[price]) for price in sorted(amounts)]
