"""`optionix deploy` and `verify` as a person runs them, each in a process of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from optionix.chain.abi import REPOSITORY
from optionix.local.anvil import Anvil

Run = Callable[..., tuple[int, Any, str]]


@pytest.fixture
def anvil_alone() -> Iterator[Anvil]:
    with Anvil() as chain:
        yield chain


@pytest.fixture
def optionix(anvil_alone: Anvil, tmp_path: Path) -> Run:
    """Runs a command with `--json`: exit code, the document, stderr."""
    environment = os.environ | {
        "OPTIONIX_DATA_DIR": str(tmp_path),
        "OPTIONIX_RPC_URL": anvil_alone.url,
        "PYTHONPATH": str(REPOSITORY),
    }

    def run(*words: str) -> tuple[int, Any, str]:
        command = [sys.executable, "-m", "optionix", *words, "--json"]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=180)
        return done.returncode, json.loads(done.stdout) if done.stdout else None, done.stderr

    return run


def test_deploy_through_ape_then_again_then_verify_then_tamper(
    optionix: Run, anvil_alone: Anvil, tmp_path: Path
) -> None:
    code, first, complaint = optionix("deploy", "--network", "local")
    assert code == 0, complaint
    written = json.loads((tmp_path / "deployments" / "local.json").read_text())
    # the option token is the Clearinghouse's own child
    named = sum(len(written[kind]) for kind in ("contracts", "vaults", "tokens", "feeds"))
    assert len(first["created"]) == named - 1
    assert written == first["deployment"]
    assert written["chain_id"] == 31337

    code, again, _ = optionix("deploy")
    assert (code, again["created"], again["configured"]) == (0, [], [])

    code, verdict, _ = optionix("verify")
    assert (code, verdict["ok"]) == (0, True)

    markets = written["contracts"]["Markets"]["address"]
    anvil_alone.rpc("anvil_setCode", markets, anvil_alone.rpc("eth_getCode", markets, "latest")[:-2] + "99")
    code, verdict, _ = optionix("verify", "--network", "local")
    assert (code, verdict["ok"]) == (1, False)
    assert [entry["contract"] for entry in verdict["contracts"] if not entry["ok"]] == ["Markets"]


def test_what_cannot_be_done_is_one_line(optionix: Run) -> None:
    for words, complaint in (
        (("verify",), "nothing is deployed on local"),
        (("deploy", "--network", "nowhere"), "there is no network 'nowhere'"),
        (("deploy", "--network", "polygon"), "set OPTIONIX_RPC_POLYGON"),
        (("seed", "--spot", "ETH=cheap"), "is not SYMBOL=PRICE"),
    ):
        code, document, said = optionix(*words)
        assert (code, document) == (1, None)
        assert complaint in said
        assert len(said.splitlines()) == 1
