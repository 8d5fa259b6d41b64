"""What was read of a chain, how far, and how to take it back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Identity, Index, false
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from optionix.store.models.base import (
    Amount,
    Base,
    Bytes,
    ChainKey,
    Flag,
    Int16,
    Int32s,
    Int64,
    Int64Key,
    OptionalString,
    String,
    TextKey,
)


class Chain(Base):
    """A chain that is mirrored; its genesis tells a local chain from its successor with the same id."""

    __tablename__ = "chain"

    chain_id: Mapped[ChainKey]
    genesis_hash: Mapped[String]
    name: Mapped[String]


class Checkpoint(Base):
    """The last block whose rows are in the tables. It moves in the same transaction as the rows.

    `head_number` and `head_timestamp` are the newest that the node had said by then, `finalized_number` is the block
    below which nothing can be taken back. `updated_at` is wall time. `derivation` is the version of the rules by which
    the rows were derived, 0 before versions were kept.
    """

    __tablename__ = "checkpoint"

    chain_id: Mapped[ChainKey]
    block_number: Mapped[Int64]
    block_hash: Mapped[String]
    block_timestamp: Mapped[Int64]
    finalized_number: Mapped[Int64]
    head_number: Mapped[Int64]
    head_timestamp: Mapped[Int64]
    derivation: Mapped[Int64]
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Block(Base):
    """Blocks that hold events, and every block above the finalised one.

    `parent_hash` is null where the block was read as a part of a final range.
    """

    __tablename__ = "block"

    chain_id: Mapped[ChainKey]
    number: Mapped[Int64Key]
    hash: Mapped[String]
    parent_hash: Mapped[OptionalString]
    timestamp: Mapped[Int64]
    events: Mapped[Int64]

    __table_args__ = (Index(None, "chain_id", "timestamp"),)


class WatchedContract(Base):
    """A contract whose events are mirrored, and the first block that was asked for them."""

    __tablename__ = "watched_contract"

    chain_id: Mapped[ChainKey]
    address: Mapped[TextKey]
    name: Mapped[String]
    start_block: Mapped[Int64]


class BlockLogs(Base):
    """The mirror of every event of every contract: the logs of a block as they came, side by side.

    `tx_hashes` and `addresses` have 32 and 20 bytes for each log, `payload` its topics and then its data, up to its
    place in `ends`. Everything derived is made from these rows, once more by `optionix index --rederive`; the view
    `event` shows them one by one.
    """

    __tablename__ = "block_logs"

    chain_id: Mapped[ChainKey]
    genesis_hash: Mapped[TextKey]
    block_number: Mapped[Int64Key]
    block_hash: Mapped[String]
    timestamp: Mapped[Int64]
    log_indexes: Mapped[Int32s]
    tx_indexes: Mapped[Int32s]
    topic_counts: Mapped[Int32s]
    ends: Mapped[Int32s]
    tx_hashes: Mapped[Bytes]
    addresses: Mapped[Bytes]
    payload: Mapped[Bytes]


class LogRange(Base):
    """The blocks whose logs are kept. What is derived from them follows: see `checkpoint`.

    Up to `finalized_number` nothing of them can be taken back. `setup` is what the indexer knows of the chain besides.
    `ahead` stands while final blocks are read or derived in bulk: rows that belong to one block are then committed a
    moment before the checkpoint that covers them.
    """

    __tablename__ = "log_range"

    chain_id: Mapped[ChainKey]
    genesis_hash: Mapped[TextKey]
    before_number: Mapped[Int64]
    before_hash: Mapped[String]
    before_timestamp: Mapped[Int64]
    last_number: Mapped[Int64]
    last_hash: Mapped[String]
    last_timestamp: Mapped[Int64]
    finalized_number: Mapped[Int64]
    setup: Mapped[dict[str, Any]] = mapped_column(JSONB, nullable=False)
    ahead: Mapped[Flag] = mapped_column(server_default=false())


class Undo(Base):
    """What a derived row was before a block that is not final changed it; `before` is null where there was none."""

    __tablename__ = "undo"

    chain_id: Mapped[ChainKey]
    block_number: Mapped[Int64Key]
    seq: Mapped[Int64Key]
    table_name: Mapped[String]
    key: Mapped[dict[str, Any]] = mapped_column(JSONB, nullable=False)
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True), nullable=True)


class Audit(Base):
    """A comparison of the tables with the contracts at one block. `at` is wall time; `detail` counts by kind."""

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    chain_id: Mapped[Int64]
    block_number: Mapped[Int64]
    block_hash: Mapped[String]
    checked: Mapped[Int64]
    drift: Mapped[Int64]
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB, nullable=False)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (Index(None, "chain_id", "at"),)


class Clearinghouse(Base):
    """Settings of the Clearinghouse: the treasury, whether writing is paused, what native coin is wrapped into.

    The treasury and the wrapped native coin are null before they are named.
    """

    __tablename__ = "clearinghouse"

    chain_id: Mapped[ChainKey]
    treasury: Mapped[OptionalString]
    writes_paused: Mapped[Flag]
    wrapped_native: Mapped[OptionalString]


class VolatilityOracle(Base):
    """Settings of the volatility oracle.

    `heartbeat` and `max_move_seconds` in seconds, `volatility_per_day` and `carry_per_day` in WAD; `signers` are
    addresses in the contract's order.
    """

    __tablename__ = "volatility_oracle"

    chain_id: Mapped[ChainKey]
    heartbeat: Mapped[Int64]
    volatility_per_day: Mapped[Amount]
    carry_per_day: Mapped[Amount]
    max_move_seconds: Mapped[Int64]
    threshold: Mapped[Int16]
    signers: Mapped[list[str]] = mapped_column(JSONB, nullable=False)
