"""The service as a process: quick to answer, told apart from a dead one, and ended by SIGTERM."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine

from optionix.settings import PROJECT_ROOT, Settings
from tests.ml.process import RiskService, risk_service, settings_of


@pytest.fixture
def settings(database: Engine, tmp_path: Path) -> Settings:
    return settings_of(database, tmp_path)


@pytest.fixture
def service(settings: Settings, tmp_path: Path) -> Iterator[RiskService]:
    with risk_service(settings, tmp_path) as started:
        yield started


def test_it_answers_soon_and_stops_when_told(settings: Settings, service: RiskService, tmp_path: Path) -> None:
    answer = service.ask("/surfaces/1")
    assert answer.status_code == 200 and not answer.json()["refused"]
    health = service.ask("/healthz", metrics=True).json()
    assert health["status"] == "ok" and health["markets"] == 2
    metrics = service.ask("/metrics", metrics=True).text
    assert "optionix_risk_answer_seconds" in metrics
    with httpx.stream("GET", f"{settings.risk_url}/predictions/1", timeout=30, trust_env=False) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        lines = stream.iter_lines()
        assert [next(lines), next(lines)] == ["event: prediction", "id: 100"]
        assert next(lines).startswith('data: {"market":1,"block":100,')
        service.process.send_signal(signal.SIGTERM)
        assert service.process.wait(30) == 0, "however busy the machine is, and whoever listens"
    assert "risk service stopped" in (tmp_path / "risk.log").read_text()


def test_a_port_in_use_is_one_clear_line(settings: Settings, service: RiskService) -> None:
    service.ask("/healthz")
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
