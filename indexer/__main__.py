"""`python -m indexer`: mirror a network into Postgres, until SIGTERM."""

from __future__ import annotations

import asyncio
import sys

from indexer.service import index, progress_of
from optionix.service import main
from optionix.settings import Settings
from optionix.store import migrate
from optionix.telemetry import configure_logging, serve, stop_event


async def run(config: Settings) -> None:
    """Serve until told to stop."""
    log = configure_logging("indexer", config.log_level)
    stop = stop_event()
    await asyncio.to_thread(migrate.upgrade, config.database_url)
    progress = progress_of(config)
    async with await serve(config.metrics_port("indexer"), progress.report, host=config.host):
        log.info("indexer started", network=config.network)
        await index(config, progress, stop)
    log.info("indexer stopped", block=progress.indexed)


if __name__ == "__main__":
    sys.exit(main("indexer", run))
