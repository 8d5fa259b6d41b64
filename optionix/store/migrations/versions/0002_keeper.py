"""Tables of the keeper.

Revision ID: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "keeper_intent",
        sa.Column("chain_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("gas", sa.BigInteger(), nullable=False),
        sa.Column("nonce", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tx_hash", sa.Text(), nullable=True),
        sa.Column("mined_block", sa.BigInteger(), nullable=True),
        sa.Column("gas_used", sa.BigInteger(), nullable=True),
        sa.Column("fee", sa.Numeric(78, 0), nullable=True),
        sa.PrimaryKeyConstraint("chain_id", "key", name=op.f("pk_keeper_intent")),
    )
    op.create_index(op.f("ix_keeper_intent_chain_id_status"), "keeper_intent", ["chain_id", "status"])
    op.create_index(
        op.f("ix_keeper_intent_chain_id_job_updated_at"), "keeper_intent", ["chain_id", "job", "updated_at"]
    )
    op.create_table(
        "keeper_transaction",
        sa.Column("chain_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("tx_hash", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("nonce", sa.BigInteger(), nullable=False),
        sa.Column("max_fee", sa.Numeric(78, 0), nullable=False),
        sa.Column("priority_fee", sa.Numeric(78, 0), nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "tx_hash", name=op.f("pk_keeper_transaction")),
    )
    op.create_index(op.f("ix_keeper_transaction_chain_id_key"), "keeper_transaction", ["chain_id", "key"])


def downgrade() -> None:
    op.drop_table("keeper_transaction")
    op.drop_table("keeper_intent")
