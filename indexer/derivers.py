"""Processes that derive the parts of the state from final blocks, each with an interpreter of its own.

They are told blocks and answer with what these change, in words for the database. They write nothing: killed at any
time they leave nothing behind, and who started them writes what they found in one transaction, as if it were its own.
"""

from __future__ import annotations

import contextlib
import fcntl
import gc
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection as Pipe
from typing import Any

from indexer import loader
from indexer.batch import Batch, collect, merged
from indexer.decode.catalogue import Catalogue
from indexer.derive.apply import apply_block
from indexer.derive.parts import Part, Route, parts_of
from indexer.derive.state import CACHED_ROWS, State
from indexer.derive.table import Key, TableSpec, Values
from indexer.errors import DeriverLost
from indexer.logs import BlockLogs
from indexer.postgres import Connection, connect
from indexer.setup import ChainSetup

# A fork has all that was imported; who is forked uses nothing of the other threads' but that.
_CONTEXT: Any = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")


_PIPE_BYTES = 1 << 20
"""What Linux lets every user have."""


@dataclass(frozen=True, slots=True)
class _Member:
    """A process, and pipes: by which it is told blocks, answers, and is told that it may read the tables."""

    process: Any
    tasks: Pipe
    answers: Pipe
    committed: Pipe


@dataclass(frozen=True, slots=True)
class _Committed:
    """Asked by who has to read the tables: answered when the batch before is in them."""


class Derivers:
    """A process for each part. What one thread tells them another may ask the answers of, in the same order.

    Parameters
    ----------
    conninfo : of a database that has everything up to the first block that they will be told.
    """

    def __init__(self, setup: ChainSetup, conninfo: str) -> None:
        self._members: list[_Member] = []
        for part in parts_of(setup):
            (todo, tasks), (answers, done), (go_on, committed) = _wide_pipe(), _wide_pipe(), _wide_pipe()
            process = _CONTEXT.Process(target=_work, args=(todo, done, go_on, setup, conninfo, part), daemon=True)
            process.start()
            for theirs in (todo, done, go_on):
                theirs.close()
            self._members.append(_Member(process, tasks, answers, committed))

    def tell(self, blocks: Sequence[BlockLogs]) -> None:
        """Have these blocks derived. Waits while all are busy with those before.

        Raises
        ------
        DeriverLost
        """
        for member in self._members:
            try:
                member.tasks.send(blocks)
            except OSError as error:
                raise _lost(member) from error

    def answer(self, settle: Callable[[], object]) -> Batch:
        """What the earliest blocks change that were not answered yet.

        Parameters
        ----------
        settle : waits until what was answered before is in the tables; called where a process has to read them.

        Raises
        ------
        DeriverLost
            A process has ended.
        Exception
            Whatever a process could not derive.
        """
        return merged([_answer(member, settle) for member in self._members])

    def close(self) -> None:
        """End the processes."""
        for member in self._members:
            member.process.kill()
        for member in self._members:
            member.process.join()
            for ours in (member.tasks, member.answers, member.committed):
                ours.close()


def _answer(member: _Member, settle: Callable[[], object]) -> Batch:
    while True:
        try:
            answer = member.answers.recv()
            if isinstance(answer, _Committed):
                settle()
                member.committed.send(answer)
                continue
        except (EOFError, OSError) as error:
            raise _lost(member) from error
        if isinstance(answer, Batch):
            return answer
        raise answer


def _wide_pipe() -> tuple[Pipe, Pipe]:
    """Ends to read and to write. It holds much: who writes to a narrow one waits for the other all the time."""
    reader, writer = _CONTEXT.Pipe(duplex=False)
    if sys.platform == "linux":
        with contextlib.suppress(OSError):  # a user may have too many wide ones
            fcntl.fcntl(writer.fileno(), fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    return reader, writer


def _lost(member: _Member) -> DeriverLost:
    return DeriverLost(
        f"process {member.process.pid}, which derived rows, has ended.", "It begins from what is committed."
    )


class _Tables:
    """The tables as who derives reads them: after what it derived before was written."""

    def __init__(self, conninfo: str, chain_id: int, answers: Pipe, committed: Pipe) -> None:
        self._conninfo, self._chain_id = conninfo, chain_id
        self._answers, self._may_read = answers, committed
        self._connection: Connection | None = None
        self.committed = True

    @property
    def connection(self) -> Connection:
        """A connection that sees what was derived of the blocks before."""
        if not self.committed:
            self._answers.send(_Committed())
            self._may_read.recv()
            self.committed = True
        if self._connection is None:
            self._connection = connect(self._conninfo)
        return self._connection

    def load(self, spec: TableSpec, key: Key) -> Values | None:
        """See `table.Loader`."""
        return loader.load(self.connection, self._chain_id, spec, key)

    def load_range(self, spec: TableSpec, first: Key, column: str, low: int, high: int) -> list[tuple[Key, Values]]:
        """See `table.Loader`."""
        return loader.load_range(self.connection, self._chain_id, spec, first, column, low, high)


def _work(tasks: Pipe, answers: Pipe, committed: Pipe, setup: ChainSetup, conninfo: str, part: Part) -> None:
    """Answer until nobody asks any more."""
    _let_go(tasks, answers, committed)
    gc.disable()
    with contextlib.suppress(EOFError, OSError):
        try:
            tables = _Tables(conninfo, setup.chain_id, answers, committed)
            state = State(setup, tables, part)
            loader.preload(tables.connection, setup.chain_id, state, CACHED_ROWS)
            catalogue, route = Catalogue(setup.contracts), Route(state)
            while True:
                blocks = tasks.recv()
                for block in blocks:
                    apply_block(state, catalogue.events(block, route.wants), final=True)
                batch = collect(state, setup.chain_id)
                tables.committed = False
                answers.send(batch)
                del blocks, batch
        except (EOFError, OSError):
            raise
        except Exception as error:  # noqa: BLE001 - raised by who asked
            answers.send(error)
    os._exit(0)


def _let_go(*kept: Pipe) -> None:
    """Of everything that came along with a fork: other's connections have to end when these close them."""
    if _CONTEXT.get_start_method() == "fork":
        signal.set_wakeup_fd(-1)
        after = 3  # what is below are the standard streams
        for place in sorted(pipe.fileno() for pipe in kept):
            os.closerange(after, place)
            after = place + 1
        os.closerange(after, os.sysconf("SC_OPEN_MAX"))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for who started them
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
