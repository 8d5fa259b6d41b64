"""Signed orders and books of them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from api.orders.message import OrderMessage
from api.schemas import Address, Answer, DecimalString, Schema, Timestamp

Status = Literal["open", "unpriced", "unfunded", "filled", "cancelled", "expired"]
Signature = Annotated[str, Field(pattern=r"^0x([0-9a-fA-F]{2}){1,4096}$", examples=["0x" + "00" * 65])]


class NewOrder(Schema):
    """An order to be shown in its book."""

    order: OrderMessage = Field(description="What was signed.")
    signature: Signature = Field(description="65 bytes of a key, or what an ERC-1271 account takes.")


class OrderView(Schema):
    """A signed order as it stands at the answer's block. With `order` and `signature` anybody may fill it."""

    hash: str
    name: str
    maker: Address
    action: Literal["buy", "sell"] = Field(description="What the maker does.")
    kind: Literal["premium", "volatility"]
    status: Status
    reason: str | None = Field(
        description="Why it does not fill now: the name of the contract's error; null where it does."
    )
    price: DecimalString | None = Field(description="Executable premium a contract in `asset`, the fee apart.")
    asset: str = Field(description="What the premium is paid in: base or quote.")
    settlement_price: DecimalString | None = Field(
        description="`price` in the series' settlement asset at the feed's spot, by which a book is sorted."
    )
    volatility: float | None = Field(description="Of a volatility order.")
    amount: DecimalString
    filled: DecimalString
    remaining: DecimalString
    fillable: DecimalString = Field(description="Of what remains, how much its maker can pay or deliver now.")
    deadline: Timestamp
    received_at: str = Field(description="Wall time, RFC 3339.")
    order: OrderMessage
    signature: str


class OrderAnswer(Answer):
    """One order."""

    order: OrderView


class Orders(Answer):
    """Orders of a maker, newest first; follow `next_cursor` for older ones."""

    orders: list[OrderView]
    next_cursor: str | None


class OrderBook(Answer):
    """Orders of one series that fill now, best first; vaults quote beside them."""

    name: str
    series_id: str
    asset: str = Field(description="The settlement asset, in which `settlement_price` is told.")
    bids: list[OrderView]
    asks: list[OrderView]
