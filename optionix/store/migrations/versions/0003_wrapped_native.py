"""What the Clearinghouse wraps native coin into.

Revision ID: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("clearinghouse", sa.Column("wrapped_native", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("clearinghouse", "wrapped_native")
