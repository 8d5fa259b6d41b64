"""Head, lag and drift of the network that this API speaks for."""

from __future__ import annotations

from sqlalchemy import select

import optionix
from api.errors import Unavailable
from api.reader import Reader
from api.status.schemas import NetworkStatus, Status
from optionix.chain.networks import Network
from optionix.store.models import Audit, Checkpoint


async def status(reader: Reader, network: Network) -> Status:
    """How far the tables are, and what the last audit against the contracts found.

    Raises
    ------
    Unavailable
        Before the first block is indexed.
    """
    checkpoint = await reader.first(select(Checkpoint).where(Checkpoint.chain_id == reader.chain_id))
    if checkpoint is None:
        raise Unavailable("No block of this network is indexed yet. Try again in a moment.")
    audit = await reader.first(
        select(Audit).where(Audit.chain_id == reader.chain_id).order_by(Audit.at.desc(), Audit.id.desc())
    )
    return Status(
        version=optionix.__version__,
        market_time=checkpoint.block_timestamp,
        networks=[
            NetworkStatus(
                name=network.name,
                chain_id=reader.chain_id,
                indexed=checkpoint.block_number,
                indexed_hash=checkpoint.block_hash,
                finalized=checkpoint.finalized_number,
                head=checkpoint.head_number,
                lag_blocks=max(checkpoint.head_number - checkpoint.block_number, 0),
                block_timestamp=checkpoint.block_timestamp,
                audit_block=audit.block_number if audit else None,
                drift=audit.drift if audit else None,
            )
        ],
    )
