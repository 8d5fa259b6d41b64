"""Running the indexer in tests, and reading the tables whole."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import psycopg
from psycopg.rows import dict_row

from indexer.archive import Archive, stored_setup
from indexer.audit.run import AuditResult, audit
from indexer.decode.catalogue import Catalogue, Event
from indexer.postgres import connect
from indexer.progress import Progress
from indexer.setup import from_deployment
from indexer.source.endpoint import Endpoint
from indexer.source.live import HeadWatcher
from indexer.source.past import Extent
from indexer.source.pool import Pool
from indexer.sync import ChainSync
from optionix.chain.rpc import Rpc
from optionix.store.engine import conninfo
from optionix.store.models import Base
from tests.indexer.life import World
from tests.support.rpc_faults import FaultyTransport

CHAIN = 31337
_NOT_COMPARED = {"undo", "audit", "alembic_version"}
_VOLATILE = {
    "checkpoint": {"updated_at", "head_number", "head_timestamp", "finalized_number"},
    "log_range": {"finalized_number"},
    # Known only for blocks that were read one by one.
    "block": {"parent_hash"},
}


@asynccontextmanager
async def syncing(
    world: World,
    url: str,
    *,
    websocket: bool = True,
    transports: Sequence[FaultyTransport | None] = (None,),
    backfill: Extent = Extent.SAMPLE,
) -> AsyncIterator[ChainSync]:
    """A sync of a world's chain that was not started, over one endpoint for each transport."""
    async with Rpc(world.anvil.url) as rpc, AsyncExitStack() as stack:
        setup = await from_deployment(world.deployment, rpc)
        rpcs = [await stack.enter_async_context(Rpc(world.anvil.url, transport=each)) for each in transports]
        async with HeadWatcher(rpc, world.anvil.ws_url if websocket else "", poll_seconds=0.02) as watcher:
            endpoints = [Endpoint(each, list(setup.contracts), "finalized") for each in rpcs]
            pool = Pool("local", endpoints, backfill=backfill)
            yield ChainSync(setup, pool, conninfo(url), watcher, Progress("local", CHAIN))


async def index(world: World, url: str, *transports: FaultyTransport | None) -> Progress:
    """Bring the tables to the head."""
    async with syncing(world, url, transports=transports or (None,)) as sync:
        await sync.run(asyncio.Event(), until_head=True)
        return sync.progress


@asynccontextmanager
async def following(
    world: World, url: str, *, websocket: bool = True, transports: Sequence[FaultyTransport | None] = (None,)
) -> AsyncIterator[ChainSync]:
    """A sync that runs beside the test."""
    stop = asyncio.Event()
    async with syncing(world, url, websocket=websocket, transports=transports) as sync:
        task = asyncio.create_task(sync.run(stop))
        try:
            yield sync
        finally:
            stop.set()
            await asyncio.wait_for(asyncio.gather(task, return_exceptions=True), 10)


async def until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait for a condition."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - what is waited for happens in another process
            await asyncio.sleep(0.005)


async def until_at_head(sync: ChainSync, world: World) -> None:
    """Wait until the tables show the chain's head as it is now."""
    header = await asyncio.to_thread(world.rpc.call, "eth_getBlockByNumber", "latest", False)
    await until(lambda: sync._tip is not None and sync._tip.block.hash == header["hash"])


async def audited(world: World, url: str, at: int | str = "indexed") -> AuditResult:
    """An audit of the tables."""
    async with Rpc(world.anvil.url) as rpc:
        return await audit(rpc, await from_deployment(world.deployment, rpc), conninfo(url), at)


def query(url: str, text: str, *values: Any) -> list[dict[str, Any]]:
    """Rows of a query, by column."""
    with psycopg.connect(conninfo(url), row_factory=dict_row) as connection:
        return connection.execute(text, values).fetchall()  # type: ignore[arg-type]


def events(url: str) -> list[Event]:
    """Every event that the tables keep, decoded, in order."""
    with connect(conninfo(url)) as connection, connection.transaction():
        setup = stored_setup(connection, CHAIN)
        assert setup is not None
        archive, catalogue = Archive(connection, CHAIN, setup.genesis_hash), Catalogue(setup.contracts)
        return [event for blocks in archive.read(-1, 10_000) for block in blocks for event in catalogue.events(block)]


def all_tables(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table that a fresh index of the same chain must give as well, sorted."""
    found = {}
    with psycopg.connect(conninfo(url), row_factory=dict_row) as connection:
        for table in Base.metadata.sorted_tables:
            if table.name in _NOT_COMPARED:
                continue
            rows = connection.execute(f'select * from "{table.name}"').fetchall()  # type: ignore[arg-type]
            if table.name == "block":
                rows = [row for row in rows if row["events"]]
            left_out = _VOLATILE.get(table.name, set())
            found[table.name] = sorted(
                tuple(repr(value) for name, value in sorted(row.items()) if name not in left_out) for row in rows
            )
    return found


def assert_same_tables(left: str, right: str) -> None:
    """Two databases hold the same rows; says which table differs and how."""
    first, second = all_tables(left), all_tables(right)
    for name, rows in first.items():
        only_left, only_right = set(rows) - set(second[name]), set(second[name]) - set(rows)
        assert not only_left and not only_right, f"{name}: {sorted(only_left)[:3]} against {sorted(only_right)[:3]}"
        assert len(rows) == len(second[name]), name
