"""Signed orders that makers sent to the API.

Revision ID: 0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "signed_order",
        sa.Column("chain_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("order_hash", sa.Text(), nullable=False),
        sa.Column("maker", sa.Text(), nullable=False),
        sa.Column("series_id", sa.Numeric(78, 0), nullable=False),
        sa.Column("nonce", sa.Numeric(78, 0), nullable=False),
        sa.Column("deadline", sa.BigInteger(), nullable=False),
        sa.Column("message", postgresql.JSONB(), nullable=False),
        sa.Column("signature", postgresql.BYTEA(), nullable=False),
        sa.Column("by_contract", sa.Boolean(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "order_hash", name=op.f("pk_signed_order")),
    )
    for columns in (("series_id", "deadline"), ("maker", "received_at")):
        name = op.f("ix_signed_order_chain_id_" + "_".join(columns))
        op.create_index(name, "signed_order", ["chain_id", *columns], unique=False)


def downgrade() -> None:
    op.drop_table("signed_order")
