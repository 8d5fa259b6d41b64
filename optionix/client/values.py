"""What the client gives back: exact amounts, with the units in their names."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum
from typing import Literal

from optionix.chain.transactions import Receipt
from optionix.errors import UserError
from optionix.instruments import Series

WAD = 10**18
AMOUNT_UNIT = 10**10
"""Amounts are multiples of this many WAD: 1e-8 contracts."""

Number = Decimal | int | str
"""An exact number: never a float, which would be rounded before we see it."""


class Funds(IntEnum):
    """Where a trade's money comes from or goes to, numbered as in the contracts."""

    FREE_BALANCE = 0
    WALLET = 1


class BadAmount(UserError, ValueError):
    """An amount that is not above zero, not exact, or finer than the token or the contracts can hold."""


@dataclass(frozen=True)
class Block:
    """The block that an answer is as of."""

    number: int
    hash: str
    timestamp: int


@dataclass(frozen=True)
class Quote:
    """A vault's quote, taken apart; amounts in units of the settlement token.

    Attributes
    ----------
    amount : contracts, WAD.
    total : what a buyer pays or a seller gets.
    spot, volatility, delta : WAD; delta of one contract.
    collateral : what the trade locks or unlocks.
    """

    series: Series
    side: Literal["buy", "sell"]
    amount: int
    token: str
    decimals: int
    mark: int
    spread: int
    skew: int
    use: int
    guard: int
    floor: int
    fee: int
    total: int
    spot: int
    volatility: int
    delta: int
    collateral: int
    block: Block

    @property
    def total_decimal(self) -> Decimal:
        """The total in whole tokens, exact."""
        return Decimal(self.total).scaleb(-self.decimals)


@dataclass(frozen=True)
class Trade:
    """A trade that was mined.

    Attributes
    ----------
    amount : contracts, WAD.
    assets : what was paid (buy) or received (sell), token units.
    """

    series: Series
    side: Literal["buy", "sell"]
    amount: int
    assets: int
    token: str
    receipt: Receipt


@dataclass(frozen=True)
class Position:
    """Option tokens of one series in a wallet; `amount` is WAD. `price_wad` is None before settlement."""

    series: Series
    name: str
    amount: int
    price_wad: int | None


@dataclass(frozen=True)
class Leg:
    """One leg of a book; `amount` is WAD, negative written."""

    series: Series
    name: str
    amount: int


BookKind = Literal["NONE", "PLAIN", "NETTED", "SETTLED"]


@dataclass(frozen=True)
class Book:
    """All legs of an account in one (market, side, expiry); `locked` in token units."""

    key: int
    kind: BookKind
    locked: int
    legs: list[Leg]


@dataclass(frozen=True)
class VaultState:
    """A vault as it stands; token units and shares' own units.

    `entering` and `leaving` are its net assets as depositors and leavers see them, None while it cannot be marked.
    """

    address: str
    market: int
    side: str
    token: str
    decimals: int
    total_supply: int
    idle: int
    locked: int
    entering: int | None
    leaving: int | None
    pending_assets: int
    pending_shares: int
    open_series: int


def contracts(value: Number) -> int:
    """Contracts as WAD.

    Raises
    ------
    BadAmount
        Unless it is above zero and a multiple of 1e-8 contracts.
    """
    amount = units(value, 18)
    if amount % AMOUNT_UNIT:
        raise BadAmount(f"{value} contracts is finer than 0.00000001")
    return amount


def units(value: Number, decimals: int) -> int:
    """Whole tokens as the token's units, exactly.

    Raises
    ------
    BadAmount
        Unless it is above zero and fits the decimals.
    """
    if isinstance(value, float):
        raise BadAmount(f"{value!r} is a float: give exact amounts as text, integers or Decimal")
    try:
        exact = Decimal(value)
    except ArithmeticError:
        raise BadAmount(f"{value!r} is not a number") from None
    if not exact.is_finite() or exact <= 0:
        raise BadAmount(f"{value} is not an amount above zero")
    scaled = exact.scaleb(decimals)
    if scaled != scaled.to_integral_value():
        raise BadAmount(f"{value} has more than {decimals} decimals")
    return int(scaled)
