"""Settings: defaults that run here, one shift for all ports, and what a running stack wrote down."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from optionix.settings import Settings


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"OPTIONIX_{name.upper()}", raising=False)
    monkeypatch.setenv("OPTIONIX_DATA_DIR", str(tmp_path))


def test_defaults_are_the_local_addresses(tmp_path: Path) -> None:
    found = Settings()
    assert found.rpc_url == "http://127.0.0.1:8545"
    assert found.ws_url == "ws://127.0.0.1:8545"
    assert found.api_url == "http://127.0.0.1:8000"
    assert found.risk_url == "http://127.0.0.1:8010"
    assert found.metrics_port("indexer") == 9100
    assert found.redis_url.startswith("unix:///")
    assert found.data_dir == tmp_path


def test_port_base_shifts_every_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPTIONIX_PORT_BASE", "1000")
    found = Settings()
    assert found.rpc_url == "http://127.0.0.1:9545"
    assert found.api_url == "http://127.0.0.1:9000"
    assert found.metrics_port("replay") == 10104
    assert "port=6433" in found.database_url


def test_a_running_stack_is_found_by_its_folder_alone(tmp_path: Path) -> None:
    Settings().layout.addresses.write_text(json.dumps({"port_base": 300, "postgres_host": "/elsewhere"}))
    found = Settings()
    assert found.rpc_url == "http://127.0.0.1:8845"
    assert "%2Felsewhere" in found.database_url


def test_the_environment_wins_over_a_running_stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Settings().layout.addresses.write_text(json.dumps({"port_base": 300}))
    monkeypatch.setenv("OPTIONIX_PORT_BASE", "0")
    monkeypatch.setenv("OPTIONIX_RPC_URL", "http://node.example:1")
    found = Settings()
    assert found.api_url == "http://127.0.0.1:8000"
    assert found.rpc_url == "http://node.example:1"
    assert found.ws_url == ""


def test_children_see_the_same_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPTIONIX_PORT_BASE", "70")
    found = Settings()
    for name, value in found.environment().items():
        monkeypatch.setenv(name, value)
    assert Settings() == found


def test_every_setting_says_what_it_is() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []
