"""Signed orders: their state by nonce, their trades, the fees of the Exchange; and feeds seen unreadable.

Revision ID: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_TRADE_COLUMNS = ("maker", "is_match", "premium_token", "paid_premium", "paid_fee", "caller_fee")


def upgrade() -> None:
    op.create_table(
        "exchange",
        sa.Column("chain_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("of_notional", sa.Numeric(78, 0), nullable=False),
        sa.Column("of_premium", sa.Numeric(78, 0), nullable=False),
        sa.Column("of_caller", sa.Numeric(78, 0), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", name=op.f("pk_exchange")),
    )
    op.create_table(
        "order_state",
        sa.Column("chain_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("maker", sa.Text(), nullable=False),
        sa.Column("nonce", sa.Numeric(78, 0), autoincrement=False, nullable=False),
        sa.Column("order_hash", sa.Text(), nullable=True),
        sa.Column("filled", sa.Numeric(78, 0), nullable=False),
        sa.Column("cancelled", sa.Boolean(), nullable=False),
        sa.Column("updated_block", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "maker", "nonce", name=op.f("pk_order_state")),
    )
    op.create_table(
        "nonce_floor",
        sa.Column("chain_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("maker", sa.Text(), nullable=False),
        sa.Column("floor", sa.Numeric(78, 0), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "maker", name=op.f("pk_nonce_floor")),
    )
    op.create_table(
        "feed_outage",
        sa.Column("chain_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("market", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("expiry", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("seen", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "market", "expiry", name=op.f("pk_feed_outage")),
    )
    op.alter_column("trade", "volatility", nullable=True)
    op.add_column("trade", sa.Column("maker", sa.Text(), nullable=True))
    op.add_column("trade", sa.Column("is_match", sa.Boolean(), nullable=True))
    op.add_column("trade", sa.Column("premium_token", sa.Text(), nullable=True))
    for name in ("paid_premium", "paid_fee", "caller_fee"):
        op.add_column("trade", sa.Column(name, sa.Numeric(78, 0), nullable=True))
    # Until now all trades were with vaults, in their asset.
    op.execute(
        "update trade t set is_match = false, paid_premium = t.premium, paid_fee = t.fee, caller_fee = 0,"
        " premium_token = v.asset from vault v where v.chain_id = t.chain_id and v.address = t.venue"
    )
    for name in ("is_match", "premium_token", "paid_premium", "paid_fee", "caller_fee"):
        op.alter_column("trade", name, nullable=False)
    op.create_index(
        op.f("ix_trade_chain_id_maker_block_number"), "trade", ["chain_id", "maker", "block_number"], unique=False
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_trade_chain_id_maker_block_number"), "trade")
    # The tables before know no trades of signed orders.
    op.execute("delete from trade where maker is not null")
    for name in _TRADE_COLUMNS:
        op.drop_column("trade", name)
    op.alter_column("trade", "volatility", nullable=False)
    for name in ("feed_outage", "nonce_floor", "order_state", "exchange"):
        op.drop_table(name)
