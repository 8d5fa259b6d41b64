"""Answers about the service itself."""

from __future__ import annotations

from pydantic import Field

from api.schemas import Schema, Timestamp


class NetworkStatus(Schema):
    """How far the tables are behind a network, and what the last audit against the contracts found."""

    name: str
    chain_id: int
    indexed: int = Field(description="Newest block in the tables.")
    indexed_hash: str
    finalized: int
    head: int | None = Field(description="Newest block that the indexer has seen.")
    lag_blocks: int | None
    block_timestamp: Timestamp
    audit_block: int | None = Field(description="Block of the last audit; null before the first.")
    drift: int | None = Field(description="Rows that differed from the contracts at the last audit.")


class Status(Schema):
    """The service's state."""

    version: str
    market_time: Timestamp
    networks: list[NetworkStatus]
