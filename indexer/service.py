"""The indexer as a process: one network, its health and its metrics, until told to stop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import structlog

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


@asynccontextmanager
async def chain_sync(config: Settings, progress: Progress) -> AsyncGenerator[ChainSync, None]:
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
            yield ChainSync(setup, endpoint, where, watcher, progress)


def progress_of(config: Settings) -> Progress:
    """The progress of the network that settings name."""
    return Progress(config.network, network(config.network).chain_id)


async def index(config: Settings, progress: Progress, stop: asyncio.Event) -> None:
    """Index until told to stop. What trying again cannot mend is shown as failed until then."""
    try:
        async with chain_sync(config, progress) as sync:
            await sync.run(stop)
    except IndexerError:
        structlog.get_logger("indexer").error("waiting to be stopped", reason=progress.detail)
        await stop.wait()
