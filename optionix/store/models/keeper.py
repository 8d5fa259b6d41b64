"""What the keeper means to do on chain and the transactions that do it. No other service writes here."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import DateTime, Index
from sqlalchemy.orm import Mapped, mapped_column

from optionix.store.models.base import (
    Amount,
    Base,
    ChainKey,
    Flag,
    Int64,
    OptionalAmount,
    OptionalFlag,
    OptionalInt64,
    OptionalString,
    String,
    TextKey,
)


class KeeperIntent(Base):
    """One action of a keeper job; `key` names it, so that it is never under way twice.

    `status`: `sent` (signed and perhaps sent), `mined` (in a block that may still be taken back), `confirmed`,
    `reverted`, `cancelled` (the chain would have refused it by then), `lost` (another transaction took its nonce).
    Times are wall time; `fee` in wei.
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

    __table_args__ = (
        Index(None, "chain_id", "status"),
        Index(None, "chain_id", "job", "updated_at"),
        Index(None, "chain_id", "sender", "nonce"),
    )


class KeeperTransaction(Base):
    """A signed transaction of an intent. A replacement has the same nonce and higher fees (wei per gas).

    `cancels`: it pays nothing to its sender, and only uses the nonce. What it cost (`fee`, wei) stays here when its
    intent begins anew; null until it is mined, and again when a reorg takes it back.
    """

    __tablename__ = "keeper_transaction"

    chain_id: Mapped[ChainKey]
    tx_hash: Mapped[TextKey]
    key: Mapped[String]
    nonce: Mapped[Int64]
    max_fee: Mapped[Amount]
    priority_fee: Mapped[Amount]
    raw: Mapped[String]
    job: Mapped[String]
    sender: Mapped[String]
    cancels: Mapped[Flag]
    signed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    mined_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    mined_block: Mapped[OptionalInt64]
    succeeded: Mapped[OptionalFlag]
    gas_used: Mapped[OptionalInt64]
    fee: Mapped[OptionalAmount]

    __table_args__ = (Index(None, "chain_id", "key"), Index(None, "chain_id", "sender", "mined_at"))
