"""An order as its maker signed it: the typed data's message, with the contract's names and integers as decimal text."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, Field, PlainSerializer, Strict, WithJsonSchema
from pydantic.alias_generators import to_camel

from api.schemas import AddressText, Schema
from optionix.orders import LimitKind, Order


def _integer(value: Any) -> Any:
    """JSON has no integers of this size: text is exact, and small numbers may be numbers."""
    if isinstance(value, str) and value.isascii() and value.removeprefix("-").isdigit() and len(value) <= 78:
        return int(value)
    return value


def _told(kind: str) -> WithJsonSchema:
    sign = "-?" if kind.startswith("int") else ""
    return WithJsonSchema(
        {"type": "string", "pattern": rf"^{sign}\d{{1,78}}$", "description": f"{kind}, decimal text."}
    )


Integer = Annotated[int, Strict(), BeforeValidator(_integer), PlainSerializer(str, return_type=str)]
Int40 = Annotated[Integer, Field(ge=-(2**39), le=2**39 - 1), _told("int40")]
Uint32 = Annotated[Integer, Field(ge=0, le=2**32 - 1), _told("uint32")]
Uint40 = Annotated[Integer, Field(ge=0, le=2**40 - 1), _told("uint40")]
Uint64 = Annotated[Integer, Field(ge=0, le=2**64 - 1), _told("uint64")]
Uint128 = Annotated[Integer, Field(ge=0, le=2**128 - 1), _told("uint128")]
Uint256 = Annotated[Integer, Field(ge=0, le=2**256 - 1), _told("uint256")]


class OrderMessage(Schema):
    """`Order` of the Exchange's typed data (EIP-712); what each field means stands in `IExchange.sol`."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, validate_by_name=False, serialize_by_alias=True)

    maker: AddressText
    taker: AddressText
    series: Uint256
    is_buy: bool
    use_book: bool
    kind: Annotated[LimitKind, Field(description="0 limits the premium, 1 the volatility.")]
    premium_token: AddressText
    amount: Uint128
    limit: Uint128
    deadline: Uint40
    nonce: Uint64
    min_premium: Uint128
    max_premium: Uint128
    min_spot: Uint128
    max_spot: Uint128
    max_feed_age: Uint32
    stored_carry: bool
    min_carry: Int40
    max_carry: Int40
    spot_edge: Uint64

    def signed(self) -> Order:
        """The order, its addresses in lower case."""
        order = Order(**dict(self))
        return replace(
            order, maker=order.maker.lower(), taker=order.taker.lower(), premium_token=order.premium_token.lower()
        )

    @classmethod
    def of(cls, order: Order) -> OrderMessage:
        """The message of an order."""
        return cls.model_validate(order.struct())
