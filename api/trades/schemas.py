"""Trades."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from api.schemas import Address, Answer, DecimalString, Schema, Timestamp


class Trade(Schema):
    """One trade of a series."""

    id: str = Field(description="Block and log index: unique and ordered.")
    block_number: int
    log_index: int
    transaction: str
    timestamp: Timestamp
    name: str
    series_id: str
    venue: Address
    taker: Address
    action: Literal["buy", "sell"]
    amount: DecimalString
    premium: DecimalString = Field(description="Settlement asset, whole trade.")
    fee: DecimalString
    price: DecimalString = Field(description="Premium per contract, rounded down to the asset's units.")
    asset: str
    spot: DecimalString
    volatility: float


class Trades(Answer):
    """Newest first; follow `next_cursor` for older ones."""

    trades: list[Trade]
    next_cursor: str | None
