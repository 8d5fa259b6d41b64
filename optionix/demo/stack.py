"""The stack that the demonstration plays on: the running one, or one of its own."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from optionix.demo.waiting import wait_for
from optionix.errors import UserError
from optionix.local import status as stack_status
from optionix.settings import PROJECT_ROOT, Settings
from optionix.settings import settings as process_settings

START_SECONDS = 600
AUDIT_SECONDS = 120
HEALTHY_SECONDS = 60.0
BEGINNING = "2023-03-05T20:00"
"""Where a market of its own begins unless the settings say: half a day before an expiry, to wait little."""


@contextmanager
def borrowed_stack(say: Callable[[str], None]) -> Iterator[Settings]:
    """The local stack's settings while the block lasts; one that was not running is started before and stopped after.

    Raises
    ------
    UserError
        When it does not start, or does not become healthy.
    """
    settings = process_settings()
    running = asyncio.run(stack_status.collect(settings)).status != "stopped"
    if not running:
        say("no stack is running: starting one")
        beginning = () if "replay_from" in settings.model_fields_set else ("--from", BEGINNING)
        _optionix(settings, "up", "--detach", *beginning, seconds=START_SECONDS)
        # Where things listen is known from the data folder only once the stack wrote it there.
        process_settings.cache_clear()
        settings = process_settings()
    try:
        wait_for("a healthy stack", lambda: _parts_work(settings), HEALTHY_SECONDS)
        yield settings
    finally:
        if not running:
            _optionix(settings, "down", seconds=AUDIT_SECONDS)


@contextmanager
def market_paused(settings: Settings) -> Iterator[None]:
    """The replayed prices stand still while the block lasts: the local chain remembers only its newest states."""
    _steer(settings, paused=True)
    try:
        yield
    finally:
        _steer(settings, paused=False)


def _steer(settings: Settings, *, paused: bool) -> None:
    url = f"http://{settings.connect_host}:{settings.metrics_port('replay')}/control"
    try:
        httpx.post(url, json={"paused": paused}, timeout=5, trust_env=False).raise_for_status()
    except httpx.HTTPError as error:
        raise UserError(f"The replay does not answer on {url}: {error}.", "See `optionix status`.") from None


def process_of(settings: Settings, part: str) -> int:
    """The process id of a part.

    Raises
    ------
    UserError
        When the stack runs no part of that name.
    """
    found = asyncio.run(stack_status.collect(settings))
    for line in found.parts:
        if line.name == part and line.pid is not None:
            return line.pid
    names = ", ".join(line.name for line in found.parts)
    raise UserError(f"The stack runs no part {part!r}.", f"It runs {names}.")


def wait_until_final(settings: Settings, block: int, seconds: float) -> None:
    """Waits until a block is indexed and final, as the API says: audits look at final blocks."""

    def reached() -> bool:
        try:
            answer = httpx.get(f"{settings.api_url}/v1/status", timeout=5)
        except httpx.HTTPError:
            return False
        return answer.status_code == 200 and answer.json()["networks"][0]["finalized"] >= block

    wait_for(f"block {block} to be indexed and final", reached, seconds)


def audit(settings: Settings) -> dict[str, Any]:
    """The audit's own report: block, rows checked, drift."""
    started = time.monotonic()
    done = _run(settings, "audit", "--json", seconds=AUDIT_SECONDS)
    try:
        report: dict[str, Any] = json.loads(done.stdout)
    except json.JSONDecodeError:
        raise UserError(f"The audit gave no report: {done.stderr.strip()[-500:]}") from None
    report["seconds"] = round(time.monotonic() - started, 1)
    return report


def _parts_work(settings: Settings) -> bool:
    found = asyncio.run(stack_status.collect(settings))
    return all(line.status != "failed" for line in found.parts)


def _optionix(settings: Settings, *words: str, seconds: float) -> None:
    done = _run(settings, *words, seconds=seconds)
    if done.returncode != 0:
        raise UserError(f"`optionix {' '.join(words)}` failed: {(done.stderr or done.stdout).strip()[-500:]}")


def _run(settings: Settings, *words: str, seconds: float) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "optionix", "--data-dir", str(settings.data_dir), *words],
        capture_output=True,
        text=True,
        cwd=PROJECT_ROOT,
        timeout=seconds,
        check=False,
    )
