"""Taking many final blocks: derived by processes, their answers written in order by a thread of its own."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from indexer.batch import Batch
from indexer.derivers import Derivers
from indexer.errors import DeriverLost
from indexer.logs import BlockLogs
from indexer.setup import ChainSetup

_MOST_WAITING = 2
"""Batches that may wait to be derived or written: what bounds the memory."""


class Bulk:
    """Final blocks on their way into the tables.

    After an exception of any method it is of no more use: `close` it.

    Parameters
    ----------
    settle : waits until everything that `write` was given is in the tables.
    """

    def __init__(self, setup: ChainSetup, conninfo: str, settle: Callable[[], object]) -> None:
        self._settle = settle
        self._derivers = Derivers(setup, conninfo)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="bulk")
        self._waiting: deque[Future[object]] = deque()

    def take(self, blocks: Sequence[BlockLogs], write: Callable[[Batch], object]) -> None:
        """Have blocks derived, and what they change given to `write`, in the order in which they are taken."""
        while len(self._waiting) >= _MOST_WAITING:
            self._waiting.popleft().result()
        try:
            self._derivers.tell(blocks)
        except DeriverLost:
            self.finish()  # it may have said why
            raise
        self._waiting.append(self._thread.submit(lambda: write(self._derivers.answer(self._settle))))

    def finish(self) -> None:
        """Wait until all was given to `write`; raises what went wrong."""
        while self._waiting:
            self._waiting.popleft().result()

    def close(self) -> None:
        """End the processes and the thread. What was not written is lost."""
        self._derivers.close()
        self._thread.shutdown()
