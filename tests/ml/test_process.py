"""The service as a process: quick to answer, told apart from a dead one, and ended by SIGTERM."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine

from optionix.settings import PROJECT_ROOT, Settings
from tests.ml.market import fill_market


@pytest.fixture
def settings(database: Engine, tmp_path: Path) -> Settings:
    fill_market(database)
    url = database.url.render_as_string(hide_password=False)
    return Settings(data_dir=tmp_path, database_url=url, port_base=random.randrange(2_000, 20_000))


@pytest.fixture
def service(settings: Settings, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    environment = os.environ | settings.environment() | {"PYTHONPATH": str(PROJECT_ROOT)}
    with (tmp_path / "risk.log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-m", "ml"], env=environment, stdout=log, stderr=log)
    yield process
    process.kill()
    process.wait()


def ask(url: str, process: subprocess.Popen[bytes], seconds: float = 30) -> httpx.Response:
    """The first answer of a service that is starting."""
    until = time.monotonic() + seconds
    while True:
        try:
            return httpx.get(url, timeout=5, trust_env=False)
        except httpx.TransportError:
            assert process.poll() is None and time.monotonic() < until
            time.sleep(0.05)


def test_it_answers_soon_and_stops_when_told(
    settings: Settings, service: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    answer = ask(f"{settings.risk_url}/surfaces/1", service)
    assert answer.status_code == 200 and not answer.json()["refused"]
    health = ask(f"http://127.0.0.1:{settings.metrics_port('risk')}/healthz", service).json()
    assert health["status"] == "ok" and health["markets"] == 2
    metrics = ask(f"http://127.0.0.1:{settings.metrics_port('risk')}/metrics", service).text
    assert "optionix_risk_answer_seconds" in metrics
    with httpx.stream("GET", f"{settings.risk_url}/predictions/1", timeout=30, trust_env=False) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        lines = stream.iter_lines()
        assert [next(lines), next(lines)] == ["event: prediction", "id: 100"]
        assert next(lines).startswith('data: {"market":1,"block":100,')
        service.send_signal(signal.SIGTERM)
        assert service.wait(30) == 0, "however busy the machine is, and whoever listens"
    assert "risk service stopped" in (tmp_path / "risk.log").read_text()


def test_a_port_in_use_is_one_clear_line(settings: Settings, service: subprocess.Popen[bytes]) -> None:
    ask(f"{settings.risk_url}/healthz", service)
    second = subprocess.run(
        [sys.executable, "-m", "ml"],
        env=os.environ | settings.environment() | {"PYTHONPATH": str(PROJECT_ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert second.returncode == 1
    assert "Cannot listen on 127.0.0.1" in second.stderr and "Traceback" not in second.stderr
