"""What accounts and vaults hold, as the indexed tables or a file say it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Holding:
    """Contracts of a series that an account is long (positive) or short, and where: `tokens` or `book`."""

    series_id: int
    name: str
    market: int
    side: int
    expiry: int
    strike: int
    amount: int
    place: str


@dataclass(frozen=True)
class FreeBalance:
    """What an account could withdraw, token units."""

    token: str
    symbol: str
    decimals: int
    free: int


@dataclass(frozen=True)
class VaultRoom:
    """What a vault can trade: idle collateral (token units), contracts written by series id (WAD)."""

    idle: int
    decimals: int
    paused: bool
    written: Mapping[int, int]
