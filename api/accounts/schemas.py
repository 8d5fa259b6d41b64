"""Accounts: balances, positions, books, history."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from api.schemas import Address, Answer, DecimalString, Schema, Timestamp
from api.vaults.schemas import LpRequest


class TokenBalance(Schema):
    """Free balance in the Clearinghouse."""

    token: Address
    symbol: str
    decimals: int
    free: DecimalString


class Position(Schema):
    """Option tokens held."""

    name: str
    series_id: str
    market: str
    side: Literal["CALL", "PUT"]
    strike: DecimalString
    expiry: Timestamp
    amount: DecimalString
    asset: str
    mark: DecimalString | None = Field(description="Per contract; the payoff once settled.")
    value: DecimalString | None
    delta: float | None
    vega: float | None
    settled: bool
    payoff: DecimalString | None = Field(description="What redeeming the whole position pays, exactly.")
    premium_paid: DecimalString = Field(description="Premium and fees paid less received for this series.")


class BookLeg(Schema):
    """One leg of a book; negative is written."""

    name: str
    series_id: str
    strike: DecimalString
    amount: DecimalString


class BookView(Schema):
    """All legs of the account in one (market, side, expiry)."""

    key: str
    market: str
    side: Literal["CALL", "PUT"]
    expiry: Timestamp
    kind: Literal["NONE", "PLAIN", "NETTED", "SETTLED"]
    asset: str
    locked: DecimalString
    required: DecimalString
    legs: list[BookLeg]


class VaultHolding(Schema):
    """Vault shares held."""

    vault: Address
    symbol: str
    asset: str
    shares: DecimalString
    value: DecimalString | None


class Account(Answer):
    """Everything an account has on the exchange."""

    account: Address
    balances: list[TokenBalance]
    positions: list[Position]
    books: list[BookView]
    vaults: list[VaultHolding]
    requests: list[LpRequest]
    operators: dict[Address, int] = Field(description="Flags by operator: 1 TRADE, 2 WITHDRAW.")


class Activity(Schema):
    """One thing that happened to an account."""

    id: str
    block_number: int
    timestamp: Timestamp
    transaction: str
    kind: str = Field(description="What the account did or what was done to it.", examples=["buy"])
    name: str | None = Field(description="The series, where there is one.")
    amount: DecimalString | None = Field(description="Contracts, or vault shares.")
    assets: DecimalString | None = Field(description="Of `asset`; negative where the account owed them.")
    asset: str | None
    vault: Address | None
    counterparty: Address | None


class History(Answer):
    """Newest first; follow `next_cursor` for older ones."""

    account: Address
    activity: list[Activity]
    next_cursor: str | None
