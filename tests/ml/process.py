"""The risk service as a process of a test's own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from sqlalchemy import Engine

from optionix.settings import PROJECT_ROOT, Settings
from tests.ml.market import fill_market
from tests.support.ports import free_base


@dataclass
class RiskService:
    """A started process and where it listens."""

    settings: Settings
    process: subprocess.Popen[bytes]

    def ask(self, path: str, seconds: float = 60, *, metrics: bool = False) -> httpx.Response:
        """The first answer while it is starting."""
        port = self.settings.metrics_port("risk")
        url = f"http://127.0.0.1:{port}{path}" if metrics else f"{self.settings.risk_url}{path}"
        until = time.monotonic() + seconds
        while True:
            try:
                return httpx.get(url, timeout=seconds, trust_env=False)
            except httpx.TransportError:
                assert self.process.poll() is None, "the service ended"
                assert time.monotonic() < until, f"no answer within {seconds} s"
                time.sleep(0.05)


def settings_of(database: Engine, folder: Path) -> Settings:
    """Settings of a service beside a database that has a market now."""
    fill_market(database)
    return Settings(
        data_dir=folder, database_url=database.url.render_as_string(hide_password=False), port_base=free_base()
    )


@contextmanager
def risk_service(settings: Settings, folder: Path) -> Iterator[RiskService]:
    """`python -m ml`, killed at the end if it still runs; it writes to `risk.log` in the folder."""
    environment = os.environ | settings.environment() | {"PYTHONPATH": str(PROJECT_ROOT)}
    with (folder / "risk.log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-m", "ml"], env=environment, stdout=log, stderr=log)
    try:
        yield RiskService(settings, process)
    finally:
        process.kill()
        process.wait()
