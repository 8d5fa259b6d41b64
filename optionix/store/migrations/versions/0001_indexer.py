"""All tables of the indexer, as they were first.

Revision ID: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "account_activity",
        sa.Column("chain_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("log_index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("part", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("tx_hash", sa.Text(), nullable=False),
        sa.Column("timestamp", sa.BigInteger(), nullable=False),
        sa.Column("series_id", sa.Numeric(78, 0), nullable=True),
        sa.Column("book_key", sa.Numeric(78, 0), nullable=True),
        sa.Column("vault", sa.Text(), nullable=True),
        sa.Column("counterparty", sa.Text(), nullable=True),
        sa.Column("token", sa.Text(), nullable=True),
        sa.Column("amount", sa.Numeric(78, 0), nullable=True),
        sa.Column("assets", sa.Numeric(78, 0), nullable=True),
        sa.PrimaryKeyConstraint(
            "chain_id", "account", "block_number", "log_index", "kind", "part", name=op.f("pk_account_activity")
        ),
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.Text(), nullable=False),
        sa.Column("checked", sa.BigInteger(), nullable=False),
        sa.Column("drift", sa.BigInteger(), nullable=False),
        sa.Column("detail", postgresql.JSONB(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index(op.f("ix_audit_chain_id_at"), "audit", ["chain_id", "at"], unique=False)
    op.create_table(
        "balance",
        sa.Column("chain_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("free", sa.Numeric(78, 0), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "account", "token", name=op.f("pk_balance")),
    )
    op.create_table(
        "block",
        sa.Column("chain_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("parent_hash", sa.Text(), nullable=True),
        sa.Column("timestamp", sa.BigInteger(), nullable=False),
        sa.Column("events", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "number", name=op.f("pk_block")),
    )
    op.create_index(op.f("ix_block_chain_id_timestamp"), "block", ["chain_id", "timestamp"], unique=False)
    op.create_table(
        "book",
        sa.Column("chain_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("book_key", sa.Numeric(78, 0), autoincrement=False, nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("leg_count", sa.BigInteger(), nullable=False),
        sa.Column("locked", sa.Numeric(78, 0), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "account", "book_key", name=op.f("pk_book")),
    )
    op.create_index(op.f("ix_book_chain_id_book_key"), "book", ["chain_id", "book_key"], unique=False)
    op.create_table(
        "bounty_cap",
        sa.Column("chain_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("cap", sa.Numeric(78, 0), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "token", name=op.f("pk_bounty_cap")),
    )
    op.create_table(
        "candle",
        sa.Column("chain_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("series_id", sa.Numeric(78, 0), autoincrement=False, nullable=False),
        sa.Column("interval_seconds", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("start", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("open", sa.Numeric(78, 0), nullable=False),
        sa.Column("high", sa.Numeric(78, 0), nullable=False),
        sa.Column("low", sa.Numeric(78, 0), nullable=False),
        sa.Column("close", sa.Numeric(78, 0), nullable=False),
        sa.Column("volume", sa.Numeric(78, 0), nullable=False),
        sa.Column("trades", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "series_id", "interval_seconds", "start", name=op.f("pk_candle")),
    )
    op.create_table(
        "chain",
        sa.Column("chain_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("genesis_hash", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", name=op.f("pk_chain")),
    )
    op.create_table(
        "checkpoint",
        sa.Column("chain_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.Text(), nullable=False),
        sa.Column("block_timestamp", sa.BigInteger(), nullable=False),
        sa.Column("finalized_number", sa.BigInteger(), nullable=False),
        sa.Column("head_number", sa.BigInteger(), nullable=False),
        sa.Column("head_timestamp", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", name=op.f("pk_checkpoint")),
    )
    op.create_table(
        "clearinghouse",
        sa.Column("chain_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("treasury", sa.Text(), nullable=True),
        sa.Column("writes_paused", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", name=op.f("pk_clearinghouse")),
    )
    op.create_table(
        "daily_stats",
        sa.Column("chain_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("day", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("market", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("side", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("volume", sa.Numeric(78, 0), nullable=False),
        sa.Column("notional", sa.Numeric(78, 0), nullable=False),
        sa.Column("premium", sa.Numeric(78, 0), nullable=False),
        sa.Column("fees", sa.Numeric(78, 0), nullable=False),
        sa.Column("trades", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "day", "market", "side", name=op.f("pk_daily_stats")),
    )
    op.create_table(
        "event",
        sa.Column("chain_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("block_number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("log_index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("tx_hash", sa.Text(), nullable=False),
        sa.Column("tx_index", sa.BigInteger(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("contract", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("args", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "block_number", "log_index", name=op.f("pk_event")),
    )
    op.create_index(
        op.f("ix_event_chain_id_contract_name_block_number"),
        "event",
        ["chain_id", "contract", "name", "block_number"],
        unique=False,
    )
    op.create_table(
        "expiry",
        sa.Column("chain_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("market", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("expiry", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("feed_version", sa.BigInteger(), nullable=False),
        sa.Column("listed_block", sa.BigInteger(), nullable=False),
        sa.Column("settlement_price", sa.Numeric(78, 0), nullable=True),
        sa.Column("last_round_id", sa.Numeric(78, 0), nullable=True),
        sa.Column("settler", sa.Text(), nullable=True),
        sa.Column("settled_block", sa.BigInteger(), nullable=True),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("chain_id", "market", "expiry", name=op.f("pk_expiry")),
    )
    op.create_table(
        "fee_pot",
        sa.Column("chain_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("book_key", sa.Numeric(78, 0), autoincrement=False, nullable=False),
        sa.Column("assets", sa.Numeric(78, 0), nullable=False),
        sa.Column("accrued", sa.Numeric(78, 0), nullable=False),
        sa.Column("bounty_paid", sa.Numeric(78, 0), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "book_key", name=op.f("pk_fee_pot")),
    )
    op.create_table(
        "feed_round",
        sa.Column("chain_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("market", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("block_number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("log_index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("round_id", sa.Numeric(78, 0), nullable=False),
        sa.Column("answer", sa.Numeric(78, 0), nullable=False),
        sa.Column("price", sa.Numeric(78, 0), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "market", "block_number", "log_index", name=op.f("pk_feed_round")),
    )
    op.create_index(
        op.f("ix_feed_round_chain_id_market_feed_round_id"),
        "feed_round",
        ["chain_id", "market", "feed", "round_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_feed_round_chain_id_market_updated_at"),
        "feed_round",
        ["chain_id", "market", "updated_at"],
        unique=False,
    )
    op.create_table(
        "feed_version",
        sa.Column("chain_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("market", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("decimals", sa.SmallInteger(), nullable=False),
        sa.Column("heartbeat", sa.BigInteger(), nullable=False),
        sa.Column("max_age", sa.BigInteger(), nullable=False),
        sa.Column("deviation_bps", sa.BigInteger(), nullable=False),
        sa.Column("min_price", sa.Numeric(78, 0), nullable=False),
        sa.Column("max_price", sa.Numeric(78, 0), nullable=False),
        sa.Column("sequencer_feed", sa.Text(), nullable=True),
        sa.Column("sequencer_grace", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "market", "version", name=op.f("pk_feed_version")),
    )
    op.create_table(
        "leg",
        sa.Column("chain_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("series_id", sa.Numeric(78, 0), autoincrement=False, nullable=False),
        sa.Column("amount", sa.Numeric(78, 0), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "account", "series_id", name=op.f("pk_leg")),
    )
    op.create_index(op.f("ix_leg_chain_id_series_id"), "leg", ["chain_id", "series_id"], unique=False)
    op.create_table(
        "lp_request",
        sa.Column("chain_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("vault", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Numeric(78, 0), autoincrement=False, nullable=False),
        sa.Column("controller", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("requested", sa.Numeric(78, 0), nullable=False),
        sa.Column("processed", sa.Numeric(78, 0), nullable=False),
        sa.Column("received", sa.Numeric(78, 0), nullable=False),
        sa.Column("cancelled", sa.Numeric(78, 0), nullable=False),
        sa.Column("start", sa.Numeric(78, 0), nullable=False),
        sa.Column("ready_at", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("requested_at", sa.BigInteger(), nullable=False),
        sa.Column("requested_block", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_block", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "vault", "kind", "request_id", name=op.f("pk_lp_request")),
    )
    op.create_index(op.f("ix_lp_request_chain_id_controller"), "lp_request", ["chain_id", "controller"], unique=False)
    op.create_index(
        op.f("ix_lp_request_chain_id_vault_status"), "lp_request", ["chain_id", "vault", "status"], unique=False
    )
    op.create_table(
        "market",
        sa.Column("chain_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("market", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("base_token", sa.Text(), nullable=False),
        sa.Column("base_decimals", sa.SmallInteger(), nullable=False),
        sa.Column("quote_token", sa.Text(), nullable=False),
        sa.Column("quote_decimals", sa.SmallInteger(), nullable=False),
        sa.Column("base_symbol", sa.Text(), nullable=False),
        sa.Column("quote_symbol", sa.Text(), nullable=False),
        sa.Column("feed_version", sa.BigInteger(), nullable=False),
        sa.Column("anchor", sa.Numeric(78, 0), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "market", name=op.f("pk_market")),
    )
    op.create_table(
        "operator",
        sa.Column("chain_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("flags", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "account", "operator", name=op.f("pk_operator")),
    )
    op.create_table(
        "position",
        sa.Column("chain_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("series_id", sa.Numeric(78, 0), autoincrement=False, nullable=False),
        sa.Column("amount", sa.Numeric(78, 0), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "account", "series_id", name=op.f("pk_position")),
    )
    op.create_index(op.f("ix_position_chain_id_series_id"), "position", ["chain_id", "series_id"], unique=False)
    op.create_table(
        "redeem_for",
        sa.Column("chain_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("allowed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "account", name=op.f("pk_redeem_for")),
    )
    op.create_table(
        "series",
        sa.Column("chain_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("series_id", sa.Numeric(78, 0), autoincrement=False, nullable=False),
        sa.Column("market", sa.BigInteger(), nullable=False),
        sa.Column("side", sa.SmallInteger(), nullable=False),
        sa.Column("expiry", sa.BigInteger(), nullable=False),
        sa.Column("strike", sa.Numeric(78, 0), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("listed_block", sa.BigInteger(), nullable=False),
        sa.Column("supply", sa.Numeric(78, 0), nullable=False),
        sa.Column("placed", sa.Numeric(78, 0), nullable=False),
        sa.Column("written", sa.Numeric(78, 0), nullable=False),
        sa.Column("volume", sa.Numeric(78, 0), nullable=False),
        sa.Column("trades", sa.BigInteger(), nullable=False),
        sa.Column("last_price", sa.Numeric(78, 0), nullable=True),
        sa.Column("last_trade_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("chain_id", "series_id", name=op.f("pk_series")),
    )
    op.create_index(
        op.f("ix_series_chain_id_market_expiry_strike"),
        "series",
        ["chain_id", "market", "expiry", "strike"],
        unique=False,
    )
    op.create_index(op.f("ix_series_chain_id_name"), "series", ["chain_id", "name"], unique=False)
    op.create_table(
        "spot",
        sa.Column("chain_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("market", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("price", sa.Numeric(78, 0), nullable=False),
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("round_id", sa.Numeric(78, 0), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "market", name=op.f("pk_spot")),
    )
    op.create_table(
        "spot_candle",
        sa.Column("chain_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("market", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("interval_seconds", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("start", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("open", sa.Numeric(78, 0), nullable=False),
        sa.Column("high", sa.Numeric(78, 0), nullable=False),
        sa.Column("low", sa.Numeric(78, 0), nullable=False),
        sa.Column("close", sa.Numeric(78, 0), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "market", "interval_seconds", "start", name=op.f("pk_spot_candle")),
    )
    op.create_table(
        "surface",
        sa.Column("chain_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("market", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("expiry", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("theta", sa.Numeric(78, 0), nullable=False),
        sa.Column("phi", sa.Numeric(78, 0), nullable=False),
        sa.Column("rho", sa.BigInteger(), nullable=False),
        sa.Column("carry", sa.BigInteger(), nullable=False),
        sa.Column("timestamp", sa.BigInteger(), nullable=False),
        sa.Column("clipped", sa.Boolean(), nullable=False),
        sa.Column("previous_theta", sa.Numeric(78, 0), nullable=False),
        sa.Column("previous_phi", sa.Numeric(78, 0), nullable=False),
        sa.Column("previous_rho", sa.BigInteger(), nullable=False),
        sa.Column("previous_carry", sa.BigInteger(), nullable=False),
        sa.Column("previous_timestamp", sa.BigInteger(), nullable=False),
        sa.Column("halted_until", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "market", "expiry", name=op.f("pk_surface")),
    )
    op.create_table(
        "surface_history",
        sa.Column("chain_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("block_number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("log_index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("market", sa.BigInteger(), nullable=False),
        sa.Column("expiry", sa.BigInteger(), nullable=False),
        sa.Column("theta", sa.Numeric(78, 0), nullable=False),
        sa.Column("phi", sa.Numeric(78, 0), nullable=False),
        sa.Column("rho", sa.BigInteger(), nullable=False),
        sa.Column("carry", sa.BigInteger(), nullable=False),
        sa.Column("timestamp", sa.BigInteger(), nullable=False),
        sa.Column("clipped", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "block_number", "log_index", name=op.f("pk_surface_history")),
    )
    op.create_index(
        op.f("ix_surface_history_chain_id_market_expiry_timestamp"),
        "surface_history",
        ["chain_id", "market", "expiry", "timestamp"],
        unique=False,
    )
    op.create_table(
        "token",
        sa.Column("chain_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("decimals", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "address", name=op.f("pk_token")),
    )
    op.create_table(
        "token_approval",
        sa.Column("chain_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("approved", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "account", "operator", name=op.f("pk_token_approval")),
    )
    op.create_table(
        "trade",
        sa.Column("chain_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("block_number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("log_index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("tx_hash", sa.Text(), nullable=False),
        sa.Column("timestamp", sa.BigInteger(), nullable=False),
        sa.Column("series_id", sa.Numeric(78, 0), nullable=False),
        sa.Column("market", sa.BigInteger(), nullable=False),
        sa.Column("side", sa.SmallInteger(), nullable=False),
        sa.Column("venue", sa.Text(), nullable=False),
        sa.Column("taker", sa.Text(), nullable=False),
        sa.Column("receiver", sa.Text(), nullable=False),
        sa.Column("is_buy", sa.Boolean(), nullable=False),
        sa.Column("amount", sa.Numeric(78, 0), nullable=False),
        sa.Column("premium", sa.Numeric(78, 0), nullable=False),
        sa.Column("fee", sa.Numeric(78, 0), nullable=False),
        sa.Column("performance_fee", sa.Numeric(78, 0), nullable=False),
        sa.Column("price", sa.Numeric(78, 0), nullable=False),
        sa.Column("spot", sa.Numeric(78, 0), nullable=False),
        sa.Column("volatility", sa.Numeric(78, 0), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "block_number", "log_index", name=op.f("pk_trade")),
    )
    op.create_index(
        op.f("ix_trade_chain_id_market_block_number"), "trade", ["chain_id", "market", "block_number"], unique=False
    )
    op.create_index(
        op.f("ix_trade_chain_id_series_id_block_number"),
        "trade",
        ["chain_id", "series_id", "block_number"],
        unique=False,
    )
    op.create_index(
        op.f("ix_trade_chain_id_taker_block_number"), "trade", ["chain_id", "taker", "block_number"], unique=False
    )
    op.create_index(op.f("ix_trade_chain_id_timestamp"), "trade", ["chain_id", "timestamp"], unique=False)
    op.create_table(
        "undo",
        sa.Column("chain_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("block_number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("table_name", sa.Text(), nullable=False),
        sa.Column("key", postgresql.JSONB(), nullable=False),
        sa.Column("before", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("chain_id", "block_number", "seq", name=op.f("pk_undo")),
    )
    op.create_table(
        "vault",
        sa.Column("chain_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("market", sa.BigInteger(), nullable=False),
        sa.Column("side", sa.SmallInteger(), nullable=False),
        sa.Column("asset", sa.Text(), nullable=False),
        sa.Column("asset_decimals", sa.SmallInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("decimals", sa.SmallInteger(), nullable=False),
        sa.Column("total_supply", sa.Numeric(78, 0), nullable=False),
        sa.Column("free_assets", sa.Numeric(78, 0), nullable=False),
        sa.Column("idle_assets", sa.Numeric(78, 0), nullable=False),
        sa.Column("locked", sa.Numeric(78, 0), nullable=False),
        sa.Column("pending_assets", sa.Numeric(78, 0), nullable=False),
        sa.Column("pending_shares", sa.Numeric(78, 0), nullable=False),
        sa.Column("claimable_assets", sa.Numeric(78, 0), nullable=False),
        sa.Column("claimable_shares", sa.Numeric(78, 0), nullable=False),
        sa.Column("short_vega", sa.Numeric(78, 0), nullable=False),
        sa.Column("base_net_assets", sa.Numeric(78, 0), nullable=False),
        sa.Column("rebased_block", sa.BigInteger(), nullable=True),
        sa.Column("params", postgresql.JSONB(), nullable=False),
        sa.Column("fees", postgresql.JSONB(), nullable=False),
        sa.Column("trades_paused", sa.Boolean(), nullable=False),
        sa.Column("deposits_paused", sa.Boolean(), nullable=False),
        sa.Column("premium_bought", sa.Numeric(78, 0), nullable=False),
        sa.Column("premium_sold", sa.Numeric(78, 0), nullable=False),
        sa.Column("protocol_fees", sa.Numeric(78, 0), nullable=False),
        sa.Column("performance_fees", sa.Numeric(78, 0), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "address", name=op.f("pk_vault")),
    )
    op.create_table(
        "vault_claim",
        sa.Column("chain_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("vault", sa.Text(), nullable=False),
        sa.Column("controller", sa.Text(), nullable=False),
        sa.Column("deposit_assets", sa.Numeric(78, 0), nullable=False),
        sa.Column("deposit_shares", sa.Numeric(78, 0), nullable=False),
        sa.Column("deposit_total", sa.Numeric(78, 0), nullable=False),
        sa.Column("redeem_shares", sa.Numeric(78, 0), nullable=False),
        sa.Column("redeem_assets", sa.Numeric(78, 0), nullable=False),
        sa.Column("redeem_total", sa.Numeric(78, 0), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "vault", "controller", name=op.f("pk_vault_claim")),
    )
    op.create_table(
        "vault_history",
        sa.Column("chain_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("vault", sa.Text(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("timestamp", sa.BigInteger(), nullable=False),
        sa.Column("total_supply", sa.Numeric(78, 0), nullable=False),
        sa.Column("idle_assets", sa.Numeric(78, 0), nullable=False),
        sa.Column("locked", sa.Numeric(78, 0), nullable=False),
        sa.Column("pending_assets", sa.Numeric(78, 0), nullable=False),
        sa.Column("pending_shares", sa.Numeric(78, 0), nullable=False),
        sa.Column("claimable_assets", sa.Numeric(78, 0), nullable=False),
        sa.Column("claimable_shares", sa.Numeric(78, 0), nullable=False),
        sa.Column("short_vega", sa.Numeric(78, 0), nullable=False),
        sa.Column("base_net_assets", sa.Numeric(78, 0), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "vault", "block_number", name=op.f("pk_vault_history")),
    )
    op.create_index(
        op.f("ix_vault_history_chain_id_vault_timestamp"),
        "vault_history",
        ["chain_id", "vault", "timestamp"],
        unique=False,
    )
    op.create_table(
        "vault_operator",
        sa.Column("chain_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("vault", sa.Text(), nullable=False),
        sa.Column("controller", sa.Text(), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("approved", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "vault", "controller", "operator", name=op.f("pk_vault_operator")),
    )
    op.create_table(
        "vault_series",
        sa.Column("chain_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("vault", sa.Text(), nullable=False),
        sa.Column("series_id", sa.Numeric(78, 0), autoincrement=False, nullable=False),
        sa.Column("amount", sa.Numeric(78, 0), nullable=False),
        sa.Column("collateral", sa.Numeric(78, 0), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "vault", "series_id", name=op.f("pk_vault_series")),
    )
    op.create_table(
        "vault_share",
        sa.Column("chain_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("vault", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("shares", sa.Numeric(78, 0), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "vault", "account", name=op.f("pk_vault_share")),
    )
    op.create_index(op.f("ix_vault_share_chain_id_account"), "vault_share", ["chain_id", "account"], unique=False)
    op.create_table(
        "volatility_oracle",
        sa.Column("chain_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("heartbeat", sa.BigInteger(), nullable=False),
        sa.Column("volatility_per_day", sa.Numeric(78, 0), nullable=False),
        sa.Column("carry_per_day", sa.Numeric(78, 0), nullable=False),
        sa.Column("max_move_seconds", sa.BigInteger(), nullable=False),
        sa.Column("threshold", sa.SmallInteger(), nullable=False),
        sa.Column("signers", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", name=op.f("pk_volatility_oracle")),
    )
    op.create_table(
        "watched_contract",
        sa.Column("chain_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("start_block", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "address", name=op.f("pk_watched_contract")),
    )


def downgrade() -> None:
    op.drop_table("watched_contract")
    op.drop_table("volatility_oracle")
    op.drop_table("vault_share")
    op.drop_table("vault_series")
    op.drop_table("vault_operator")
    op.drop_table("vault_history")
    op.drop_table("vault_claim")
    op.drop_table("vault")
    op.drop_table("undo")
    op.drop_table("trade")
    op.drop_table("token_approval")
    op.drop_table("token")
    op.drop_table("surface_history")
    op.drop_table("surface")
    op.drop_table("spot_candle")
    op.drop_table("spot")
    op.drop_table("series")
    op.drop_table("redeem_for")
    op.drop_table("position")
    op.drop_table("operator")
    op.drop_table("market")
    op.drop_table("lp_request")
    op.drop_table("leg")
    op.drop_table("feed_version")
    op.drop_table("feed_round")
    op.drop_table("fee_pot")
    op.drop_table("expiry")
    op.drop_table("event")
    op.drop_table("daily_stats")
    op.drop_table("clearinghouse")
    op.drop_table("checkpoint")
    op.drop_table("chain")
    op.drop_table("candle")
    op.drop_table("bounty_cap")
    op.drop_table("book")
    op.drop_table("block")
    op.drop_table("balance")
    op.drop_table("audit")
    op.drop_table("account_activity")
