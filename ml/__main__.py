"""`python -m ml`: the risk service, until SIGTERM."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Iterator

import anyio.to_thread
import uvicorn

from ml.engine import RiskEngine
from ml.market_data import MarketData
from ml.registry import Registry
from ml.service import create_app, health
from ml.sources import BarSource, FeedHistory, Joined, ShippedHistory
from ml.venue import VenueSource
from optionix.chain.networks import network
from optionix.errors import UserError
from optionix.service import main
from optionix.settings import Settings
from optionix.store.engine import make_engine
from optionix.telemetry import configure_logging, serve, stop_event

_STOP_SECONDS = 3


def build_engine(config: Settings) -> RiskEngine:
    """The engine that settings describe: this network's tables, and the history that they name."""
    data = MarketData(make_engine(config.database_url, application="risk"), network(config.network).chain_id)
    feed = FeedHistory(data)
    source: BarSource = Joined(ShippedHistory(), feed) if config.price_history == "csv" else feed
    venue = VenueSource(config.venue_chain) if config.venue_chain else None
    return RiskEngine(data, source, Registry(config.data_dir / "models"), venue=venue)


class _Server(uvicorn.Server):
    """One that leaves signals to the service: uvicorn would take them, and raise them again when it has ended."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """See above."""
        yield


async def run(config: Settings) -> None:
    """Serve until told to stop."""
    log = configure_logging("risk", config.log_level)
    stop = stop_event()
    engine = build_engine(config)
    server = _Server(
        uvicorn.Config(
            create_app(engine),
            host=config.host,
            port=config.port("risk"),
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=_STOP_SECONDS,
        )
    )
    telemetry = await serve(
        config.metrics_port("risk"), lambda: anyio.to_thread.run_sync(health, engine), host=config.host
    )
    async with telemetry:
        serving = asyncio.create_task(_serve(server))
        stopping = asyncio.create_task(stop.wait())
        log.info("risk service started", port=config.port("risk"), metrics_port=telemetry.port)
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        server.should_exit = True
        stopping.cancel()
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(serving, _STOP_SECONDS)
    engine.close()
    log.info("risk service stopped")


async def _serve(server: uvicorn.Server) -> None:
    try:
        await server.serve()
    except SystemExit as error:
        # uvicorn ends the process when its port is taken.
        config = server.config
        raise UserError(
            f"Cannot listen on {config.host}:{config.port}.", "Is it in use? Choose another --port-base."
        ) from error


if __name__ == "__main__":
    sys.exit(main("risk", run))
