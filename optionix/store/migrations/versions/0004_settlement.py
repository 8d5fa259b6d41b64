"""Checkpoints of feeds, settlements in several calls, and the rule that each settlement followed.

Revision ID: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("expiry", sa.Column("settlement_rule", sa.BigInteger(), nullable=True))
    op.create_table(
        "feed_checkpoint",
        sa.Column("chain_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("market", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("feed_version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("day", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("round_id", sa.Numeric(78, 0), nullable=False),
        sa.Column("price", sa.Numeric(78, 0), nullable=False),
        sa.Column("timestamp", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "market", "feed_version", "day", name=op.f("pk_feed_checkpoint")),
    )
    op.create_table(
        "settlement_progress",
        sa.Column("chain_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("market", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("expiry", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("last_round_id", sa.Numeric(78, 0), autoincrement=False, nullable=False),
        sa.Column("next_round_id", sa.Numeric(78, 0), nullable=False),
        sa.Column("seconds_left", sa.BigInteger(), nullable=False),
        sa.Column("weighted", sa.Numeric(78, 0), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "market", "expiry", "last_round_id", name=op.f("pk_settlement_progress")),
    )


def downgrade() -> None:
    op.drop_table("settlement_progress")
    op.drop_table("feed_checkpoint")
    op.drop_column("expiry", "settlement_rule")
