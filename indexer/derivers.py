"""Processes that derive the parts of the state from final blocks, each with an interpreter of its own.

They are told blocks and answer with what these change, in words for the database. They have no connection to it: rows
that are not in their memory they ask who started them for, who also writes what they found in one transaction, as if it
were its own. So killed at any time they leave nothing behind.
"""

from __future__ import annotations

import contextlib
import fcntl
import gc
import multiprocessing
import multiprocessing.connection
import os
import pickle
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection as Pipe
from typing import Any, cast

from indexer.batch import Batch, collect, merged
from indexer.decode.catalogue import Catalogue
from indexer.derive.apply import apply_block
from indexer.derive.parts import Part, Route, parts_of
from indexer.derive.state import Known, State
from indexer.derive.table import Key, Loader, TableSpec, Values
from indexer.errors import DeriverLost
from indexer.logs import BlockLogs
from indexer.setup import ChainSetup

# A fork has all that was imported, and rows that are in memory; who is forked uses nothing of other threads' but that.
_CONTEXT: Any = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
_PIPE_BYTES = 1 << 20
"""What Linux lets every user have."""


@dataclass(frozen=True, slots=True)
class _Member:
    """A process, and pipes: by which it is told blocks, answers, and gets rows."""

    process: Any
    tasks: Pipe
    answers: Pipe
    rows: Pipe


class Derivers:
    """A process for each part. What one thread tells them another has to take the answers of, in the same order.

    Parameters
    ----------
    known : what the tables hold before the first block that they will be told.
    loader : gives rows as they are after the batch that was answered before.
    """

    def __init__(self, setup: ChainSetup, known: Known, loader: Loader) -> None:
        self._loader = loader
        self._members: list[_Member] = []
        for part in parts_of(setup):
            (todo, tasks), (answers, done), (found, rows) = _wide_pipe(), _wide_pipe(), _wide_pipe()
            process = _CONTEXT.Process(target=_work, args=(todo, done, found, setup, part, known), daemon=True)
            process.start()
            for theirs in (todo, done, found):
                theirs.close()
            self._members.append(_Member(process, tasks, answers, rows))

    def tell(self, blocks: Sequence[BlockLogs]) -> None:
        """Have these blocks derived; of none, end the batch. Waits while all are busy with what was told before.

        Raises
        ------
        DeriverLost
        """
        said = pickle.dumps(blocks, pickle.HIGHEST_PROTOCOL)
        for member in self._members:
            try:
                member.tasks.send_bytes(said)
            except OSError as error:
                raise _lost(member) from error

    def answer(self) -> Batch:
        """What the earliest batch changes that was not answered yet; waits for its end.

        Raises
        ------
        DeriverLost
            A process has ended.
        Exception
            Whatever a process could not derive.
        """
        missing = {member.answers: member for member in self._members}
        found = []
        while missing:
            for pipe in multiprocessing.connection.wait(list(missing)):
                batch = self._hear(missing[cast(Pipe, pipe)])
                if batch is not None:
                    found.append(batch)
                    del missing[cast(Pipe, pipe)]
        return merged(found)

    def close(self) -> None:
        """End the processes."""
        for member in self._members:
            member.process.kill()
        for member in self._members:
            member.process.join()
            for ours in (member.tasks, member.answers, member.rows):
                ours.close()

    def _hear(self, member: _Member) -> Batch | None:
        """What a process has to say; None where it was a question, which is answered."""
        try:
            said = member.answers.recv()
            if isinstance(said, _Question):
                member.rows.send(said.ask(self._loader))
                return None
        except (EOFError, OSError) as error:
            raise _lost(member) from error
        if isinstance(said, Batch):
            return said
        raise said


@dataclass(frozen=True, slots=True)
class _Question:
    """A method of `table.Loader`, and what to call it with."""

    method: str
    words: tuple[Any, ...]

    def ask(self, loader: Loader) -> Any:
        return getattr(loader, self.method)(*self.words)


class _Asking:
    """The tables, through who started the process."""

    def __init__(self, answers: Pipe, rows: Pipe) -> None:
        self._answers, self._rows = answers, rows

    def load(self, spec: TableSpec, key: Key) -> Values | None:
        """See `table.Loader`."""
        self._answers.send(_Question("load", (spec, key)))
        found: Values | None = self._rows.recv()
        return found

    def load_range(self, spec: TableSpec, first: Key, column: str, low: int, high: int) -> list[tuple[Key, Values]]:
        """See `table.Loader`."""
        self._answers.send(_Question("load_range", (spec, first, column, low, high)))
        found: list[tuple[Key, Values]] = self._rows.recv()
        return found


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


def _work(tasks: Pipe, answers: Pipe, rows: Pipe, setup: ChainSetup, part: Part, known: Known) -> None:
    """Answer until nobody asks any more."""
    _let_go(tasks, answers, rows)
    gc.disable()
    with contextlib.suppress(EOFError, OSError):
        try:
            state = State(setup, _Asking(answers, rows), part)
            state.learn(known)
            catalogue, route = Catalogue(setup.contracts), Route(state)
            while True:
                blocks = tasks.recv()
                for block in blocks:
                    apply_block(state, catalogue.events(block, route.wants), final=True)
                if not blocks:
                    answers.send(collect(state, setup.chain_id))
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
