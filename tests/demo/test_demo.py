"""The demonstration on a stack of its own, indexer and keeper killed in the middle; and what it must notice."""

from __future__ import annotations

import copy
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from optionix.chain.abi import load_abi
from optionix.demo.judgement import ModelRefused, expected_state
from optionix.settings import PROJECT_ROOT
from tests.support.ports import free_base

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def played() -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """The report of one demonstration and its transcript."""
    folder = Path(tempfile.mkdtemp(prefix="ox-demo-"))
    folder.chmod(0o755)
    environment = os.environ | {"OPTIONIX_PORT_BASE": str(free_base()), "PYTHONPATH": str(PROJECT_ROOT)}
    record = folder / "transcript.json"
    try:
        done = subprocess.run(
            [sys.executable, "-m", "optionix", "--data-dir", str(folder / "data"), "demo", "--json"]
            + ["--kill", "indexer,keeper", "--save", str(record)],
            cwd=PROJECT_ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=850,
            check=False,
        )
        assert done.returncode == 0, f"{done.stderr[-3_000:]}\n{done.stdout[-2_000:]}"
        yield json.loads(done.stdout), json.loads(record.read_text())
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class TestDemonstration:
    def test_every_number_is_exact_although_parts_were_killed(self, played: tuple[dict[str, Any], Any]) -> None:
        report, _ = played
        assert report["ok"] is True
        assert report["differences"] == []
        assert report["compared"] > 100
        assert report["audit"]["drift"] == 0
        assert report["audit"]["block"] >= report["block"]
        assert report["killed"] == ["indexer", "keeper"]

    def test_both_sides_were_bought_sold_written_settled_and_left(self, played: tuple[Any, dict[str, Any]]) -> None:
        _, record = played
        sides = {each["address"]: each["side"] for each in record["setting"]["vaults"]}
        traded = {sides[tx["to"]] for tx in record["transactions"] if tx.get("seen", {}).get("premium")}
        filled = {
            (sides[tx["to"]], fill["kind"])
            for tx in record["transactions"]
            for fill in tx.get("seen", {}).get("fills", ())
        }
        assert traded == {0, 1}
        assert filled == {(0, "deposit"), (0, "redeem"), (1, "deposit"), (1, "redeem")}

    def test_signed_orders_were_filled_on_both_sides(self, played: tuple[Any, dict[str, Any]]) -> None:
        _, record = played
        exchange = record["setting"]["contracts"]["Exchange"]
        selectors = [tx["input"][:10] for tx in record["transactions"] if tx["to"] == exchange]
        fill, cancel = (load_abi("Exchange").function(name).selector for name in ("fill", "cancel"))
        assert (selectors.count(fill), selectors.count(cancel)) == (6, 2)


class TestModel:
    """The judge itself: it must notice what it is there for."""

    def test_a_premium_outside_the_stated_error_is_noticed(self, played: tuple[Any, dict[str, Any]]) -> None:
        record = copy.deepcopy(played[1])
        trade = next(tx for tx in record["transactions"] if tx.get("seen", {}).get("premium") and tx["seen"]["fee"])
        trade["seen"]["premium"] += trade["seen"]["premium"] // 1_000 + 1_000
        wrong = [check for check in _checks(record) if not check["ok"]]
        assert wrong
        assert wrong[0]["hash"] == trade["hash"]

    def test_a_transaction_that_was_left_out_is_noticed(self, played: tuple[Any, dict[str, Any]]) -> None:
        record = copy.deepcopy(played[1])
        house = record["setting"]["contracts"]["Clearinghouse"]
        deposit = next(
            tx for tx in record["transactions"] if tx["to"] == house and tx["input"].startswith("0x47e7ef24")
        )
        record["transactions"].remove(deposit)
        with pytest.raises(ModelRefused, match="out of nothing"):
            expected_state(record)

    def test_a_shifted_round_changes_the_settlement(self, played: tuple[Any, dict[str, Any]]) -> None:
        record = copy.deepcopy(played[1])
        settled = expected_state(record)["settlements"]
        feeds = {each["feed"] for each in record["setting"]["markets"]}
        for tx in record["transactions"]:
            if tx["to"] in feeds:
                tx["input"] = tx["input"][:-2] + f"{int(tx['input'][-2:], 16) ^ 1:02x}"
        try:
            changed = expected_state(record)["settlements"]
        except ModelRefused:
            return  # the changed payoffs did not add up any more: noticed as well
        assert changed != settled


def _checks(record: dict[str, Any]) -> list[dict[str, Any]]:
    return list(expected_state(record)["checks"])
