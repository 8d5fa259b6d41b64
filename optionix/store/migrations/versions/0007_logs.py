"""Logs as they came, by block, in the place of decoded events; `event` is a view of them.

The logs of what was indexed before are not known: such a chain is indexed anew with `optionix index --fresh`.

Revision ID: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_EVENT = """
create view event as
select
    b.chain_id, b.genesis_hash, b.block_number, b.block_hash, b.timestamp,
    b.log_indexes[i] as log_index, b.tx_indexes[i] as tx_index,
    '0x' || encode(substr(b.tx_hashes, 32 * i - 31, 32), 'hex') as tx_hash,
    place.address, watched_contract.name as contract,
    array(
        select '0x' || encode(substr(b.payload, place.start + 32 * k - 31, 32), 'hex')
        from generate_series(1, b.topic_counts[i]) k order by k
    ) as topics,
    '0x' || encode(
        substr(b.payload, place.start + 32 * b.topic_counts[i] + 1, b.ends[i] - place.start - 32 * b.topic_counts[i]),
        'hex'
    ) as data
from block_logs b
join chain using (chain_id, genesis_hash)
cross join lateral generate_subscripts(b.ends, 1) i
cross join lateral (
    select
        coalesce(b.ends[i - 1], 0) as start,
        '0x' || encode(substr(b.addresses, 20 * i - 19, 20), 'hex') as address
) place
left join watched_contract on watched_contract.chain_id = b.chain_id and watched_contract.address = place.address
"""


def _numbers(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]


def upgrade() -> None:
    op.drop_table("event")
    op.create_table(
        "block_logs",
        sa.Column("chain_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("genesis_hash", sa.Text(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("block_hash", sa.Text(), nullable=False),
        *_numbers("timestamp"),
        *(
            sa.Column(name, postgresql.ARRAY(sa.Integer()), nullable=False)
            for name in ("log_indexes", "tx_indexes", "topic_counts", "ends")
        ),
        *(sa.Column(name, postgresql.BYTEA(), nullable=False) for name in ("tx_hashes", "addresses", "payload")),
        sa.PrimaryKeyConstraint("chain_id", "genesis_hash", "block_number", name=op.f("pk_block_logs")),
    )
    op.create_table(
        "log_range",
        sa.Column("chain_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("genesis_hash", sa.Text(), nullable=False),
        *_numbers("before_number", "before_timestamp", "last_number", "last_timestamp", "finalized_number"),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("before_hash", "last_hash")),
        sa.Column("setup", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "genesis_hash", name=op.f("pk_log_range")),
    )
    op.execute(_EVENT)


def downgrade() -> None:
    op.execute("drop view event")
    for name in ("log_range", "block_logs"):
        op.drop_table(name)
    op.create_table(
        "event",
        sa.Column("chain_id", sa.BigInteger(), autoincrement=False, nullable=False),
        *(
            sa.Column(name, sa.BigInteger(), autoincrement=False, nullable=False)
            for name in ("block_number", "log_index")
        ),
        sa.Column("tx_hash", sa.Text(), nullable=False),
        *_numbers("tx_index"),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("address", "contract", "name")),
        sa.Column("args", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "block_number", "log_index", name=op.f("pk_event")),
    )
    columns = ["chain_id", "contract", "name", "block_number"]
    op.create_index(op.f("ix_event_chain_id_contract_name_block_number"), "event", columns, unique=False)
