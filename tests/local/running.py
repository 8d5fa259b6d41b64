"""A local stack in a folder of a test's own, driven as people do: through the command line."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import psutil

from optionix.local.parts import SERVICES
from optionix.local.status import PartStatus, StackStatus, collect
from optionix.settings import PROJECT_ROOT, Settings
from tests.support.ports import free_base

WITHOUT = ",".join(service.name for service in SERVICES if service.name != "replay")


def wait_for(what: str, condition: Callable[[], bool], seconds: float) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.1)


class Stack:
    """A data folder with a port base of its own, driven through the command line."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port_base = free_base()
        self.process: subprocess.Popen[str] | None = None

    def command(
        self, *words: str, env: dict[str, str] | None = None, seconds: float = 120
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "optionix", "--data-dir", str(self.folder), *words],
            cwd=PROJECT_ROOT,
            env=self.environment | (env or {}),
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )

    @property
    def environment(self) -> dict[str, str]:
        own = {name: value for name, value in os.environ.items() if not name.startswith("OPTIONIX_")}
        return own | {"PYTHONPATH": str(PROJECT_ROOT), "PYTHONUNBUFFERED": "1"}

    @property
    def up_words(self) -> list[str]:
        return ["up", "--port-base", str(self.port_base), "--without", WITHOUT]

    def up(self, *words: str) -> None:
        """Starts `up` in the foreground of a process of its own and waits until it is ready."""
        self.output = self.folder.with_suffix(".out")
        with self.output.open("w") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "optionix", "--data-dir", str(self.folder), *self.up_words, *words],
                cwd=PROJECT_ROOT,
                env=self.environment,
                stdout=out,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )
        process = self.process

        def ready() -> bool:
            assert process.poll() is None, self.output.read_text()
            return "ready after" in self.output.read_text()

        wait_for("ready", ready, 400)

    def status(self) -> tuple[int, dict[str, Any]]:
        """What `optionix status --json` says, with its exit code."""
        result = self.command("status", "--json")
        return result.returncode, json.loads(result.stdout)

    def look(self) -> StackStatus:
        """The same without the start of a command, for looking often."""
        return asyncio.run(collect(Settings(data_dir=self.folder)))

    def part(self, name: str) -> PartStatus:
        return next(part for part in self.look().parts if part.name == name)

    def healthy(self) -> bool:
        return self.look().status == "healthy"

    def said(self, words: str) -> bool:
        return words in self.output.read_text()

    def processes(self) -> list[psutil.Process]:
        """Every process of the stack but `up` itself."""
        assert self.process is not None
        return psutil.Process(self.process.pid).children(recursive=True)

    def rpc(self, method: str, *params: Any) -> Any:
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        return httpx.post(f"http://127.0.0.1:{8545 + self.port_base}", json=body, trust_env=False).json()["result"]

    def head(self) -> int:
        return int(self.rpc("eth_blockNumber"), 16)


def gone(processes: list[psutil.Process]) -> bool:
    return not [p for p in processes if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]
