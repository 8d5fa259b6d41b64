"""Taking many final blocks: derived by processes, their answers written in order by a thread of its own."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from indexer.batch import Batch
from indexer.derive.state import Known
from indexer.derive.table import Loader
from indexer.derivers import Derivers
from indexer.errors import DeriverLost
from indexer.logs import BlockLogs
from indexer.setup import ChainSetup

_MOST_WAITING = 2
"""Batches that may wait to be derived or written: what bounds the memory."""

Write = Callable[[Batch], object]


class Bulk:
    """Final blocks on their way into the tables, in batches of several calls of `take`.

    After an exception of any method it is of no more use: `close` it.

    Parameters
    ----------
    known : what the tables hold.
    loader : gives rows as they are after everything that was given to be written.
    """

    def __init__(self, setup: ChainSetup, known: Known, loader: Loader) -> None:
        self._derivers = Derivers(setup, known, loader)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="bulk")
        self._waiting: deque[Future[None]] = deque()
        self._writes: deque[Write] = deque()
        self._begun = False

    def take(self, blocks: Sequence[BlockLogs]) -> None:
        """Have blocks derived."""
        if not self._begun:
            self._wait(_MOST_WAITING - 1)
            self._begun = True
            # Listened to from the beginning of a batch: who derives may ask for rows.
            self._waiting.append(self._thread.submit(self._pass_on))
        try:
            self._derivers.tell(blocks)
        except DeriverLost:
            self._wait(0)  # it may have said why
            raise

    def end(self, write: Write) -> None:
        """End the batch: what it changes is given to `write`, after everything before it."""
        self._writes.append(write)
        self.take(())
        self._begun = False

    def finish(self) -> None:
        """Wait until all ended batches were given to be written; raises what went wrong."""
        self._wait(0)

    def close(self) -> None:
        """End the processes and the thread. What was not written is lost."""
        self._derivers.close()
        self._thread.shutdown()

    def _pass_on(self) -> None:
        batch = self._derivers.answer()
        self._writes.popleft()(batch)

    def _wait(self, most: int) -> None:
        while len(self._waiting) > most:
            self._waiting.popleft().result()
