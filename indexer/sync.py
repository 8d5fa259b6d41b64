"""Following one chain: from where the tables are to the head, and on, through reorgs, restarts and faults."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import psycopg
import structlog

from indexer.block import Block, Position
from indexer.derive.table import MissingRow
from indexer.errors import (
    DecodeError,
    DeepReorg,
    DerivationOutdated,
    DeriverLost,
    IndexerError,
    NotLeader,
    SourceLies,
)
from indexer.ingest import Ingest
from indexer.progress import Progress
from indexer.setup import ChainSetup
from indexer.source.endpoint import View
from indexer.source.historical import final_ranges
from indexer.source.live import HeadWatcher
from indexer.source.pool import Pool
from indexer.source.verify import Verifier
from optionix.chain.errors import RateLimited, RpcError, RpcUnavailable

T = TypeVar("T")
_MOST_BLOCKS = 100
"""Blocks near the head that are read and written at once."""
_SEARCHED_BLOCKS = 64
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0
_LEAD_PAUSE = 1.0
"""Who has to wait longer than this for its endpoints gives up the lead: another indexer may have better ones."""
_STANDBY_SECONDS = 1.0
_SENSELESS = (
    *(DecodeError, MissingRow, SourceLies, psycopg.DataError, psycopg.IntegrityError),
    *(ArithmeticError, LookupError, TypeError, ValueError),
)
"""What blocks run into whose logs are not all or not true."""


@dataclass(frozen=True, slots=True)
class Senseless:
    """Blocks that do not fit what the tables hold: something was lost, or an endpoint lied of them or of those before.

    Attributes
    ----------
    first : the first of the blocks; none of them is in the tables.
    """

    first: Block
    error: Exception


class ChainSync:
    """Keeps the tables of one chain at its head.

    Parameters
    ----------
    conninfo : psycopg connection text.
    watcher : wakes it when there are new blocks.
    """

    def __init__(self, setup: ChainSetup, pool: Pool, conninfo: str, watcher: HeadWatcher, progress: Progress) -> None:
        self.setup = setup
        self.progress = progress
        progress.endpoints = pool.bench.states
        self._pool = pool
        self._verifier = Verifier(setup.name, pool)
        # Final blocks wait for a proof of those before them.
        self._held_up = False
        self._senseless: Senseless | None = None
        self._conninfo = conninfo
        self._watcher = watcher
        self._ingest: Ingest | None = None
        self._tip: Position | None = None
        self._opened = False
        self._log = structlog.get_logger("indexer").bind(network=setup.name)
        # One thread: a connection serves one transaction at a time.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ingest")

    async def run(self, stop: asyncio.Event, *, until_head: bool = False) -> None:
        """Index until `stop` is set, or with `until_head` until the tables are at the head.

        Raises
        ------
        IndexerError
            What trying again cannot mend, with how to go on.
        """
        pause, at = _FIRST_PAUSE, -1
        verifying = asyncio.create_task(self._verifier.run())
        try:
            while not stop.is_set():
                try:
                    moved = await self.step()
                    if not moved and not until_head and self._ingest is not None:
                        await self._call(self._ingest.warm)
                    pause = _FIRST_PAUSE
                except NotLeader as error:
                    if until_head:
                        raise
                    self.progress.phase, self.progress.detail = "standby", str(error)
                    await self._reset()
                    await _sleep(stop, _STANDBY_SECONDS)
                    continue
                except (RpcUnavailable, RpcError, SourceLies, DeriverLost, psycopg.Error) as error:
                    self._log.warning("batch failed, trying again", reason=str(error), pause=pause)
                    self.progress.retrying(str(error))
                    # What an endpoint did leaves the tables and what is known of them as they are.
                    if isinstance(error, (DeriverLost, psycopg.Error)) or not self._opened or pause > _LEAD_PAUSE:
                        await self._reset()
                    wanted = error.retry_after if isinstance(error, RateLimited) else None
                    # Part of a backfill may have gone well before it failed.
                    pause, at = (pause if self.progress.indexed == at else _FIRST_PAUSE), self.progress.indexed
                    await _sleep(stop, max(wanted or 0.0, pause))
                    pause = min(2 * pause, _LONGEST_PAUSE)
                    continue
                if moved:
                    continue
                if self._verifier.pending and (until_head or self._held_up):
                    await self._verifier.settled(_STANDBY_SECONDS)
                elif until_head:
                    return
                else:
                    await self._watcher.wait()
        except DerivationOutdated as error:
            self.progress.phase, self.progress.detail = "building", str(error)
            raise
        except IndexerError as error:
            self.progress.phase, self.progress.detail = "failed", str(error)
            self._log.error("indexing stopped", reason=str(error))
            raise
        finally:
            verifying.cancel()
            await asyncio.gather(verifying, return_exceptions=True)
            await self._reset()
            self._thread.shutdown(wait=False)

    async def erase(self) -> None:
        """Forget the chain, to index it anew."""
        ingest = await self._call(Ingest, self.setup, self._conninfo)
        try:
            await self._call(ingest.erase)
        finally:
            await self._call(ingest.close)

    async def step(self) -> bool:
        """One batch; whether there was any."""
        if self._ingest is None or self._tip is None:
            await self._open()
            self._opened = True
            return True
        began = time.perf_counter()
        tip = self._tip.block
        ahead = max(self._watcher.head, self.progress.head) - tip.number
        view = await self._pool.view(tip.number, min(max(ahead, 1), _MOST_BLOCKS))
        self.progress.see(view.head.number, exactly=True)
        self._watcher.seen(view.head.number)
        self.progress.subscribed = self._watcher.subscribed
        if view.tip is None and await self._pool.still_has(tip):
            return True
        if view.tip is None or view.tip.hash != tip.hash:
            await self._reorganise(view)
            return True
        if self._verifier.doubted is not None:
            await self._retake(self._verifier.doubted, view)
            return True
        if self._senseless is not None:
            return self._explain(self._senseless, view)
        self._held_up = view.finalized > tip.number and self._verifier.pending > 0
        if view.finalized > tip.number:
            if self._held_up:
                self.progress.detail = f"{self._verifier.pending} blocks wait for a proof of their logs"
                return False
            await self._backfill(view)
            return True
        self.progress.phase, self.progress.detail = "live", ""
        if not view.following:
            return False
        logs = await self._pool.logs_of(view.following)
        blocks = [header.block for header in view.following]
        times = {block.number: block.timestamp for block in blocks}
        self.progress.applied(blocks)
        finalized = self._verifier.final(view.finalized)
        try:
            self._tip = await self._call(self._ingest.take, logs, times, blocks, finalized, view.head)
        except _SENSELESS as error:
            await self._renew()
            self._senseless = Senseless(blocks[0], error)
            self._log.warning("blocks that make no sense wait for proof", block=blocks[0].number, reason=str(error))
        else:
            self._moved(len(logs), time.perf_counter() - began)
        self._verifier.add(view.following, logs)
        return True

    def _explain(self, found: Senseless, view: View) -> bool:
        """Wait until the blocks that make no sense and those before are proven; whether to go on.

        Raises
        ------
        Exception
            What makes no sense, where all of it is true.
        """
        assert self._tip is not None
        if not view.following or view.following[0].block.hash != found.first.hash:
            self._verifier.take_back(self._tip.block.number)
            self._senseless = None
            return True
        self._held_up = self._verifier.pending > 0
        if not self._held_up:
            raise found.error
        self.progress.phase = "retrying"
        self.progress.detail = f"{self._verifier.pending} blocks wait for a proof of their logs: {found.error}"
        return False

    async def _open(self) -> None:
        """Take the lead, and begin where the tables are."""
        await self._pool.require_genesis(self.setup.chain_id, self.setup.genesis_hash)
        self._ingest = await self._call(Ingest, self.setup, self._conninfo)
        self._tip = await self._call(self._ingest.open)
        if self._tip is None:
            before = await self._pool.block(self.setup.start_block - 1)
            self._tip = await self._call(self._ingest.begin, before)
            self._log.info("index begun", block=self.setup.start_block)
        else:
            unfinal = self._tip.block.number - self._tip.finalized
            self.progress.applied(await self._call(self._ingest.stored_blocks, self._tip.block.number, unfinal))
            self._log.info("index continued", block=self._tip.block.number)
            await self._derive_stored()
            await self._verify_stored()
        await self._verifier.learn((await self._pool.block(self.setup.start_block)).hash)
        self._moved(0, 0.0)

    async def _derive_stored(self) -> None:
        """Take up a derivation from the kept logs that was not finished."""
        assert self._ingest is not None
        while position := await self._call(self._ingest.take_stored):
            self._tip = position
            self._moved(0, 0.0)

    async def _verify_stored(self) -> None:
        """Blocks that are not final yet were perhaps not verified by who wrote them."""
        assert self._ingest is not None and self._tip is not None
        final, tip = self._tip.finalized, self._tip.block
        if final == tip.number:
            return
        logs = await self._call(self._ingest.stored_logs, final)
        view = await self._pool.view(final, tip.number - final)
        stored = await self._call(self._ingest.stored_blocks, tip.number, tip.number - final)
        known = {block.hash for block in stored}
        # What the chain took back meanwhile is undone as a reorg.
        served = itertools.takewhile(lambda header: header.block.hash in known, view.following)
        self._verifier.add_stored([(header, logs.get(header.block.number, [])) for header in served])

    async def _backfill(self, view: View) -> None:
        """Read up to the newest final block in ranges."""
        assert self._ingest is not None and self._tip is not None
        self.progress.phase = "backfill"
        first, began = self._tip.block.number + 1, time.perf_counter()
        total, events = view.finalized - first + 1, 0
        batch_began = said = began
        async for found in final_ranges(self._pool, first, view.finalized):
            blocks = [found.last]
            self._tip = await self._call(
                self._ingest.take, found.logs, found.timestamps, blocks, view.finalized, view.head
            )
            events += len(found.logs)
            now = time.perf_counter()
            self._moved(len(found.logs), now - batch_began)
            batch_began = now
            done = found.last.number - first + 1
            self.progress.detail = f"{done} of {total} blocks"
            if now - said >= 2.0:
                said = now
                left = (total - done) * (now - began) / done
                self._log.info(
                    "backfill", blocks=done, of=total, events_per_second=round(events / (now - began)), left=round(left)
                )
        await self._call(self._ingest.settle)
        self._log.info("backfill done", blocks=total, events=events, seconds=round(time.perf_counter() - began, 2))

    async def _retake(self, doubted: int, view: View) -> None:
        """Go back before a block that was not taken as it is; who gave it is benched."""
        assert self._ingest is not None and self._tip is not None
        if doubted > self._tip.block.number:  # they made no sense, and were not taken
            self._verifier.take_back(self._tip.block.number)
            self._senseless = None
        else:
            (before,) = await self._call(self._ingest.stored_blocks, doubted - 1, 1)
            await self._take_back(before, view)
        self._log.error("blocks taken back, to be read from another endpoint", from_block=doubted)

    async def _reorganise(self, view: View) -> None:
        """Go back to the newest block that the tables and the chain share."""
        assert self._ingest is not None and self._tip is not None
        fork, tip = await self._fork(), self._tip.block
        await self._take_back(fork, view)
        self.progress.reorganised()
        self._log.warning("reorg undone", from_block=tip.number, to_block=fork.number, depth=tip.number - fork.number)

    async def _take_back(self, fork: Block, view: View) -> None:
        assert self._ingest is not None and self._tip is not None
        await self._call(self._ingest.take_back, fork, view.head)
        self._tip = Position(fork, self._tip.finalized)
        self._senseless = None
        self._verifier.take_back(fork.number)
        self._moved(0, 0.0)

    async def _fork(self) -> Block:
        assert self._ingest is not None and self._tip is not None
        final, highest = self._tip.finalized, self._tip.block.number
        while highest >= final:
            stored = await self._call(self._ingest.stored_blocks, highest, _SEARCHED_BLOCKS)
            stored = [block for block in stored if block.number >= final]
            if not stored:
                break
            served = await self._pool.hashes([block.number for block in stored])
            for block, text in zip(stored, served, strict=True):
                if block.hash == text and block.number < self._tip.block.number:
                    return block
            highest = stored[-1].number - 1
        (final_block,) = await self._call(self._ingest.stored_blocks, final, 1)
        if await self._pool.still_served(final_block):
            raise SourceLies(f"an endpoint of {self.setup.name} denies block {final}, which is final and others keep")
        if await self._pool.hashes([final]) == [None]:
            raise SourceLies(f"no endpoint of {self.setup.name} has block {final}, which is final: it waits for them")
        raise DeepReorg(
            f"{self.setup.name} took back block {final}, which it had called final: the tables stay at block"
            f" {self._tip.block.number}.",
            "Make sure that the endpoint serves the right chain; then index it anew with `optionix index --fresh`.",
        )

    def _moved(self, events: int, seconds: float) -> None:
        if self._tip is not None:
            block = self._tip.block
            self.progress.moved(block.number, self._tip.finalized, block.timestamp, events=events, seconds=seconds)

    async def _call(self, function: Callable[..., T], *args: Any) -> T:
        """Call something that blocks in the thread that does."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, lambda: function(*args))

    async def _renew(self) -> None:
        """Begin from what is committed, and keep what waits for its proof."""
        ingest, self._ingest = self._ingest, None
        if ingest is not None:
            await self._call(ingest.close)
        self._ingest = await self._call(Ingest, self.setup, self._conninfo)
        self._tip = await self._call(self._ingest.open)

    async def _reset(self) -> None:
        """Let go of the connection and of everything in memory: the next step begins from what is committed."""
        ingest, self._ingest, self._tip = self._ingest, None, None
        self._opened, self._senseless = False, None
        self._verifier.take_back(-1)
        if ingest is not None:
            await self._call(ingest.close)


async def _sleep(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        pass
