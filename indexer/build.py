"""Derived tables built anew beside those that are read, and put in their place when they are as far.

All chains of a database are derived from the kept logs into the schema `index_build`: first as far as they are final,
while indexers go on, then, with writers waiting, the rest. One transaction then gives the new tables the names of the
old ones, which go to the schema `index_retired` until the next build or `drop_retired`. Readers wait for that one
moment at most, and see either version whole: whoever has read one of the tables keeps them until its transaction ends.

Killed at any time it leaves the tables that are read as they are; the next build goes on where this one was.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import cast

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from sqlalchemy import MetaData
from sqlalchemy.schema import CreateIndex, CreateTable

from indexer.archive import stored_setup
from indexer.derive import DERIVATION
from indexer.derive.state import State
from indexer.derive.table import DIALECT, Loader
from indexer.errors import BuildRunning, LogsMissing, NotReplaced
from indexer.ingest import Ingest
from indexer.postgres import Connection, connect
from indexer.setup import ChainSetup
from indexer.takeback import GROWING
from optionix.store import migrate
from optionix.store.models import Base
from optionix.store.notify import ANY_TOPIC, CHANNEL, BlockChange

BUILD, RETIRED, READ = "index_build", "index_retired", "public"
"""Schemas: where tables are built, where those are that were replaced, and where readers look."""
_KEPT = ("block_logs",)
"""Growing tables that are not derived."""
_WRITERS_WAIT = "10s"
_READERS_WAIT = "200ms"
"""So long readers may wait for one that holds a table before the replacement lets them pass and tries again."""
_TRIES = 50
_PAUSE_SECONDS = 0.1

Say = Callable[[int, int, int], None]
"""Told from time to time: chain id, block reached, block wanted."""


@dataclass(frozen=True, slots=True)
class Built:
    """What was built.

    Attributes
    ----------
    blocks : newest block of each chain.
    continued : whether an earlier build was taken up.
    held_seconds : how long writers had to wait.
    """

    blocks: dict[int, int]
    seconds: float
    held_seconds: float
    continued: bool


def derived_tables() -> tuple[str, ...]:
    """Every table that can be made from the kept logs."""
    state = State(ChainSetup("", 0, "", 0, {}), cast(Loader, None))
    growing = (name for name in GROWING if name not in _KEPT)
    return ("checkpoint", "undo", *growing, *(table.spec.name for table in state.tables))


def build(conninfo: str, say: Say | None = None) -> Built:
    """Build all derived tables anew and put them in the place of those that are read.

    Raises
    ------
    BuildRunning
        Another process does.
    LogsMissing
        A chain's logs are not kept.
    NotReplaced
        Readers hold the tables for too long; what was built stays for the next try.
    """
    began = time.monotonic()
    with connect(conninfo) as session, _lead(session):
        continued = _prepare(session)
        with ExitStack() as stack:
            ingests = [stack.enter_context(_taking(setup, _beside(conninfo))) for setup in _setups(session)]
            for ingest in ingests:
                _derive(ingest, say, final=True)
            for name in derived_tables():
                session.execute(sql.SQL("analyze {}").format(_named(BUILD, name)))
            for _ in range(_TRIES):
                try:
                    blocks, held = _replace(session, ingests, say)
                except psycopg.errors.LockNotAvailable:
                    time.sleep(_PAUSE_SECONDS)
                    continue
                return Built(blocks, time.monotonic() - began, held, continued)
    raise NotReplaced("the tables are held by readers for too long.", "Run `optionix index --build` again.")


def drop_retired(conninfo: str) -> bool:
    """Drop the tables that were replaced; whether there were any."""
    with connect(conninfo) as session, session.transaction():
        found = _schema_note(session, RETIRED) is not None
        session.execute(sql.SQL("drop schema if exists {} cascade").format(sql.Identifier(RETIRED)))
    return found


@contextmanager
def _lead(session: Connection) -> Iterator[None]:
    row = session.execute("select pg_try_advisory_lock(hashtextextended('index build', 0))").fetchone()
    if row is None or not row[0]:
        raise BuildRunning("another process builds the tables of this database anew.", "Wait for it.")
    try:
        yield
    finally:
        # Not by the connection's end, which the server takes a moment to see; where it is cut there is no other way.
        with contextlib.suppress(psycopg.Error):
            session.execute("select pg_advisory_unlock(hashtextextended('index build', 0))")


def _prepare(session: Connection) -> bool:
    """Empty tables to build, unless those of a build of this version are there; whether they are."""
    version = f"schema {migrate.head()}, derivation {DERIVATION}"
    if _schema_note(session, BUILD) == version:
        return True
    metadata = MetaData(naming_convention=Base.metadata.naming_convention)
    with session.transaction():
        session.execute(sql.SQL("drop schema if exists {} cascade").format(sql.Identifier(BUILD)))
        session.execute(sql.SQL("create schema {}").format(sql.Identifier(BUILD)))
        for name in derived_tables():
            table = Base.metadata.tables[name].to_metadata(metadata, schema=BUILD)
            session.execute(str(CreateTable(table).compile(dialect=DIALECT)).encode())
            for index in table.indexes:
                session.execute(str(CreateIndex(index).compile(dialect=DIALECT)).encode())
        session.execute(sql.SQL("comment on schema {} is {}").format(sql.Identifier(BUILD), sql.Literal(version)))
    return False


def _schema_note(session: Connection, name: str) -> str | None:
    """A schema's comment, None where there is no such schema."""
    row = session.execute(
        "select coalesce(obj_description(oid, 'pg_namespace'), '') from pg_namespace where nspname = %s", [name]
    ).fetchone()
    return None if row is None else str(row[0])


