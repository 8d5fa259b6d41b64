"""The indexer as a process: one network, its health and its metrics, until told to stop."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import psycopg
import structlog

from indexer.audit.run import keep_auditing
from indexer.build import build
from indexer.errors import BuildRunning, DerivationOutdated, IndexerError, NotReplaced, SourceLies, Stopped
from indexer.progress import Progress
from indexer.setup import ChainSetup, from_deployment, watched_contracts
from indexer.source.endpoint import Endpoint
from indexer.source.live import HeadWatcher
from indexer.source.past import Extent
from indexer.source.pool import Pool
from indexer.sync import ChainSync
from optionix.chain.deployment import Deployment, load
from optionix.chain.errors import RpcError, RpcUnavailable, WrongChain
from optionix.chain.networks import network
from optionix.chain.rpc import Rpc
from optionix.settings import Settings
from optionix.store.engine import conninfo

APPLICATION = "indexer"
_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.25, 2.0
_BUILD_PAUSE_SECONDS = 2.0


@dataclass(frozen=True)
class Service:
    """A network's sync and what its other tasks need."""

    sync: ChainSync
    pool: Pool
    conninfo: str


@asynccontextmanager
async def open_service(
    config: Settings, progress: Progress, stop: asyncio.Event | None = None
) -> AsyncGenerator[Service, None]:
    """A network's sync, with its connections to the endpoints.

    Parameters
    ----------
    stop : where given, endpoints that fail now are waited for until it is set.

    Raises
    ------
    DeploymentMissing
        When there is nothing to index.
    Stopped
        When it was told to stop before an endpoint answered well.
    WrongChain, WrongGenesis
        All endpoints serve another chain.
    RpcUnavailable, RpcError, SourceLies
        None answers well, and nobody waits.
    """
    deployment = load(config.network, config)
    async with AsyncExitStack() as stack:
        rpcs = [await stack.enter_async_context(Rpc(url)) for url in config.rpc_urls]
        finality, addresses = network(config.network).finality, list(watched_contracts(deployment))
        endpoints = [Endpoint(rpc, addresses, finality) for rpc in rpcs]
        pool = Pool(config.network, endpoints, backfill=Extent(config.verify_backfill))
        progress.endpoints = pool.bench.states
        setup = await _setup(deployment, pool, progress, stop)
        async with HeadWatcher(rpcs[0], config.ws_url, chain_id=deployment.chain_id) as watcher:
            where = conninfo(config.database_url, application=APPLICATION)
            yield Service(ChainSync(setup, pool, where, watcher, progress), pool, where)


async def _setup(deployment: Deployment, pool: Pool, progress: Progress, stop: asyncio.Event | None) -> ChainSetup:
    """What the first endpoint of the right chain that answers well says of the deployment."""
    log = structlog.get_logger("indexer").bind(network=deployment.network)
    pause = _PAUSE_SECONDS
    while True:
        try:
            await pool.require_genesis(deployment.chain_id, deployment.genesis_hash)
            return await pool.read(lambda rpc: from_deployment(deployment, rpc))
        except (RpcUnavailable, RpcError, SourceLies) as error:
            if stop is None:
                raise
            log.warning("waiting for an endpoint", reason=str(error))
            progress.retrying(str(error))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), pause)
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
            if stop.is_set():
                raise Stopped("told to stop while no endpoint answered well") from error


def progress_of(config: Settings) -> Progress:
    """The progress of the network that settings name."""
    chain = network(config.network)
    return Progress(config.network, chain.chain_id, real_time=chain.real_time)


async def index(config: Settings, progress: Progress, stop: asyncio.Event) -> None:
    """Index and audit until told to stop. What trying again cannot mend is shown as failed until then."""
    log = structlog.get_logger("indexer").bind(network=config.network)
    try:
        while not stop.is_set():
            if await _index(config, progress, stop):
                return
            await _build(config, progress, stop)
    except Stopped:
        return
    except (IndexerError, WrongChain) as error:
        progress.phase, progress.detail = "failed", str(error)
        log.error("waiting to be stopped", reason=progress.detail)
        await stop.wait()


async def _index(config: Settings, progress: Progress, stop: asyncio.Event) -> bool:
    """Until told to stop; false where the tables are of another version's rules and have to be built anew first."""
    try:
        async with open_service(config, progress, stop) as service:
            auditing = asyncio.create_task(
                keep_auditing(
                    service.pool.preferred, service.sync.setup, service.conninfo, progress, config.audit_seconds
                )
            )
            try:
                await service.sync.run(stop)
            finally:
                auditing.cancel()
                await asyncio.gather(auditing, return_exceptions=True)
    except DerivationOutdated:
        return False
    return True


async def _build(config: Settings, progress: Progress, stop: asyncio.Event) -> None:
    """Build the tables by this version's rules while those of the other one are read."""
    log = structlog.get_logger("indexer").bind(network=config.network)
    log.info("building the tables anew", reason=progress.detail)
    try:
        built = await asyncio.to_thread(build, conninfo(config.database_url, application=APPLICATION))
    except (BuildRunning, NotReplaced, psycopg.Error) as error:
        log.warning("not built, trying again", reason=str(error))
        progress.retrying(str(error))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), _BUILD_PAUSE_SECONDS)
        return
    log.info("built", blocks=built.blocks, seconds=round(built.seconds, 2), held_seconds=round(built.held_seconds, 3))
