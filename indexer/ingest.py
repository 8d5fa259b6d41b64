"""The blocking half of indexing one chain: decode, derive, write. It runs in one thread, with one connection."""

from __future__ import annotations

import gc
import time
from bisect import bisect_right
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from operator import attrgetter

from indexer.archive import Archive, Extent
from indexer.batch import Batch, collect
from indexer.block import Block, Position
from indexer.bulk import Bulk
from indexer.decode.catalogue import Catalogue
from indexer.derive import DERIVATION, rows
from indexer.derive.apply import BlockUndo, apply_block
from indexer.derive.state import CACHED_ROWS, State
from indexer.errors import ContractsChanged, DerivationOutdated, LogsMissing, WrongGenesis
from indexer.logs import BlockLogs, Trace, pack, traces_of
from indexer.postgres import connect
from indexer.setup import ChainSetup
from indexer.source.endpoint import Log
from indexer.writer import Writer
from optionix.store.notify import ANY_TOPIC

_LOGS_AT_ONCE = 20_000
"""Logs of final blocks from which on their batch ends and is written."""
_BATCH_SECONDS = 2.0
"""The same where logs come slowly: what was read is not to be lost."""
_LOGS_READ = 5_000
"""Kept logs that are read at once when the tables are derived again."""
BULK_LOGS = 2_000
"""A batch of final blocks with so many logs, and those after it, are derived by processes of their own."""


@dataclass
class _Underway:
    """A batch of final blocks that is being derived by processes.

    Attributes
    ----------
    logs : of the blocks, where they are to be kept.
    write : writes the batch.
    """

    began: float = field(default_factory=time.monotonic)
    events: int = 0
    logs: list[BlockLogs] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    write: Callable[[Batch], object] = lambda _: None


