"""`python -m indexer`: mirror one network or several into Postgres, until SIGTERM."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Sequence
from functools import partial

import structlog
from sqlalchemy.exc import DBAPIError

from indexer.progress import Progress
from indexer.service import index, progress_of
from indexer.several import each_network, report_of
from optionix.service import main
from optionix.settings import Settings
from optionix.store import migrate
from optionix.telemetry import configure_logging, serve, stop_event

_PAUSE_SECONDS = 1.0


async def run(config: Settings) -> None:
    """Serve until told to stop."""
    log = configure_logging("indexer", config.log_level)
    stop = stop_event()
    each = each_network(config)
    networks = [progress_of(one) for one in each]
    async with await serve(config.metrics_port("indexer"), partial(report_of, networks), host=config.host):
        if await migrated(config, networks, stop):
            log.info("indexer started", networks=[one.network for one in each])
            async with asyncio.TaskGroup() as group:
                for one, progress in zip(each, networks, strict=True):
                    group.create_task(index(one, progress, stop))
    log.info("indexer stopped", blocks={progress.network: progress.indexed for progress in networks})


async def migrated(config: Settings, networks: Sequence[Progress], stop: asyncio.Event) -> bool:
    """Bring the database to this version's tables, waiting for a server that is down; false when told to stop."""
    log = structlog.get_logger("indexer")
    while not stop.is_set():
        try:
            await asyncio.to_thread(migrate.upgrade, config.database_url)
        except DBAPIError as error:
            reason = f"the database cannot be used: {str(error.orig).strip()}"
            log.warning("waiting for the database", reason=reason)
            for progress in networks:
                progress.retrying(reason)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _PAUSE_SECONDS)
        else:
            return True
    return False


if __name__ == "__main__":
    sys.exit(main("indexer", run))
