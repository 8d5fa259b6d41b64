"""Sign-in: nonces, sessions, refresh tokens, and what accounts did at the API.

Revision ID: 0011
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def _chain() -> sa.Column[int]:
    return sa.Column("chain_id", sa.BigInteger(), autoincrement=False, nullable=False)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "sign_in_nonce",
        _chain(),
        sa.Column("nonce", sa.Text(), nullable=False),
        _moment("expires_at"),
        sa.PrimaryKeyConstraint("chain_id", "nonce", name=op.f("pk_sign_in_nonce")),
    )
    op.create_index(op.f("ix_sign_in_nonce_expires_at"), "sign_in_nonce", ["expires_at"], unique=False)
    op.create_table(
        "session",
        _chain(),
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        _moment("created_at"),
        _moment("last_used_at"),
        _moment("ends_at"),
        _moment("ended_at", nullable=True),
        sa.PrimaryKeyConstraint("chain_id", "session_id", name=op.f("pk_session")),
    )
    op.create_index(op.f("ix_session_chain_id_account"), "session", ["chain_id", "account"], unique=False)
    op.create_table(
        "refresh_token",
        _chain(),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("session_id", sa.Text(), nullable=False),
        _moment("expires_at"),
        _moment("used_at", nullable=True),
        sa.PrimaryKeyConstraint("chain_id", "token_hash", name=op.f("pk_refresh_token")),
    )
    op.create_index(
        op.f("ix_refresh_token_chain_id_session_id"), "refresh_token", ["chain_id", "session_id"], unique=False
    )
    op.create_table(
        "activity_log",
        _chain(),
        sa.Column("entry", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        _moment("at"),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("detail", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "entry", name=op.f("pk_activity_log")),
    )
    op.create_index(
        op.f("ix_activity_log_chain_id_account_entry"), "activity_log", ["chain_id", "account", "entry"], unique=False
    )


def downgrade() -> None:
    for table in ("activity_log", "refresh_token", "session", "sign_in_nonce"):
        op.drop_table(table)
