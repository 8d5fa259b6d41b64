"""Kept logs as they are: compressing them took Postgres longer than writing all that is derived from them.

Revision ID: 0013
"""

from __future__ import annotations

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_COLUMNS = ("tx_hashes", "addresses", "payload")


def upgrade() -> None:
    _store("external")


def downgrade() -> None:
    _store("extended")


def _store(how: str) -> None:
    for column in _COLUMNS:
        op.execute(f"alter table block_logs alter column {column} set storage {how}")
