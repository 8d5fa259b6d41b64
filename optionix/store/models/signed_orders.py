"""What makers sent to the API to be shown in its books. No other service writes here."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import DateTime, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from optionix.store.models.base import Amount, Base, Bytes, ChainKey, Flag, Int64, String, TextKey


class SignedOrder(Base):
    """An order with its maker's signature. Its row stays for ever: what became of it is told from the chain's tables.

    `message` is the typed data's message as it was signed, integers as decimal text; the other columns are parts of it
    that are searched by. `by_contract` where an ERC-1271 account signed, whose word may change. `received_at` is wall
    time.
    """

    __tablename__ = "signed_order"

    chain_id: Mapped[ChainKey]
    order_hash: Mapped[TextKey]
    maker: Mapped[String]
    series_id: Mapped[Amount]
    nonce: Mapped[Amount]
    deadline: Mapped[Int64]
    message: Mapped[dict[str, Any]] = mapped_column(JSONB)
    signature: Mapped[Bytes]
    by_contract: Mapped[Flag]
    received_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        Index(None, "chain_id", "series_id", "deadline"),
        Index(None, "chain_id", "maker", "received_at"),
    )