class Ingest:
    """Takes whole blocks in their order into the tables.

    After an exception of any method the object is of no more use: `close` it and make a new one, which begins from
    what is committed.

    Parameters
    ----------
    conninfo : psycopg connection text.
    beside : see `Writer`.
    """

    def __init__(self, setup: ChainSetup, conninfo: str, *, beside: bool = False) -> None:
        self.setup = setup
        self._conninfo = conninfo
        self._catalogue = Catalogue(setup.contracts)
        self._writer = Writer(conninfo, setup.chain_id, setup.genesis_hash, beside=beside)
        self._state = State(setup, self._writer)
        self._bulk: Bulk | None = None
        self._underway: _Underway | None = None
        self._is_warm = True
        self._stored: Generator[list[BlockLogs]] | None = None
        self._extent: Extent | None = None
        self._position: Position | None = None
        self.events = 0
        """Taken so far."""
        self.is_outdated = False
        """Whether the tables were derived by the rules of another version."""

    def close(self) -> None:
        """Close the connections and give up the lead."""
        if self._stored is not None:
            self._stored.close()
        if self._bulk is not None:
            self._bulk.close()
        self._writer.close()

    def settle(self) -> None:
        """Wait until everything that was taken is in the tables."""
        self._end_bulk()
        self._writer.level()

    def warm(self) -> None:
        """Read tables that are not in memory after a bulk, so that blocks at the head need no question."""
        if not self._is_warm:
            self.settle()
            self._preload()

    def open(self, *, other_rules: bool = False) -> Position | None:
        """Take the lead and read how far the tables are; None where the chain has to be begun.

        Parameters
        ----------
        other_rules : take tables of another version's rules too: who does has to `start_over`.

        Raises
        ------
        NotLeader
            Another indexer works on this chain.
        WrongGenesis
            The tables hold a chain that began with another block.
        ContractsChanged
            The tables were not built from the contracts of the deployment.
        LogsMissing
            The tables were built by a version that did not keep the logs.
        DerivationOutdated
            The tables were derived by the rules of another version.
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
        self._extent = self._writer.extent()
        if self._extent is None:
            raise LogsMissing(
                f"chain {self.setup.chain_id} was indexed by an earlier version, which did not keep its logs.",
                "Index it anew with `optionix index --fresh`.",
            )
        derivation = self._writer.derivation()
        self.is_outdated = derivation not in (None, DERIVATION)
        if self.is_outdated and not other_rules:
            raise DerivationOutdated(
                f"the tables of {self.setup.name} were derived by version {derivation} of the rules, not {DERIVATION}.",
                "Build them anew beside those that are read: `optionix index --build`.",
            )
        self._writer.drop_ahead()
        self._preload()
        self._position = self._writer.position()
        return self._position

    def erase(self) -> None:
        """Forget the chain."""
        self._writer.lead()
        self._writer.erase(self._state)

    def begin(self, before: Block) -> Position:
        """Begin a chain after the block `before`."""
        self._add_vaults()
        self._writer.begin_chain(self._state, before)
        self._preload()
        return Position(before, before.number)

    def start_over(self) -> Position:
        """Set the tables back to the beginning, to derive them from the kept logs again."""
        assert self._extent is not None
        self._end_bulk()
        self._state = State(self.setup, self._writer)
        self._add_vaults()
        self._writer.start_over(self._state, self._extent.before, self._extent.last)
        self._preload()
        self._position = Position(self._extent.before, self._extent.before.number)
        return self._position

    def _add_vaults(self) -> None:
        for vault in self.setup.vaults:
            row = rows.Vault(
                market=vault.market,
                side=int(vault.side),
                asset=vault.asset,
                asset_decimals=vault.asset_decimals,
                name=vault.name,
                symbol=vault.symbol,
                decimals=vault.decimals,
            )
            self._state.vault.add((vault.address,), row)
        self._state.end_block()

    def _preload(self) -> None:
        self._writer.preload(self._state, CACHED_ROWS)
        self._is_warm = True

    def _begin_bulk(self) -> Bulk:
        """Leave it to processes to derive: what is in memory here does not follow."""
        if self._bulk is None:
            if not self._is_warm:
                self._preload()
            self._writer.settle()
            self._bulk = Bulk(self.setup, self._state.known(), self._writer)
            self._state, self._is_warm = State(self.setup, self._writer), False
        return self._bulk

    def _end_bulk(self) -> None:
        if self._bulk is not None:
            self._end_batch()
            self._bulk.finish()
            self._bulk.close()
            self._bulk = None

    def _end_batch(self) -> None:
        """Have what was derived so far written, in one transaction."""
        if self._bulk is not None and self._underway is not None:
            underway, self._underway = self._underway, None
            self._bulk.end(underway.write)

    def take(
        self,
        logs: Sequence[Log],
        timestamps: Mapping[int, int],
        blocks: Sequence[Block],
        finalized: int,
        head: Block,
    ) -> Position:
        """Write whole blocks. Final ones are written beside the caller: `settle` waits for them.

        Parameters
        ----------
        logs : all logs of the blocks, in order.
        timestamps : of every block that has logs, seconds.
        blocks : in order; the last one is the new position. Blocks that `finalized` covers may be left out.
        finalized : number of the newest final block.
        """
        with _no_collector():
            packed = pack(logs, timestamps)
        known = {block.number for block in blocks}
        left_out = [Block(each.number, each.hash, None, each.timestamp) for each in packed if each.number not in known]
        ordered = sorted([*left_out, *blocks], key=lambda block: block.number)
        tip = ordered[-1]

        if tip.number <= finalized and (self._bulk is not None or len(logs) >= BULK_LOGS):
            underway = self._derive_beside(packed)
            underway.logs += packed
            underway.blocks += ordered

            def write(batch: Batch) -> None:
                batch.logs, batch.topics = underway.logs, (ANY_TOPIC,)
                self._writer.write_later(batch, underway.blocks, finalized, head)

            self._go_on(underway, write)
            return Position(tip, tip.number)
        self._end_bulk()
        batch = self._derive(packed, finalized)
        batch.logs = packed
        if tip.number <= finalized:
            batch.topics = (ANY_TOPIC,)
            return self._writer.write_later(batch, ordered, finalized, head)
        return self._writer.write(batch, ordered, finalized, head)

    def look_again(self, *, final: bool) -> int:
        """See how far the logs are kept now, or with `final` what of them cannot be taken back; that block's number."""
        self._end_bulk()
        extent, position = self._writer.extent(), self._position
        assert extent is not None and position is not None
        if position.block.number > extent.finalized:
            there = self._writer.known_blocks(position.block.number, 1)
            if not there or there[0].hash != position.block.hash:
                self.start_over()  # what was derived last was taken back
        if final:
            (newest,) = self._writer.known_blocks(extent.finalized, 1) or [extent.before]
            extent = replace(extent, last=newest)
        self._extent, self._stored = extent, None
        return extent.last.number

    def take_stored(self) -> Position | None:
        """Derive the next blocks whose logs are kept; None when the tables have them all."""
        extent, position = self._extent, self._position
        if extent is None or position is None or position.block.number >= extent.last.number:
            self._stored = None
            self.settle()
            return None
        if self._stored is None:
            self._stored = _split(self._read_stored(position.block.number), extent.finalized)
        packed = [block for block in next(self._stored, []) if block.number <= extent.last.number]
        newest = packed[-1] if packed else None
        tip = extent.last if newest is None else Block(newest.number, newest.hash, None, newest.timestamp)

        def write(batch: Batch) -> Position:
            batch.topics = (ANY_TOPIC,)
            return self._writer.write_derived_later(batch, tip, extent.finalized, extent.last)

        is_many = self._bulk is not None or sum(map(len, packed)) >= BULK_LOGS
        if newest is not None and tip.number <= extent.finalized and is_many:
            self._go_on(self._derive_beside(packed), write)
            self._position = Position(tip, tip.number)
        else:
            self._end_bulk()
            self._position = write(self._derive(packed, extent.finalized))
        return self._position

    def _derive_beside(self, packed: Sequence[BlockLogs]) -> _Underway:
        """Have final blocks derived by processes; the batch that they are a part of."""
        if self._underway is None:
            self._underway = _Underway()
        events = sum(map(len, packed))
        self.events += events
        self._underway.events += events
        bulk = self._begin_bulk()
        if packed:
            bulk.take(packed)
        return self._underway

    def _go_on(self, underway: _Underway, write: Callable[[Batch], object]) -> None:
        """How a batch is to be written now; it ends where it is large enough."""
        underway.write = write
        if underway.events >= _LOGS_AT_ONCE or time.monotonic() - underway.began >= _BATCH_SECONDS:
            self._end_batch()

    def _read_stored(self, after: int) -> Generator[list[BlockLogs]]:
        """The kept logs, over a connection of their own: the other one is writing."""
        with connect(self._conninfo) as connection, connection.transaction():
            yield from Archive(connection, self.setup.chain_id, self.setup.genesis_hash).read(after, _LOGS_READ)

    def _derive(self, packed: Sequence[BlockLogs], finalized: int) -> Batch:
        undo = []
        with _no_collector():
            for block in packed:
                final = block.number <= finalized
                self.events += len(block)
                before = apply_block(self._state, self._catalogue.events(block), final=final)
                if before:
                    undo.append(BlockUndo(block.number, before))
            batch = collect(self._state, self.setup.chain_id)
        batch.undo = undo
        return batch

    def stored_blocks(self, highest: int, count: int) -> list[Block]:
        """Stored blocks, from `highest` down."""
        self._end_bulk()
        return self._writer.known_blocks(highest, count)

    def stored_logs(self, above: int) -> dict[int, list[Trace]]:
        """The logs of each stored block above a number that has any."""
        self.settle()
        return {block.number: traces_of(block) for blocks in self._read_stored(above) for block in blocks}

    def take_back(self, fork: Block, head: Block) -> None:
        """Set the tables back to what they were after the block `fork`."""
        self._end_bulk()
        self._writer.take_back(fork, head)
        self._state = State(self.setup, self._writer)
        self._preload()


def _split(batches: Generator[list[BlockLogs]], finalized: int) -> Generator[list[BlockLogs]]:
    """Batches none of which goes beyond the newest final block from below it."""
    with closing(batches):
        for packed in batches:
            final = bisect_right(packed, finalized, key=attrgetter("number"))
            yield from filter(None, (packed[:final], packed[final:]))


@contextmanager
def _no_collector() -> Iterator[None]:
    """Python's search for cycles would walk over all rows again and again; what is made here has none."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
