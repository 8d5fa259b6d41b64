"""Signed orders: what the Exchange knows of each nonce, and its fees."""

from __future__ import annotations

from sqlalchemy.orm import Mapped

from optionix.store.models.base import Amount, Base, ChainKey, Flag, Int64, Int256Key, OptionalString, TextKey


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


class NonceFloor(Base):
    """The nonce below which all orders of a maker are cancelled."""

    __tablename__ = "nonce_floor"

    chain_id: Mapped[ChainKey]
    maker: Mapped[TextKey]
    floor: Mapped[Amount]
