"""Proof of final blocks that only one endpoint told: of all of them, or of some that it cannot foresee."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from enum import StrEnum

import structlog
from prometheus_client import Counter

from indexer.block import Block
from indexer.errors import SourceLies
from indexer.logs import traces
from indexer.source.endpoint import Endpoint, Header, Log
from indexer.source.receipts import Unproven, proven_logs
from optionix.chain.errors import ChainError

_VERIFIED = Counter("optionix_indexer_verified_past_blocks", "Final blocks of a backfill that were proven", ["network"])
_HEADERS_AT_ONCE = 100
_SAMPLE_SECONDS = 1.0


class Extent(StrEnum):
    """How much of a backfill is proven where no second endpoint tells it.

    `SAMPLE`: two blocks of the first range, and of one range a second: an endpoint that holds back or alters the logs
    of many blocks is found out soon, and one that does so with few of them perhaps. `ALL`: every block, before it is in
    the tables, for a header of each and the receipts of those that may have logs.
    """

    NONE = "none"
    SAMPLE = "sample"
    ALL = "all"


class PastLie(Exception):
    """A final block was not told as its hash says."""


class Past:
    """Proves final ranges of one endpoint by its own headers and receipts.

    Attributes
    ----------
    works : whether a block was proven by such a header and receipts before; until then they may be of a form that is
        not known here.
    """

    def __init__(
        self, network: str, extent: Extent = Extent.SAMPLE, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.extent = extent
        self.works = False
        self._network = network
        self._clock = clock
        self._chance = random.SystemRandom()
        self._next_sample = clock()
        self._log = structlog.get_logger("indexer").bind(network=network)
        self._said = False

    async def prove(self, endpoint: Endpoint, first: int, last: int, logs: Sequence[Log], end: Block) -> None:
        """Prove what an endpoint tells of blocks `first` to `last`, the last of which is `end`.

        Raises
        ------
        PastLie
            A block is told otherwise than its hash says.
        SourceLies
            All have to be proven, and the endpoint gives no proof.
        """
        numbers = self._chosen(first, last, logs)
        told: dict[int, list[Log]] = {}
        for log in logs if numbers else ():
            told.setdefault(int(log["blockNumber"], 16), []).append(log)
        before: Block | None = None
        for start in range(0, len(numbers), _HEADERS_AT_ONCE):
            try:
                for header in await endpoint.headers(numbers[start : start + _HEADERS_AT_ONCE]):
                    self._follows(before, header.block, end)
                    await self._prove(endpoint, header, told.get(header.block.number, []))
                    before = header.block
            except ChainError:
                if self.extent is Extent.ALL:
                    raise
                return  # the next sample may be answered

    def _chosen(self, first: int, last: int, logs: Sequence[Log]) -> Sequence[int]:
        if self.extent is Extent.ALL:
            return range(first, last + 1)
        if self.extent is Extent.NONE or self._clock() < self._next_sample:
            return []
        self._next_sample = self._clock() + _SAMPLE_SECONDS
        # One that is told to have logs, and one of which nothing may be told.
        chosen = {self._chance.randint(first, last)}
        if logs:
            chosen.add(int(self._chance.choice(logs)["blockNumber"], 16))
        return sorted(chosen)

    @staticmethod
    def _follows(before: Block | None, block: Block, end: Block) -> None:
        if before is not None and before.number + 1 == block.number and block.parent_hash != before.hash:
            raise PastLie(f"block {block.number} is no child of block {before.number}")
        if block.number == end.number and block.hash != end.hash:
            raise PastLie(f"it tells two blocks {block.number}")

    async def _prove(self, endpoint: Endpoint, header: Header, told: Sequence[Log]) -> None:
        block = header.block
        if not header.authentic:
            return self._unknown(f"a header of block {block.number} that does not hash to the block's hash")
        if not told and not endpoint.may_hold(header):
            _VERIFIED.labels(self._network).inc()
            return None
        found, receipts = await endpoint.evidence(block.hash)
        if receipts is None:
            return self._unprovable(f"no receipts of block {block.number}")
        try:
            proven = endpoint.watched(proven_logs(block.hash, found, receipts))
        except Unproven as error:
            return self._unknown(str(error))
        self.works = True
        if traces(told) != traces(proven) or any(log["blockHash"] != block.hash for log in told):
            raise PastLie(f"it told {len(told)} logs of block {block.number}, whose receipts have {len(proven)}")
        if any(int(log.get("blockTimestamp") or hex(block.timestamp), 16) != block.timestamp for log in told):
            raise PastLie(f"it told another time of block {block.number}")
        _VERIFIED.labels(self._network).inc()
        return None

    def _unknown(self, told: str) -> None:
        """A proof that proves nothing: a lie, unless none of this kind ever did."""
        if self.works:
            raise PastLie(f"it gave {told}")
        self._unprovable(told)

    def _unprovable(self, told: str) -> None:
        if self.extent is Extent.ALL:
            raise SourceLies(
                f"final blocks cannot be proven: the endpoint gave {told}.",
                "Name another endpoint in OPTIONIX_RPC_URL, or set OPTIONIX_VERIFY_BACKFILL to sample.",
            )
        if not self._said:
            self._said = True
            self._log.warning("final blocks cannot be proven", reason=f"the endpoint gave {told}")
