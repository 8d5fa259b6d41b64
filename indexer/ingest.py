"""The blocking half of indexing one chain: decode, derive, write. It runs in one thread, with one connection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from indexer.block import Block, Position
from indexer.decode.catalogue import Catalogue
from indexer.derive import rows
from indexer.derive.apply import apply_events
from indexer.derive.state import CACHED_ROWS, State
from indexer.errors import ContractsChanged, WrongGenesis
from indexer.setup import ChainSetup
from indexer.source.endpoint import Log
from indexer.writer import Writer


class Ingest:
    """Takes whole blocks in their order into the tables.

    After an exception of any method the object is of no more use: `close` it and make a new one, which begins from
    what is committed.

    Parameters
    ----------
    conninfo : psycopg connection text.
    """

    def __init__(self, setup: ChainSetup, conninfo: str) -> None:
        self.setup = setup
        self._catalogue = Catalogue(setup.contracts)
        self._writer = Writer(conninfo, setup.chain_id)
        self._state = State(setup, self._writer)

    def close(self) -> None:
        """Close the connection and give up the lead."""
        self._writer.close()

    def open(self) -> Position | None:
        """Take the lead and read how far the tables are; None where the chain has to be begun.

        Raises
        ------
        NotLeader
            Another indexer works on this chain.
        WrongGenesis
            The tables hold a chain that began with another block.
        ContractsChanged
            The tables were not built from the contracts of the deployment.
        """
        self._writer.lead()
        found = self._writer.genesis()
        if found is None:
            return None
        if found != self.setup.genesis_hash:
            raise WrongGenesis(
                f"the database holds a chain {self.setup.chain_id} that began with block {found}, the deployment is of"
                f" one that began with {self.setup.genesis_hash}.",
                "Use a new database, or index this one anew with `optionix index --fresh`.",
            )
        watched = self._writer.watched()
        if watched != dict(self.setup.contracts):
            changed = sorted(dict(watched.items() ^ self.setup.contracts.items()))
            raise ContractsChanged(
                f"the deployment of {self.setup.name} has changed since it was indexed: {', '.join(changed)}.",
                "Index it anew with `optionix index --fresh`.",
            )
        self._writer.preload(self._state, CACHED_ROWS)
        return self._writer.position()

    def erase(self) -> None:
        """Forget the chain."""
        self._writer.lead()
        self._writer.erase(self._state)

    def begin(self, before: Block) -> Position:
        """Begin a chain after the block `before`."""
        for vault in self.setup.vaults:
            self._state.vault.add(
                (vault.address,),
                rows.Vault(
                    market=vault.market,
                    side=int(vault.side),
                    asset=vault.asset,
                    asset_decimals=vault.asset_decimals,
                    name=vault.name,
                    symbol=vault.symbol,
                    decimals=vault.decimals,
                ),
            )
        self._state.end_block()
        self._writer.begin_chain(self._state, before)
        self._writer.preload(self._state, CACHED_ROWS)
        return Position(before, before.number)

    def take(
        self,
        logs: Sequence[Log],
        timestamps: Mapping[int, int],
        blocks: Sequence[Block],
        finalized: int,
        head: Block,
    ) -> Position:
        """Write whole blocks.

        Parameters
        ----------
        logs : all logs of the blocks, in order.
        timestamps : of every block that has logs, seconds.
        blocks : in order; the last one is the new position. Blocks that `finalized` covers may be left out.
        finalized : number of the newest final block.
        """
        events = [self._catalogue.decode(log, timestamps[int(log["blockNumber"], 16)]) for log in logs]
        known = {block.number for block in blocks}
        without = {
            event.block_number: Block(event.block_number, log["blockHash"], None, event.timestamp)
            for event, log in zip(events, logs, strict=True)
            if event.block_number not in known
        }
        undo = apply_events(self._state, events, finalized)
        ordered = sorted([*without.values(), *blocks], key=lambda block: block.number)
        return self._writer.write(self._state, events, undo, ordered, finalized, head)

    def stored_blocks(self, highest: int, count: int) -> list[Block]:
        """Stored blocks, from `highest` down."""
        return self._writer.known_blocks(highest, count)

    def take_back(self, fork: Block, head: Block) -> None:
        """Set the tables back to what they were after the block `fork`."""
        self._writer.take_back(fork, head)
        self._state = State(self.setup, self._writer)
        self._writer.preload(self._state, CACHED_ROWS)
