"""The API as a process of its own, for clients that want a real socket."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.support.ports import free_base

START_SECONDS = 60
API_PORT = 8000
ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def served_api(settings: Mapping[str, object], log: Path) -> Iterator[str]:
    """`python -m api` with these settings (by their names in `Settings`); gives its address once it answers."""
    base = free_base()
    given = {"port_base": base, **settings}
    environment = os.environ | {f"OPTIONIX_{name.upper()}": str(value) for name, value in given.items()}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "api"], cwd=ROOT, env=environment, stdout=output, stderr=output
        )
    try:
        url = f"http://127.0.0.1:{base + API_PORT}"
        _wait(url, process, log)
        yield url
    finally:
        process.terminate()
        process.wait(20)


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        try:
            httpx.get(f"{url}/openapi.json", timeout=2)
            return
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError(f"the API did not answer:\n{log.read_text(errors='replace')[-4000:]}")
