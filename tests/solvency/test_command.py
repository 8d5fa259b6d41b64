"""`optionix prove-solvency` as it is typed, without a database."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from optionix.chain.deployment import save
from optionix.cli import cli
from optionix.settings import Settings, settings
from optionix.solvency.merkle import verify
from tests.indexer.life import World
from tests.solvency.test_prove import slot_of, store


@pytest.fixture
def run(market: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Calls `optionix` on the market; what is no node and no deployment does not exist."""
    config = Settings(data_dir=tmp_path, rpc_url="http://127.0.0.1:9", database_url="postgresql+psycopg://nowhere/x")
    save(market.deployment, config)
    for name, value in config.environment().items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    words = ("prove-solvency", "--rpc", market.anvil.url)
    yield lambda *more: CliRunner(mix_stderr=False).invoke(cli, [*words, *more])
    settings.cache_clear()


def test_it_proves_and_says_how(run: Any, market: World) -> None:
    told = run("--block", "latest", "--json")
    assert told.exit_code == 0, told.output
    proof = json.loads(told.stdout)
    assert proof["holds"] and proof["block"] == market.head
    assert [each["name"] for each in proof["identities"] if not each["holds"]] == []
    for token in proof["tokens"]:
        assert int(token["assets"]) == int(token["liabilities"]) + int(token["surplus"])
    shown = run("--block", "latest")
    assert shown.exit_code == 0
    assert proof["root"] in shown.stdout and "FAILS" not in shown.stdout
    assert "books are covered" in shown.stdout and "USDC" in shown.stdout


def test_an_accounts_proof_leads_to_the_root(run: Any, market: World) -> None:
    account = market.client(6).address
    told = run("--block", "latest", "--proof", account)
    assert told.exit_code == 0, told.output
    proof = json.loads(told.stdout)
    assert proof["account"] == account.lower() and proof["owed"]
    parts = [bytes.fromhex(each[2:]) for each in (proof["leaf"], *proof["proof"], proof["root"])]
    assert verify(parts[0], parts[1:-1], parts[-1])
    unknown = run("--block", "latest", "--proof", "0x" + "77" * 20)
    assert unknown.exit_code != 0 and "has no leaf" in unknown.stderr


def test_what_does_not_hold_is_named_and_ends_with_one(run: Any, broken: World) -> None:
    token, house = broken.deployment.token("USDC").address, broken.deployment.address("Clearinghouse")
    held = broken.client(9).read_at("TestToken", token, "balanceOf", house)
    store(broken, token, slot_of(broken, token, house, value=held), held // 2)
    told = run("--block", "latest")
    assert told.exit_code == 1
    assert "FAILS  tokens are there" in told.stdout and f"token {token.lower()}: {held // 2} for" in told.stdout


def test_a_block_that_is_no_block(run: Any) -> None:
    told = run("--block", "yesterday")
    assert told.exit_code == 2
    assert "finalized, safe, latest" in told.stderr
    told = run("--block", "999999999")
    assert told.exit_code != 0 and "has no block 999999999" in told.stderr
