"""Fills of orders, volume and fees by token, realised profit, share prices; candles by the minute and the hour only.

What the new tables and columns hold is derived from events of the past: they are filled by indexing anew.

Revision ID: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_AMOUNT = sa.Numeric(78, 0)
_KEPT_INTERVALS = "(60, 3600)"
_CANDLE_KEYS = {"candle": "series_id", "spot_candle": "market"}


def upgrade() -> None:
    op.create_table(
        "order_fill",
        sa.Column("chain_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("block_number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("log_index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("tx_hash", sa.Text(), nullable=False),
        sa.Column("timestamp", sa.BigInteger(), nullable=False),
        sa.Column("maker", sa.Text(), nullable=False),
        sa.Column("nonce", _AMOUNT, nullable=False),
        sa.Column("order_hash", sa.Text(), nullable=False),
        sa.Column("amount", _AMOUNT, nullable=False),
        sa.Column("filled", _AMOUNT, nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "block_number", "log_index", name=op.f("pk_order_fill")),
    )
    for columns in (["maker", "block_number"], ["order_hash"]):
        name = op.f(f"ix_order_fill_chain_id_{'_'.join(columns)}")
        op.create_index(name, "order_fill", ["chain_id", *columns], unique=False)
    op.create_table(
        "daily_volume",
        sa.Column("chain_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("day", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("market", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        *(sa.Column(name, _AMOUNT, nullable=False) for name in ("volume", "premium", "fees", "caller_fees")),
        sa.Column("trades", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "day", "market", "token", name=op.f("pk_daily_volume")),
    )
    amounts = ("amount", "cost", "realised", "premium_paid", "premium_received", "fees", "payout", "cost_moved")
    op.create_table(
        "account_profit",
        sa.Column("chain_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("series_id", _AMOUNT, autoincrement=False, nullable=False),
        *(sa.Column(name, _AMOUNT, nullable=False) for name in (*amounts, "unpriced", "unpriced_ended")),
        sa.PrimaryKeyConstraint("chain_id", "account", "series_id", name=op.f("pk_account_profit")),
    )
    op.add_column("vault", sa.Column("share_price", _AMOUNT, nullable=True))
    op.add_column("vault", sa.Column("share_price_block", sa.BigInteger(), nullable=True))
    op.add_column("vault_history", sa.Column("share_price", _AMOUNT, nullable=True))
    for table in _CANDLE_KEYS:
        op.execute(f"delete from {table} where interval_seconds not in {_KEPT_INTERVALS}")
        op.execute(
            f"delete from undo where table_name = '{table}'"
            f" and (key->>'interval_seconds')::bigint not in {_KEPT_INTERVALS}"
        )


def downgrade() -> None:
    op.drop_column("vault_history", "share_price")
    for name in ("share_price_block", "share_price"):
        op.drop_column("vault", name)
    for name in ("account_profit", "daily_volume", "order_fill"):
        op.drop_table(name)
