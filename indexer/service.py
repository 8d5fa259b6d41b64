"""The indexer as a process: one network, its health and its metrics, until told to stop."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import structlog

from indexer.audit.run import keep_auditing
from indexer.errors import IndexerError
from indexer.progress import Progress
from indexer.setup import ChainSetup, from_deployment
from indexer.source.endpoint import Endpoint
from indexer.source.live import HeadWatcher
from indexer.source.pool import Pool
from indexer.sync import ChainSync
from optionix.chain.deployment import Deployment, load
from optionix.chain.errors import ChainError
from optionix.chain.networks import network
from optionix.chain.rpc import Rpc
from optionix.settings import Settings
from optionix.store.engine import conninfo

APPLICATION = "indexer"


@dataclass(frozen=True)
class Service:
    """A network's sync and what its other tasks need."""

    sync: ChainSync
    rpc: Rpc
    conninfo: str


@asynccontextmanager
async def open_service(config: Settings, progress: Progress) -> AsyncGenerator[Service, None]:
    """A network's sync, with its connections to the node.

    Raises
    ------
    DeploymentMissing, RpcUnavailable
        When there is nothing to index or no node to ask.
    """
    deployment = load(config.network, config)
    async with AsyncExitStack() as stack:
        rpcs = [await stack.enter_async_context(Rpc(url)) for url in config.rpc_urls]
        setup = await _setup(deployment, rpcs)
        finality = network(config.network).finality
        pool = Pool(config.network, [Endpoint(rpc, list(setup.contracts), finality) for rpc in rpcs])
        async with HeadWatcher(rpcs[0], config.ws_url) as watcher:
            where = conninfo(config.database_url, application=APPLICATION)
            yield Service(ChainSync(setup, pool, where, watcher, progress), rpcs[0], where)


async def _setup(deployment: Deployment, rpcs: Sequence[Rpc]) -> ChainSetup:
    """What the first endpoint that answers says of the deployment."""
    for rpc in rpcs[:-1]:
        with contextlib.suppress(ChainError):
            await rpc.require_chain(deployment.chain_id)
            return await from_deployment(deployment, rpc)
    return await from_deployment(deployment, rpcs[-1])


def progress_of(config: Settings) -> Progress:
    """The progress of the network that settings name."""
    chain = network(config.network)
    return Progress(config.network, chain.chain_id, real_time=chain.real_time)


async def index(config: Settings, progress: Progress, stop: asyncio.Event) -> None:
    """Index and audit until told to stop. What trying again cannot mend is shown as failed until then."""
    try:
        async with open_service(config, progress) as service:
            auditing = asyncio.create_task(
                keep_auditing(service.rpc, service.sync.setup, service.conninfo, progress, config.audit_seconds)
            )
            try:
                await service.sync.run(stop)
            finally:
                auditing.cancel()
                await asyncio.gather(auditing, return_exceptions=True)
    except IndexerError:
        structlog.get_logger("indexer").error("waiting to be stopped", reason=progress.detail)
        await stop.wait()
