"""Deriving the tables again from the kept logs, without a node."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from indexer.archive import Archive, stored_setup
from indexer.block import Block
from indexer.errors import LogsMissing
from indexer.ingest import Ingest
from indexer.postgres import connect

_SAY_EVERY_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Rederived:
    """What was derived.

    Attributes
    ----------
    continued : whether an earlier run was taken up where it had been cut off.
    """

    block: Block
    events: int
    seconds: float
    continued: bool


Say = Callable[[int, int, float], None]
"""Told from time to time: blocks done, blocks in all, seconds gone."""


def rederive(conninfo: str, chain_id: int, say: Say | None = None) -> Rederived:
    """Derive a chain's tables from its kept logs; what an earlier run did not finish is finished.

    Raises
    ------
    LogsMissing
        No logs are kept of this chain.
    NotLeader
        An indexer works on it.
    """
    with connect(conninfo) as connection:
        setup = stored_setup(connection, chain_id)
        extent = None if setup is None else Archive(connection, chain_id, setup.genesis_hash).extent()
    if setup is None or extent is None:
        raise LogsMissing(
            f"no logs of chain {chain_id} are kept in this database.", "Index it from a node with `optionix index`."
        )
    ingest = Ingest(setup, conninfo)
    try:
        position = ingest.open(other_rules=True)
        began = said = time.monotonic()
        continued = position is not None and position.block.number < extent.last.number and not ingest.is_outdated
        if position is None or not continued:
            position = ingest.start_over()
        first = position.block.number
        while (position := ingest.take_stored()) is not None:
            now = time.monotonic()
            if say is not None and now - said >= _SAY_EVERY_SECONDS:
                said = now
                say(position.block.number - first, extent.last.number - first, now - began)
        return Rederived(extent.last, ingest.events, time.monotonic() - began, continued)
    finally:
        ingest.close()
