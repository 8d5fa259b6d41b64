"""What tests of the keeper do to the market, and how they wait for it."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from keeper.build import build
from keeper.runner import Outcome, Runner
from ml.engine import RiskEngine
from ml.market_data import MarketData
from ml.registry import Registry
from ml.service import create_app
from ml.sources import FeedHistory, Joined, ShippedHistory
from optionix.chain.deployment import save
from optionix.settings import METRICS_PORTS, PROJECT_ROOT, Settings
from optionix.store.engine import make_engine
from tests.support.chain import LocalChain
from tests.support.ports import free_base

WAIT_SECONDS = 30.0


@dataclass
class World:
    """A market with an indexer beside it; keepers are made by the tests."""

    chain: LocalChain
    database_url: str
    folder: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.settings = Settings(
            data_dir=self.folder,
            rpc_url=self.chain.anvil.url,
            database_url=self.database_url,
            port_base=0,
            risk_url="http://risk.invalid",
        )
        save(self.chain.deployment, self.settings)
        self.engine = make_engine(self.database_url)
        self.data = MarketData(self.engine, self.chain.deployment.chain_id)

    def start(self, module: str) -> subprocess.Popen[bytes]:
        """A service as a process of its own, on free ports."""
        environment = os.environ | self.settings.environment()
        environment |= {
            "OPTIONIX_WS_URL": self.chain.anvil.ws_url,
            "OPTIONIX_PORT_BASE": str(free_base(METRICS_PORTS.values())),
            "PYTHONPATH": str(PROJECT_ROOT),
        }
        with (self.folder / f"{module}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", module], env=environment, stdout=log, stderr=log, cwd=PROJECT_ROOT
            )
        self.processes.append(process)
        return process

    def close(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait()
        self.engine.dispose()

    def index(self) -> None:
        """Start the indexer if none runs, and wait until the tables show the head."""
        if not any(process.poll() is None and process.args[-1] == "indexer" for process in self.processes):  # type: ignore[index]
            self.start("indexer")
        wanted = self.chain.head
        self.wait(lambda: self._indexed() >= wanted, f"the tables to show block {wanted}")

    def _indexed(self) -> int:
        try:
            return self.data.moment().block
        except LookupError:
            return -1

    def wait(self, condition: Callable[[], bool], what: str, seconds: float = WAIT_SECONDS) -> None:
        """Wait for a condition; what services wrote is shown when it does not come."""
        until = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > until:
                logs = "\n".join(path.read_text()[-3000:] for path in self.folder.glob("*.log"))
                raise AssertionError(f"waited {seconds:g} s for {what}\n{logs}")
            time.sleep(0.02)

    @asynccontextmanager
    async def keeper(
        self, jobs: str, *, dry_run: bool = False, risk: httpx.AsyncBaseTransport | None = None
    ) -> AsyncIterator[Runner]:
        """A keeper in this process; the risk service is the real application unless another transport is given."""
        engine = RiskEngine(
            self.data,
            Joined(ShippedHistory(), FeedHistory(self.data)),
            Registry(self.folder / "models"),
            compare_all=False,
        )
        transport = risk or httpx.ASGITransport(create_app(engine))
        async with build(self.settings, jobs, dry_run=dry_run) as runner:
            await runner.context.http.aclose()
            runner.context.http = httpx.AsyncClient(transport=transport)
            try:
                yield runner
            finally:
                engine.close()

    async def once(self, jobs: str, *, dry_run: bool = False) -> list[Outcome]:
        """Index, run jobs one time, index again."""
        await asyncio.to_thread(self.index)
        async with self.keeper(jobs, dry_run=dry_run) as runner:
            outcomes = await runner.once()
        await asyncio.to_thread(self.index)
        return outcomes


def results(outcomes: list[Outcome]) -> list[str]:
    """Results of outcomes in order."""
    return [outcome.result for outcome in outcomes]
