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
    venue: Address = Field(description="The vault, or the Exchange.")
    taker: Address = Field(description="Who paid the fee; in a match of two signed orders, the buyer.")
    maker: Address | None = Field(description="Who signed the order; null for a trade with a vault.")
    matched: bool = Field(description="Whether two signed orders were matched.")
    action: Literal["buy", "sell"]
    amount: DecimalString
    premium: DecimalString = Field(description="Settlement asset, whole trade.")
    fee: DecimalString
    price: DecimalString = Field(description="Premium per contract, rounded down to the asset's units.")
    asset: str
    spot: DecimalString
    volatility: float | None = Field(description="As it was priced; null where a signed order was filled.")
    paid_asset: str = Field(description="What the premium was paid in: base or quote.")
    paid_premium: DecimalString = Field(description="As paid, in `paid_asset`; `premium` is its worth at `spot`.")
    paid_fee: DecimalString


class Trades(Answer):
    """Newest first; follow `next_cursor` for older ones."""

    trades: list[Trade]
    next_cursor: str | None
