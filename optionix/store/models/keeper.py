"""What the keeper means to do on chain and the transactions that do it. No other service writes here."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import DateTime, Index
from sqlalchemy.orm import Mapped, mapped_column

from optionix.store.models.base import (
    Amount,
    Base,
    ChainKey,
    Int64,
    OptionalAmount,
    OptionalInt64,
    OptionalString,
    String,
    TextKey,
)


class KeeperIntent(Base):
    """One action of a keeper job; `key` names it, so that it is never under way twice.

    `status`: `sent` (signed and perhaps sent), `mined` (in a block that may still be taken back), `confirmed`,
    `reverted`, `lost` (another transaction took its nonce). Times are wall time; `value` and `fee` in wei.
    """

    __tablename__ = "keeper_intent"

    chain_id: Mapped[ChainKey]
    key: Mapped[TextKey]
    job: Mapped[String]
    description: Mapped[String]
    sender: Mapped[String]
    target: Mapped[String]
    data: Mapped[String]
    gas: Mapped[Int64]
    nonce: Mapped[Int64]
    status: Mapped[String]
    attempts: Mapped[Int64]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    tx_hash: Mapped[OptionalString]
    mined_block: Mapped[OptionalInt64]
    gas_used: Mapped[OptionalInt64]
    fee: Mapped[OptionalAmount]

    __table_args__ = (Index(None, "chain_id", "status"), Index(None, "chain_id", "job", "updated_at"))


class KeeperTransaction(Base):
    """A signed transaction of an intent. A replacement has the same nonce and higher fees (wei per gas)."""

    __tablename__ = "keeper_transaction"

    chain_id: Mapped[ChainKey]
    tx_hash: Mapped[TextKey]
    key: Mapped[String]
    nonce: Mapped[Int64]
    max_fee: Mapped[Amount]
    priority_fee: Mapped[Amount]
    raw: Mapped[String]
    signed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (Index(None, "chain_id", "key"),)
