"""`python -m api`: the API and the page on one port, metrics and health on another."""

from __future__ import annotations

import sys

import uvicorn

from api.app import create_app
from api.health import health
from optionix import telemetry
from optionix.service import main
from optionix.settings import PROJECT_ROOT, Settings


async def serve(config: Settings) -> None:
    """Serves until SIGTERM or SIGINT."""
    telemetry.configure_logging("api", config.log_level)
    app = create_app(config, PROJECT_ROOT / "web" / "dist")
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            host=config.host,
            port=config.port("api"),
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=3,
            server_header=False,
        )
    )
    async with telemetry.TelemetryServer(config.metrics_port("api"), lambda: health(app), host=config.host):
        await server.serve()


if __name__ == "__main__":
    sys.exit(main("api", serve))