def _setups(session: Connection) -> list[ChainSetup]:
    found = []
    for (chain_id,) in session.execute("select chain_id from chain order by chain_id").fetchall():
        setup = stored_setup(session, chain_id)
        if setup is None:
            raise LogsMissing(
                f"no logs of chain {chain_id} are kept in this database.",
                "Index it anew with `optionix index --fresh`.",
            )
        found.append(setup)
    return found


def _beside(conninfo: str) -> str:
    """The database as who builds sees it: derived tables are those that are built, all others those that are read."""
    given = str(conninfo_to_dict(conninfo).get("options") or "")
    return make_conninfo(conninfo, options=f"{given} -c search_path={BUILD},{READ}".strip())


@contextmanager
def _taking(setup: ChainSetup, beside: str) -> Iterator[Ingest]:
    ingest = Ingest(setup, beside, beside=True)
    try:
        if ingest.open() is None:
            ingest.start_over()
        yield ingest
    finally:
        ingest.close()


def _derive(ingest: Ingest, say: Say | None, *, final: bool) -> None:
    """Derive what is kept of a chain's logs, or what is final of it, which may grow meanwhile."""
    while True:
        wanted = ingest.look_again(final=final)
        moved = False
        while (position := ingest.take_stored()) is not None:
            moved = True
            if say is not None:
                say(ingest.setup.chain_id, position.block.number, wanted)
        if not moved:
            return


def _replace(session: Connection, ingests: Sequence[Ingest], say: Say | None) -> tuple[dict[int, int], float]:
    """Derive the rest while writers wait, and change the names."""
    with session.transaction():
        session.execute(sql.SQL("set local lock_timeout = {}").format(sql.Literal(_WRITERS_WAIT)))
        # Writers begin with this table; readers are not held up by this lock.
        session.execute(sql.SQL("lock table {} in exclusive mode").format(_named(READ, "checkpoint")))
        began = time.monotonic()
        for ingest in ingests:
            _derive(ingest, say, final=False)
        blocks = _require_same_blocks(session)
        session.execute(sql.SQL("set local lock_timeout = {}").format(sql.Literal(_READERS_WAIT)))
        session.execute(
            sql.SQL(
                "update {} n set finalized_number = o.finalized_number, head_number = o.head_number,"
                " head_timestamp = o.head_timestamp, updated_at = o.updated_at from {} o where n.chain_id = o.chain_id"
            ).format(_named(BUILD, "checkpoint"), _named(READ, "checkpoint"))
        )
        session.execute(sql.SQL("drop schema if exists {} cascade").format(sql.Identifier(RETIRED)))
        session.execute(sql.SQL("create schema {}").format(sql.Identifier(RETIRED)))
        for name in derived_tables():
            for place, to in ((READ, RETIRED), (BUILD, READ)):
                session.execute(sql.SQL("alter table {} set schema {}").format(_named(place, name), sql.Identifier(to)))
        session.execute(sql.SQL("drop schema {}").format(sql.Identifier(BUILD)))
        _notify(session)
    return blocks, time.monotonic() - began


def _require_same_blocks(session: Connection) -> dict[int, int]:
    query = "select chain_id, block_number, block_hash from {} order by chain_id"
    read, built = (
        session.execute(sql.SQL(query).format(_named(schema, "checkpoint"))).fetchall() for schema in (READ, BUILD)
    )
    if read != built:
        raise NotReplaced(
            f"what was built is at {built}, what is read at {read}.",
            "Run it again; if it stays, index anew with `optionix index --fresh`.",
        )
    return {row[0]: row[1] for row in built}


def _notify(session: Connection) -> None:
    query = "select chain_id, block_number, block_hash, block_timestamp from checkpoint"
    for chain_id, number, hash_, timestamp in session.execute(query).fetchall():
        change = BlockChange(chain_id, number, hash_, timestamp, None, (ANY_TOPIC,))
        session.execute("select pg_notify(%s, %s)", [CHANNEL, change.payload()])


def _named(schema: str, table: str) -> sql.Identifier:
    return sql.Identifier(schema, table)
