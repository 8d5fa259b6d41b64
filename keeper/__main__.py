"""`python -m keeper`: all jobs, until SIGTERM."""

from __future__ import annotations

import sys

from keeper.build import build
from optionix.service import main
from optionix.settings import Settings
from optionix.telemetry import configure_logging, serve, stop_event


async def run(config: Settings, jobs: str = "", *, dry_run: bool = False) -> None:
    """Keep until told to stop."""
    log = configure_logging("keeper", config.log_level)
    stop = stop_event()
    async with build(config, jobs or config.keeper_jobs, dry_run=dry_run) as runner:
        async with await serve(config.metrics_port("keeper"), runner.health, host=config.host) as telemetry:
            log.info(
                "keeper started", jobs=list(runner.states), sender=runner.lane.address, metrics_port=telemetry.port
            )
            await runner.run(stop)
    log.info("keeper stopped")


if __name__ == "__main__":
    sys.exit(main("keeper", run))
