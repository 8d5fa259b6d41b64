"""The API keeps to its OpenAPI document whatever it is asked: generated requests, alone and one after another."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from optionix.chain import deployment
from optionix.settings import Settings
from tests.api.order_bench import Bench, ask, bench, bid
from tests.api.serving import served_api
from tests.api.test_sign_in import sign_in
from tests.indexer.life import CALL

__all__ = ["bench"]

pytestmark = pytest.mark.slow

CONFIG = Path(__file__).with_name("schemathesis.toml")
EXAMPLES = 12
SECONDS = 300
ENDING = ("postSignOut", "deleteData")
"""Calls that end the session of who makes them."""


@dataclass(frozen=True)
class Served:
    """An address of the API, and a configuration that names what is there."""

    url: str
    config: Path


@pytest.fixture(scope="module")
def served(bench: Bench, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The API over a chain on which there was some life, with orders in its books."""
    orders = [bench.taken(*made) for made in (ask(bench.chain.client(5)), bid(bench.chain.client(9)))]
    folder: Path = tmp_path_factory.mktemp("served")
    deployment.save(bench.chain.deployment, Settings(data_dir=folder))
    config = folder / "schemathesis.toml"
    config.write_text(CONFIG.read_text() + _what_is_there(bench, orders[0]["hash"]))
    settings = {
        "database_url": bench.url,
        "data_dir": folder,
        "rpc_url": bench.chain.anvil.url,
        "risk_url": "http://127.0.0.1:9",
    }
    with served_api(settings, folder / "api.log") as url:
        yield Served(url, config)


def _what_is_there(bench: Bench, order_hash: str) -> str:
    vault, account = bench.chain.deployment.vaults[0].address, bench.chain.client(9).address
    return f"""
[parameters]
symbol = "ETH"
name = "{CALL}"
order_hash = "{order_hash}"

[[operations]]
include-path-regex = "^/v1/vaults"
parameters = {{ "path.address" = "{vault}" }}

[[operations]]
include-path-regex = "^/v1/accounts"
parameters = {{ "path.address" = "{account}" }}
"""


def _generated(served: Served, *options: str) -> str:
    """Run every phase of Schemathesis against the API; what it says."""
    command = [
        str(Path(sys.executable).with_name("st")), "--config-file", str(served.config), "run",
        f"{served.url}/openapi.json", "--checks", "all", "--max-examples", str(EXAMPLES), "--seed", "7",
        "--continue-on-failure", "--no-color", *options,
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 0, done.stdout[-100_000:] + done.stderr[-2_000:]
    return done.stdout


def test_anonymous(served: Served) -> None:
    _generated(served)


def test_signed_in(served: Served) -> None:
    token = sign_in(httpx.Client(base_url=served.url))["access_token"]
    options = [part for name in ENDING for part in ("--exclude-operation-id", name)]
    said = _generated(served, "--header", f"Authorization: Bearer {token}", *options)
    assert "Authentication failed" not in said, said


@pytest.mark.parametrize("name", ENDING)
def test_signing_out(served: Served, name: str) -> None:
    token = sign_in(httpx.Client(base_url=served.url))["access_token"]
    _generated(served, "--header", f"Authorization: Bearer {token}", "--include-operation-id", name)
