"""The version of the rules by which a chain's rows were derived.

Revision ID: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("checkpoint", sa.Column("derivation", sa.BigInteger(), nullable=True))
    op.execute("update checkpoint set derivation = 0")
    op.alter_column("checkpoint", "derivation", nullable=False)


def downgrade() -> None:
    op.drop_column("checkpoint", "derivation")
