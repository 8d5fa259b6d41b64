"""Final blocks derived by processes of their own: the same rows, whatever becomes of the processes."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import psutil
import pytest

from indexer import ingest, loader
from indexer.archive import Archive, stored_setup
from indexer.batch import Batch
from indexer.decode.catalogue import Catalogue, Event
from indexer.derive import positions
from indexer.derive.parts import WHOLE, Route, parts_of
from indexer.derive.state import State
from indexer.derive.table import MissingRow, Table
from indexer.derivers import Derivers
from indexer.errors import DeriverLost
from indexer.logs import BlockLogs
from indexer.postgres import connect
from indexer.rederive import rederive
from indexer.setup import ChainSetup
from optionix.instruments import Series, Side
from optionix.settings import PROJECT_ROOT
from optionix.store.engine import conninfo
from tests.indexer.life import World
from tests.indexer.running import CHAIN, assert_same_tables, audited, following, index, until_at_head

# The chain's tables, made block by block in one process, are what all of this is compared with.


@pytest.fixture
def in_processes(monkeypatch: pytest.MonkeyPatch) -> list[Derivers]:
    """All final blocks go to processes, a few at a time; those that were started."""
    monkeypatch.setattr(ingest, "BULK_LOGS", 1)
    monkeypatch.setattr(ingest, "_LOGS_READ", 10)
    monkeypatch.setattr(ingest, "_LOGS_AT_ONCE", 20)
    started: list[Derivers] = []
    begin = Derivers.__init__

    def noted(self: Derivers, *args: Any) -> None:
        begin(self, *args)
        started.append(self)

    monkeypatch.setattr(Derivers, "__init__", noted)
    return started


def kept(url: str) -> tuple[ChainSetup, list[BlockLogs]]:
    """What is known of the chain, and its logs."""
    with connect(conninfo(url)) as connection, connection.transaction():
        setup = stored_setup(connection, CHAIN)
        assert setup is not None
        return setup, [b for some in Archive(connection, CHAIN, setup.genesis_hash).read(-1, 10_000) for b in some]


def ended(many: Sequence[Derivers]) -> bool:
    return not any(member.process.is_alive() for each in many for member in each._members)


async def test_they_give_the_rows_of_one_process(
    lived: World, lived_url: str, database_url: str, in_processes: list[Derivers]
) -> None:
    await index(lived, database_url)
    assert len(in_processes) == 1
    assert_same_tables(database_url, lived_url)
    assert (await audited(lived, database_url)).drift == 0
    rederive(conninfo(database_url), CHAIN)
    assert len(in_processes) == 2
    assert_same_tables(database_url, lived_url)
    assert ended(in_processes)


async def test_they_read_what_they_do_not_hold(
    lived: World, lived_url: str, in_processes: list[Derivers], make_database: Callable[[], str],
    monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    monkeypatch.setattr("indexer.derive.state.CACHED_ROWS", 0)
    url = make_database()
    await index(lived, url)
    assert_same_tables(url, lived_url)


async def test_the_head_is_followed_after_them(
    chain: World, make_database: Callable[[], str], in_processes: list[Derivers]
) -> None:
    url, fresh = make_database(), make_database()
    chain.fund()
    async with following(chain, url) as sync:
        await until_at_head(sync, chain)
        chain.trade()
        await until_at_head(sync, chain)
    assert in_processes
    await index(chain, fresh)
    assert_same_tables(url, fresh)


async def test_one_that_is_killed_is_started_again(
    lived: World, lived_url: str, database_url: str, in_processes: list[Derivers], monkeypatch: pytest.MonkeyPatch
) -> None:
    answer, answers = Derivers.answer, 0

    def is_killed(self: Derivers) -> Batch:
        nonlocal answers
        answers += 1
        if answers == 2:
            os.kill(self._members[1].process.pid, signal.SIGKILL)
            self._members[1].process.join()
        return answer(self)

    monkeypatch.setattr(Derivers, "answer", is_killed)
    rederiving = conninfo(lived_url)
    with pytest.raises(DeriverLost, match="has ended"):
        rederive(rederiving, CHAIN)
    assert rederive(rederiving, CHAIN).continued
    answers = 0
    await index(lived, database_url)
    assert_same_tables(database_url, lived_url)
    assert len(in_processes) == 4
    assert ended(in_processes)


def test_what_one_cannot_derive_is_said_by_who_asked(
    lived_url: str, in_processes: list[Derivers], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise MissingRow("an event speaks of a position, of which no event was seen.", "Index anew.")

    monkeypatch.setattr(positions, "_move", refuse)
    with pytest.raises(MissingRow, match="Index anew"):
        rederive(conninfo(lived_url), CHAIN)
    assert ended(in_processes)


_STARTS_AND_WAITS = """
import pickle, sys, time
from indexer.derivers import Derivers
found = Derivers(pickle.loads(bytes.fromhex(sys.argv[1])), {}, None)
print(*(member.process.pid for member in found._members), flush=True)
time.sleep(60)
"""


def test_they_end_with_who_started_them(lived_url: str) -> None:
    setup, _ = kept(lived_url)
    words = [sys.executable, "-c", _STARTS_AND_WAITS, pickle.dumps(setup).hex()]
    with subprocess.Popen(words, cwd=PROJECT_ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        found = [psutil.Process(int(pid)) for pid in process.stdout.readline().split()]
        assert len(found) == len(parts_of(setup))
        process.kill()
        _, alive = psutil.wait_procs(found, 20)
    assert not alive


class Rows:
    """A database without any."""

    def load(self, *_: object) -> None:
        return None

    def load_range(self, *_: object) -> list[Any]:
        return []


def test_each_event_goes_to_its_part(lived_url: str) -> None:
    setup, blocks = kept(lived_url)
    catalogue = Catalogue(setup.contracts)
    whole = [event for block in blocks for event in catalogue.events(block)]
    taken: list[set[tuple[int, int]]] = []
    for part in parts_of(setup):
        with connect(conninfo(lived_url)) as connection:
            state = State(setup, Rows(), part)
            loader.preload(connection, CHAIN, state, 10_000)
            events = [event for block in blocks for event in catalogue.events(block, Route(state).wants)]
        taken.append({(event.block_number, event.log_index) for event in events})
    handled = {(e.block_number, e.log_index) for e in whole if e.contract in ("Clearinghouse", "OptionVault")}
    assert handled <= taken[0] | taken[1]
    assert not handled & taken[0] & taken[1]
    shared = {
        (e.block_number, e.log_index) for e in whole if e.kind in (("Exchange", "Traded"), ("Markets", "Settled"))
    }
    assert shared
    assert shared <= taken[0] & taken[1]


def test_a_transfer_of_both_sides_is_shared_out(lived_url: str) -> None:
    setup, _ = kept(lived_url)
    call, put = (Series.from_id(row) for row in _series(lived_url))
    assert (call.side, put.side) == (Side.CALL, Side.PUT)
    giver, taker = "0x" + "a" * 40, "0x" + "b" * 40
    args = {"operator": giver, "from": giver, "to": taker, "ids": [call.id, put.id], "values": [5, 7]}
    event = Event(9, 1, "0x" + "0" * 64, 0, "0x", ("OptionToken", "TransferBatch"), args, 100)
    found = []
    for part in (WHOLE, *parts_of(setup)):
        with connect(conninfo(lived_url)) as connection:
            state = State(setup, Rows(), part)
            loader.preload(connection, CHAIN, state, 10_000)
        positions.transfer_batch(state, event)
        found.append({key: row.amount for key, row in state.position.changes()[0]})
    whole, first, second = found
    assert len(whole) == 4
    assert first | second == whole
    assert not first.keys() & second.keys()


def _series(url: str) -> Iterator[int]:
    with connect(conninfo(url)) as connection:
        for side in (Side.CALL, Side.PUT):
            row = connection.execute("select series_id from series where side = %s limit 1", [int(side)]).fetchone()
            assert row is not None
            yield int(row[0])


def test_keys_in_a_range_come_from_memory_where_all_rows_are_there() -> None:
    state = State(ChainSetup("", 0, "", 0, {}), Rows())
    leg: Table[Any] = state.leg
    leg.preload([(("a", 3), (1,)), (("a", 9), (1,)), (("b", 4), (1,))])
    assert leg.get("a", 5) is None
    assert leg.in_range(("a",), "series_id", 3, 9) == [("a", 3)]
    leg.change("a", 5)
    assert leg.in_range(("a",), "series_id", 3, 10) == [("a", 3), ("a", 5), ("a", 9)]
    assert leg.in_range(("c",), "series_id", 0, 10) == []
    assert multiprocessing.active_children() == []
