"""The ape scripts, each run as `ape run` does against a chain of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

from optionix.chain.abi import REPOSITORY, load_abi
from optionix.chain.transactions import local_account
from optionix.local.anvil import Anvil

START = 1_678_060_800


def ape_run(anvil: Anvil, data_dir: Path, *words: str) -> str:
    environment = os.environ | {
        "OPTIONIX_DATA_DIR": str(data_dir),
        "OPTIONIX_RPC_URL": anvil.url,
        "PYTHONPATH": str(REPOSITORY),
    }
    command = [str(Path(sys.executable).with_name("ape")), "run", *words, "--network", anvil.url]
    done = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_deploy_seed_and_list(tmp_path: Path) -> None:
    with Anvil(timestamp=START) as anvil:
        first = ape_run(anvil, tmp_path, "deploy", "--account", "TEST::0")
        written = json.loads((tmp_path / "deployments" / "local.json").read_text())
        # the option token is the Clearinghouse's own child
        created = sum(len(written[kind]) for kind in ("contracts", "vaults", "tokens", "feeds")) - 1
        assert f"\n{created} contracts created" in first
        again = ape_run(anvil, tmp_path, "deploy", "--account", "TEST::0")
        assert "0 contracts created, 0 settings made" in again
        seeded = ape_run(anvil, tmp_path, "seed", "--spot", "ETH=1565.2", "--spot", "BTC=22400")
        assert "listed 14 expiries" in seeded
        anvil.rpc("evm_increaseTime", 86_400)
        anvil.rpc("evm_mine")
        # Listing reads spot: the feeds have spoken since.
        for feed in written["feeds"]:
            price = {"ETH": 1600, "BTC": 22_500}[feed["symbol"]] * 10**8
            post = {"to": feed["address"], "data": load_abi("ReplayFeed").encode("post", price)}
            anvil.rpc("eth_sendTransaction", {"from": local_account(4).address, **post})
        listed = ape_run(anvil, tmp_path, "list", "--account", "TEST::0")
        assert "market 1: 1 expiries" in listed
        assert "market 2: 1 expiries" in listed
