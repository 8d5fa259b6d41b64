"""A Postgres of the benchmark's own, and the indexer's commands as processes of two cores."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.traffic.chain import Traffic
from optionix.chain.deployment import save
from optionix.errors import UserError
from optionix.local.postgres import EmbeddedPostgres
from optionix.settings import PROJECT_ROOT, Settings
from optionix.store import migrate

_COMMAND_SECONDS = 600


def indexers_cores() -> set[int]:
    """The two cores that everything of the indexer shares; all where there are no more than two."""
    return set(sorted(os.sched_getaffinity(0))[:2])


def other_cores() -> set[int]:
    """Those of the chain and of Postgres."""
    cores = os.sched_getaffinity(0)
    return cores - indexers_cores() if len(cores) > 3 else cores


def pin(pid: int, cores: set[int]) -> None:
    """Keep a process, and what it will start, on some cores."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(task.name), cores)


@dataclass(frozen=True)
class Done:
    """A command that ended well.

    Attributes
    ----------
    result : what it printed.
    rss_mb : the most memory that it held.
    """

    result: dict[str, Any]
    rss_mb: float


class Stage:
    """Databases and processes of one run."""

    def __init__(self, traffic: Traffic, server: EmbeddedPostgres, folder: Path) -> None:
        self.traffic = traffic
        self._server = server
        self._folder = folder
        self._made = 0

    def database(self) -> Settings:
        """Settings with a new database that has every table."""
        self._made += 1
        name = f"bench_{self._made}"
        self._server.ensure_database(name)
        anvil = self.traffic.chain.anvil
        config = Settings(
            data_dir=self._folder,
            rpc_url=anvil.url,
            ws_url=anvil.ws_url,
            database_url=self._server.database_url(name),
        )
        migrate.upgrade(config.database_url)
        save(self.traffic.chain.deployment, config)
        return config

    @contextmanager
    def running(self, config: Settings, *words: str) -> Iterator[subprocess.Popen[str]]:
        """`optionix WORDS` on the indexer's cores, killed at the end where it still runs."""
        cores = indexers_cores()
        process = subprocess.Popen(
            [sys.executable, "-m", "optionix", *words],
            env=os.environ | config.environment() | {"PYTHONPATH": str(PROJECT_ROOT)},
            cwd=PROJECT_ROOT,
            stdout=subprocess.PIPE,
            stderr=(self._folder / "indexer.log").open("a"),
            text=True,
            preexec_fn=lambda: os.sched_setaffinity(0, cores),
        )
        try:
            yield process
        finally:
            if process.returncode is None and process.poll() is None:
                process.kill()
                process.wait(10)

    def run(self, config: Settings, *words: str) -> Done:
        """`optionix WORDS --json`, to its end.

        Raises
        ------
        UserError
            It failed.
        """
        with self.running(config, *words, "--json") as process:
            assert process.stdout is not None
            text = process.stdout.read()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            log = (self._folder / "indexer.log").read_text().strip().splitlines()
            raise UserError(f"optionix {' '.join(words)} failed: {log[-1] if log else 'it said nothing'}")
        return Done(json.loads(text), usage.ru_maxrss / 1024)


@contextmanager
def staged(traffic: Traffic) -> Iterator[Stage]:
    """A server for the databases of one run; nothing of it is left."""
    folder = Path(tempfile.mkdtemp(prefix="ox-bench-"))
    folder.chmod(0o755)
    server = EmbeddedPostgres(folder / "pg")
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, other_cores())
        with server:
            os.sched_setaffinity(0, before)
            pin(traffic.chain.anvil.pid, other_cores())
            yield Stage(traffic, server, folder)
    finally:
        os.sched_setaffinity(0, before)
        server.delete()
        shutil.rmtree(folder, ignore_errors=True)
