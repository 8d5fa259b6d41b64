"""The indexer as processes, to be killed."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import psycopg

from optionix.chain.deployment import save
from optionix.settings import PROJECT_ROOT, Settings
from optionix.store.engine import conninfo
from tests.indexer.life import World
from tests.support.ports import free_base

_POLL_SECONDS = 0.005


def settings_of(
    world: World, url: str, folder: Path, *, endpoints: list[str] | None = None, ws_url: str | None = None
) -> Settings:
    """Settings of an indexer of a world's chain, with its deployment saved where it looks for it.

    Parameters
    ----------
    endpoints : HTTP addresses, the preferred first; the chain's own where none are given.
    ws_url : the chain's own where none is given; empty for none.
    """
    first, *others = endpoints or [world.anvil.url]
    config = Settings(
        data_dir=folder,
        rpc_url=first,
        rpc_fallback_urls=",".join(others),
        ws_url=world.anvil.ws_url if ws_url is None else ws_url,
        database_url=url,
        port_base=free_base(),
        audit_seconds=0.5,
    )
    save(world.deployment, config)
    return config


class Process:
    """`python -m indexer` on a world's chain and a database."""

    def __init__(self, chain: World, url: str, folder: Path) -> None:
        self.settings = settings_of(chain, url, folder)
        self._log = folder / "indexer.log"

    @contextmanager
    def running(self) -> Iterator[subprocess.Popen[bytes]]:
        """The process, ended by SIGTERM when it was not killed before."""
        environment = os.environ | self.settings.environment() | {"PYTHONPATH": str(PROJECT_ROOT)}
        with self._log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "indexer"], env=environment, stdout=log, stderr=log, cwd=PROJECT_ROOT
            )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(5)
                raise

    @property
    def output(self) -> str:
        """What it logged."""
        return self._log.read_text()


class Zygote:
    """Starts many indexers in little time, see `zygote.py`."""

    def __init__(self) -> None:
        environment = os.environ | {"PYTHONPATH": str(PROJECT_ROOT)}
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("zygote.py"))],
            env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=PROJECT_ROOT, text=True,
        )  # fmt: skip
        self._started: set[int] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for pid in list(self._started):
            self.kill(pid)
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)

    def start(self, config: Settings, log: Path) -> int:
        """A new indexer; its process id."""
        assert self._process.stdin is not None and self._process.stdout is not None
        wanted = {"environment": config.environment(), "log": str(log)}
        self._process.stdin.write(json.dumps(wanted) + "\n")
        self._process.stdin.flush()
        pid = int(self._process.stdout.readline())
        self._started.add(pid)
        return pid

    def kill(self, pid: int) -> None:
        """End one without a warning, and wait until it is gone."""
        self.end(pid, signal.SIGKILL)

    def end(self, pid: int, sign: signal.Signals) -> None:
        """End one by a signal, and wait until it is gone."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, sign)
        wait_for(lambda: not alive(pid), 10)
        self._started.discard(pid)


def alive(pid: int) -> bool:
    """Whether a process is there."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def health(config: Settings) -> dict[str, object]:
    """`/healthz` of the indexer with these settings; empty while it does not answer."""
    try:
        port = config.metrics_port("indexer")
        answer: dict[str, object] = httpx.get(f"http://127.0.0.1:{port}/healthz", trust_env=False).json()
    except httpx.HTTPError:
        return {}
    return answer


class Eyes:
    """Look at a checkpoint over one connection that stays: with a new one for each look the server does little else."""

    def __init__(self) -> None:
        self._url = ""
        self._connection: psycopg.Connection[tuple[Any, ...]] | None = None

    def checkpoint(self, url: str) -> tuple[int, str] | None:
        """Number and hash of the block that the tables are at; None before the first."""
        if self._connection is not None and url == self._url:
            with contextlib.suppress(psycopg.OperationalError):
                return self._read(self._connection)
        if self._connection is not None:
            self._connection.close()
        self._url, self._connection = url, psycopg.connect(conninfo(url), autocommit=True)
        return self._read(self._connection)

    @staticmethod
    def _read(connection: psycopg.Connection[tuple[Any, ...]]) -> tuple[int, str] | None:
        row = connection.execute("select block_number, block_hash from checkpoint").fetchone()
        return None if row is None else (int(row[0]), str(row[1]))


_EYES = Eyes()


def indexed(url: str) -> int:
    """The block of the tables, -1 before the first."""
    found = _EYES.checkpoint(url)
    return -1 if found is None else found[0]


def head_of(url: str) -> str | None:
    """Hash of the block that the tables are at."""
    found = _EYES.checkpoint(url)
    return None if found is None else found[1]


def moved_from(url: str, block: int) -> bool:
    """Whether the tables went on from a block."""
    return indexed(url) > block


def wait_for(condition: Callable[[], object], seconds: float = 60.0) -> None:
    """Wait for a condition, or fail."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(_POLL_SECONDS)
