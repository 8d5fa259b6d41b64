"""Proof of the blocks near the head, one by one and beside the indexing: nothing is final that was not looked at."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import structlog
from prometheus_client import Counter

from indexer.errors import SourceLies
from indexer.logs import Trace, traces
from indexer.source.bench import Fault
from indexer.source.endpoint import Header, Log
from indexer.source.pool import Pool
from indexer.source.receipts import Unproven, proven_logs
from optionix.chain.errors import ChainError

_VERIFIED = Counter("optionix_indexer_verified_blocks", "Blocks near the head by how they were verified",
                    ["network", "how"])  # fmt: skip
_PAUSE_SECONDS = 0.25


class How(StrEnum):
    """What a block was verified by. `NOTHING`: no endpoint has receipts, and there is no second one."""

    BLOOM = "bloom"
    RECEIPTS = "receipts"
    COMPARISON = "comparison"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, eq=False)
class Claim:
    """The logs that a block was taken with."""

    header: Header
    logs: list[Trace]


class Verifier:
    """Verifies blocks in their order.

    The header of each has to hash to its block. A block whose bloom filter names none of the contracts is verified
    by that. Of every other one the receipts have to hash to the header's root and the logs to be theirs: that needs no
    trust in who answers. Where no endpoint gives receipts of a known form, another endpoint's logs have to be the same.

    Attributes
    ----------
    doubted : number of a block whose logs were not all or not true; the tables have to go back before it.
    """

    def __init__(self, network: str, pool: Pool) -> None:
        self._network = network
        self._pool = pool
        self._claims: deque[Claim] = deque()
        self._news = asyncio.Event()
        self._settled = asyncio.Event()
        self._proofs_work = False
        self._log = structlog.get_logger("indexer").bind(network=network)
        self.doubted: int | None = None

    @property
    def pending(self) -> int:
        """Blocks that are not verified yet."""
        return len(self._claims)

    def add(self, headers: Sequence[Header], logs: Sequence[Log]) -> None:
        """Blocks that were taken into the tables, with the logs that they were taken with."""
        by_hash: dict[str, list[Log]] = {}
        for log in logs:
            by_hash.setdefault(log["blockHash"], []).append(log)
        self.add_stored([(header, traces(by_hash.get(header.block.hash, []))) for header in headers])

    def add_stored(self, blocks: Sequence[tuple[Header, list[Trace]]]) -> None:
        """Blocks that are in the tables already, each with the logs that it has there."""
        self._claims += [Claim(header, logs) for header, logs in blocks]
        self._news.set()

    def final(self, finalized: int) -> int:
        """Of the blocks that the chain calls final, the newest that may be called so here."""
        return min(finalized, self._claims[0].header.block.number - 1) if self._claims else finalized

    def take_back(self, number: int) -> None:
        """The tables went back to block `number`."""
        while self._claims and self._claims[-1].header.block.number > number:
            self._pool.forget(self._claims.pop().header.block.hash)
        if self.doubted is not None and self.doubted > number:
            self.doubted = None
        self._news.set()

    async def run(self) -> None:
        """Verify what is added, until cancelled."""
        while True:
            while self.doubted is None and (claim := self._oldest()) is not None:
                how = await self._verified(claim)
                # It may have been taken back meanwhile.
                if self._oldest() is not claim:
                    continue
                if how is not None:
                    self._claims.popleft()
                    self._pool.forget(claim.header.block.hash)
                    _VERIFIED.labels(self._network, how.value).inc()
                elif self.doubted is None:
                    await asyncio.sleep(_PAUSE_SECONDS)
            self._settled.set()
            self._news.clear()
            await self._news.wait()

    async def settled(self, seconds: float) -> None:
        """Wait until nothing is pending or something is doubted, or for so long."""
        self._settled.clear()
        self._news.set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._settled.wait()

    async def learn(self, block_hash: str) -> None:
        """Find out with a block that is settled long since whether headers and receipts here are of a known form."""
        if self._proofs_work:
            return
        async for _, header, receipts in self._pool.evidence(block_hash):
            with contextlib.suppress(Unproven):
                proven_logs(block_hash, header, receipts)
                self._proofs_work = True
                return

    def _oldest(self) -> Claim | None:
        return self._claims[0] if self._claims else None

    async def _verified(self, claim: Claim) -> How | None:
        """How a claim was verified; None where it is doubted, or cannot be told yet."""
        header = claim.header
        if self._proofs_work and not header.authentic:
            self._doubt(claim, f"a header of block {header.block.number} that does not hash to the block's hash")
            return None
        if not claim.logs and not self._pool.may_hold(header):
            return How.BLOOM
        try:
            how, answered = await self._by_receipts(claim)
            if how is not None or self.doubted is not None:
                return how
            return await self._by_comparison(claim, answered)
        except (ChainError, SourceLies) as error:
            self._log.debug("not verified yet", block=header.block.number, reason=str(error))
            return None

    async def _by_receipts(self, claim: Claim) -> tuple[How | None, bool]:
        """How, and whether any endpoint that has the block has no proof of it."""
        block, answered = claim.header.block, False
        async for member, header, receipts in self._pool.evidence(block.hash):
            try:
                proven = traces(self._pool.watched(proven_logs(block.hash, header, receipts)))
            except Unproven as error:
                answered |= header is not None
                # Before the first proof it may be a kind of header or receipt that is not known here.
                if self._proofs_work and header is not None and receipts is not None:
                    self._pool.bench.put(member, Fault.LIED, str(error))
                continue
            self._proofs_work = True
            if claim.logs == proven:
                return How.RECEIPTS, True
            self._doubt(claim, f"{len(claim.logs)} logs of block {block.number}, whose receipts have {len(proven)}")
            return None, True
        return None, answered

    async def _by_comparison(self, claim: Claim, answered: bool) -> How | None:
        number = claim.header.block.number
        async for member, logs in self._pool.other_logs_of(claim.header):
            found = traces(logs)
            if claim.logs == found:
                return How.COMPARISON
            if len(found) < len(claim.logs):
                reason = f"it gives {len(found)} logs of block {number}, another {len(claim.logs)}"
                self._pool.bench.put(member, Fault.LIED, reason)
                continue
            self._doubt(claim, f"{len(claim.logs)} logs of block {number}, of which {member.name} gives {len(found)}")
            return None
        # Where there is a second endpoint that is trusted, or proofs worked before, the block waits for them.
        alone = self._pool.bench.trusted == 1
        return How.NOTHING if alone and answered and not self._proofs_work else None

    def _doubt(self, claim: Claim, told: str) -> None:
        if self._oldest() is not claim:
            return
        server = self._pool.server(claim.header.block.hash)
        if server is not None:
            self._pool.bench.put(server, Fault.LIED, f"it gave {told}")
        self.doubted = claim.header.block.number
