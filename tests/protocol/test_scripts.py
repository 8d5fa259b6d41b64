"""The ape scripts, each run as `ape run` does against a chain of its own."""

import os
import subprocess
import sys
from pathlib import Path

from optionix.chain.abi import REPOSITORY
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
        assert "14 contracts created" in first
        again = ape_run(anvil, tmp_path, "deploy", "--account", "TEST::0")
        assert "0 contracts created, 0 settings made" in again
        seeded = ape_run(anvil, tmp_path, "seed", "--spot", "ETH=1565.2", "--spot", "BTC=22400")
        assert "listed 14 expiries" in seeded
        anvil.rpc("evm_increaseTime", 86_400)
        anvil.rpc("evm_mine")
        listed = ape_run(anvil, tmp_path, "list", "--account", "TEST::0")
        assert "market 1: 1 expiries" in listed
        assert "market 2: 1 expiries" in listed
