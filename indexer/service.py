"""The indexer as a process: one network, its health and its metrics, until told to stop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog

from indexer.audit.run import keep_auditing
from indexer.errors import IndexerError
from indexer.progress import Progress
from indexer.setup import from_deployment
from indexer.source.endpoint import Endpoint
from indexer.source.live import HeadWatcher
from indexer.sync import ChainSync
from optionix.chain.deployment import load
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
    async with Rpc(config.rpc_url) as rpc:
        setup = await from_deployment(deployment, rpc)
        endpoint = Endpoint(rpc, list(setup.contracts), network(config.network).finality)
        async with HeadWatcher(rpc, config.ws_url) as watcher:
            where = conninfo(config.database_url, application=APPLICATION)
            yield Service(ChainSync(setup, endpoint, where, watcher, progress), rpc, where)


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
