"""What every answer is made of. Money and amounts are exact decimal strings; model quantities are numbers."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

DecimalString = Annotated[
    str,
    Field(
        pattern=r"^-?\d+(\.\d+)?$",
        examples=["1.5"],
        description="Exact decimal in natural units (contracts, tokens, quote per base); never a float.",
    ),
]
Address = Annotated[str, Field(pattern=r"^0x[0-9a-f]{40}$", description="Lower-case hexadecimal address.")]
Timestamp = Annotated[int, Field(description="Seconds of market time (the chain's).", ge=0)]


class Schema(BaseModel):
    """Base of all answers: no field that is not described."""

    model_config = ConfigDict(extra="forbid")


class BlockRef(Schema):
    """The block that an answer was read at: every number in it can be traced to this block."""

    chain_id: int
    number: int
    hash: str
    timestamp: Timestamp


class Answer(Schema):
    """An answer with its block."""

    block: BlockRef


AddressText = Annotated[
    str, Field(pattern=r"^0x[0-9a-fA-F]{40}$", description="An address in any case.", examples=["0x" + "00" * 20])
]
"""An address as callers may write it."""
