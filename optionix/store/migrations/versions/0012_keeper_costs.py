"""What the keeper's transactions cost, and which of them only free a nonce.

Revision ID: 0012
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_TABLE = "keeper_transaction"
_INDEXES = (("keeper_intent", ["chain_id", "sender", "nonce"]), (_TABLE, ["chain_id", "sender", "mined_at"]))


def upgrade() -> None:
    op.add_column(_TABLE, sa.Column("job", sa.Text(), nullable=False, server_default=""))
    op.add_column(_TABLE, sa.Column("sender", sa.Text(), nullable=False, server_default=""))
    op.add_column(_TABLE, sa.Column("cancels", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column(_TABLE, sa.Column("mined_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(_TABLE, sa.Column("mined_block", sa.BigInteger(), nullable=True))
    op.add_column(_TABLE, sa.Column("succeeded", sa.Boolean(), nullable=True))
    op.add_column(_TABLE, sa.Column("gas_used", sa.BigInteger(), nullable=True))
    op.add_column(_TABLE, sa.Column("fee", sa.Numeric(78, 0), nullable=True))
    op.execute(
        "update keeper_transaction t set job = i.job, sender = i.sender from keeper_intent i "
        "where i.chain_id = t.chain_id and i.key = t.key"
    )
    op.execute(
        "update keeper_transaction t set mined_at = i.updated_at, mined_block = i.mined_block, gas_used = i.gas_used, "
        "fee = i.fee, succeeded = i.status <> 'reverted' from keeper_intent i "
        "where i.chain_id = t.chain_id and i.tx_hash = t.tx_hash and i.fee is not null"
    )
    for name in ("job", "sender", "cancels"):
        op.alter_column(_TABLE, name, server_default=None)
    for table, columns in _INDEXES:
        op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, columns)


def downgrade() -> None:
    for table, columns in _INDEXES:
        op.drop_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table_name=table)
    for name in ("fee", "gas_used", "succeeded", "mined_block", "mined_at", "cancels", "sender", "job"):
        op.drop_column(_TABLE, name)
