"""Signed orders: what the Exchange knows of each nonce, and its fees."""

from __future__ import annotations

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from optionix.store.models.base import (
    Amount,
    Base,
    ChainKey,
    Flag,
    Int64,
    Int64Key,
    Int256Key,
    OptionalString,
    String,
    TextKey,
)


class Exchange(Base):
    """The fees of the Exchange, WAD: shares of notional and of premium, and the share of a fee that a matcher gets."""

    __tablename__ = "exchange"

    chain_id: Mapped[ChainKey]
    of_notional: Mapped[Amount]
    of_premium: Mapped[Amount]
    of_caller: Mapped[Amount]


class OrderState(Base):
    """What was filled (WAD contracts) or cancelled of a maker's nonce, with the hash of the order that has it.

    `order_hash` is null where a nonce was cancelled before any fill. Nonces below the maker's floor are cancelled as
    well, without a row of their own.
    """

    __tablename__ = "order_state"

    chain_id: Mapped[ChainKey]
    maker: Mapped[TextKey]
    nonce: Mapped[Int256Key]
    order_hash: Mapped[OptionalString]
    filled: Mapped[Amount]
    cancelled: Mapped[Flag]
    updated_block: Mapped[Int64]
    updated_at: Mapped[Int64]


class OrderFill(Base):
    """Every fill of a signed order; a match fills two. Removed only with its block.

    `amount` is what was filled and `filled` all that was by then, WAD contracts. The trade is the next row of `trade`
    in the same transaction.
    """

    __tablename__ = "order_fill"

    chain_id: Mapped[ChainKey]
    block_number: Mapped[Int64Key]
    log_index: Mapped[Int64Key]
    tx_hash: Mapped[String]
    timestamp: Mapped[Int64]
    maker: Mapped[String]
    nonce: Mapped[Amount]
    order_hash: Mapped[String]
    amount: Mapped[Amount]
    filled: Mapped[Amount]

    __table_args__ = (Index(None, "chain_id", "maker", "block_number"), Index(None, "chain_id", "order_hash"))


class NonceFloor(Base):
    """The nonce below which all orders of a maker are cancelled."""

    __tablename__ = "nonce_floor"

    chain_id: Mapped[ChainKey]
    maker: Mapped[TextKey]
    floor: Mapped[Amount]
