"""`optionix index` and `optionix audit` as they are typed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import structlog
from click.testing import CliRunner

from optionix.chain.deployment import save
from optionix.cli import cli
from optionix.settings import Settings, settings
from optionix.store import migrate
from tests.indexer.life import World
from tests.indexer.running import query


@pytest.fixture
def run(lived: World, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Calls `optionix` on the lived chain."""
    config = Settings(data_dir=tmp_path, rpc_url=lived.anvil.url, ws_url=lived.anvil.ws_url, database_url=database_url)
    save(lived.deployment, config)
    for name, value in config.environment().items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    yield lambda *words: CliRunner(mix_stderr=False).invoke(cli, [*words])
    settings.cache_clear()
    structlog.reset_defaults()


def test_index_then_audit(lived: World, run: Any) -> None:
    indexed = run("index", "--json")
    assert indexed.exit_code == 0, indexed.output
    figures = json.loads(indexed.stdout)
    assert (figures["indexed"], figures["reorgs"]) == (lived.head, 0)
    audited = run("audit", "--block", "indexed", "--json")
    assert audited.exit_code == 0, audited.output
    result = json.loads(audited.stdout)
    assert (result["block"], result["drift"]) == (lived.head, 0)
    assert result["checked"] == sum(kind["checked"] for kind in result["by_kind"].values())


def test_drift_is_told_and_ends_with_one(run: Any, database_url: str) -> None:
    assert run("index").exit_code == 0
    query(database_url, "update balance set free = free + 1 returning 1")
    audited = run("audit", "--block", "indexed")
    assert audited.exit_code == 1
    assert "balance 0x" in audited.output
    fresh = run("index", "--fresh")
    assert fresh.exit_code == 0, fresh.output
    assert run("audit", "--block", "indexed").exit_code == 0


def test_a_block_that_is_no_block(run: Any) -> None:
    audited = run("audit", "--block", "yesterday")
    assert audited.exit_code == 2
    assert "finalized" in audited.stderr


def test_migrate_only(run: Any) -> None:
    assert run("index", "--migrate-only").output.strip() == f"schema version {migrate.head()}"


def test_rederive_needs_no_node(lived: World, run: Any, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("index").exit_code == 0
    query(database_url, "update balance set free = free + 1 returning 1")
    monkeypatch.setenv("OPTIONIX_RPC_URL", "http://127.0.0.1:1")
    settings.cache_clear()
    done = run("index", "--rederive", "--json")
    assert done.exit_code == 0, done.output
    figures = json.loads(done.stdout)
    assert (figures["indexed"], figures["continued"]) == (lived.head, False)
    monkeypatch.setenv("OPTIONIX_RPC_URL", lived.anvil.url)
    settings.cache_clear()
    assert run("audit", "--block", "indexed").exit_code == 0


def test_rederive_does_not_go_with_what_asks_a_node(run: Any) -> None:
    for option in ("--fresh", "--follow"):
        refused = run("index", "--rederive", option)
        assert refused.exit_code == 2
        assert "kept logs" in refused.stderr


def test_build_beside_and_drop(lived: World, run: Any, database_url: str) -> None:
    assert run("index").exit_code == 0
    query(database_url, "update checkpoint set derivation = 0 returning 1")
    refused = run("index")
    assert refused.exit_code != 0 and "optionix index --build" in refused.stderr
    built = run("index", "--build", "--json")
    assert built.exit_code == 0, built.output
    assert json.loads(built.stdout)["indexed"] == {"31337": lived.head}
    assert run("index").exit_code == 0
    assert run("audit", "--block", "indexed").exit_code == 0
    for dropped in (True, False):
        told = run("index", "--drop-retired", "--json")
        assert json.loads(told.stdout) == {"dropped": dropped}
    assert run("index", "--build", "--fresh").exit_code == 2


def test_rederive_takes_tables_of_other_rules(run: Any, database_url: str) -> None:
    assert run("index").exit_code == 0
    query(database_url, "update checkpoint set derivation = 0, block_number = block_number - 1 returning 1")
    told = run("index", "--rederive", "--json")
    assert told.exit_code == 0, told.output
    assert not json.loads(told.stdout)["continued"], "rows of other rules are no beginning"
    assert run("audit", "--block", "indexed").exit_code == 0
