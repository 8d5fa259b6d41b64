"""`optionix bench` as a person runs it, and what a figure says of its goal."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from bench import gas
from bench.onchain.explain import KINDS, by_kind, explain
from bench.onchain.stage import staged
from ml.models import BASELINES
from optionix.benchmarks import Figure, Report, load, median, names
from optionix.chain.abi import REPOSITORY
from optionix.data import load_bars
from optionix.errors import UserError
from tests.support.gas_document import recorded


def optionix(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "optionix", "bench", *words],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def test_every_module_is_listed_with_what_it_measures() -> None:
    done = optionix("--list")
    assert done.returncode == 0, done.stderr
    listed = {line.split()[0]: line.partition(" ")[2].strip() for line in done.stdout.splitlines()}
    assert listed == names()
    assert listed["gas"]
    assert json.loads(optionix("--list", "--json").stdout) == names()


def test_an_unknown_benchmark_is_one_line() -> None:
    for words in (("speed",), ()):
        done = optionix(*words)
        assert done.returncode == 1
        assert done.stdout == ""
        assert "There are" in done.stderr
        assert len(done.stderr.splitlines()) == 1


def test_pricing_ends_with_one_line_of_json() -> None:
    done = optionix("pricing", "--json", "--options", "3000")
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    figures = json.loads(line)["figures"]
    assert set(figures) == {
        "price_greeks_per_s",
        "iv_per_s",
        "iv_error_max",
        "greeks_error_max",
        "peer_iv_per_s",
        "iv_ratio",
    }
    assert 0 < figures["iv_error_max"] < 1e-12
    assert 0 < figures["greeks_error_max"] < 1e-12
    assert figures["iv_ratio"] == pytest.approx(figures["iv_per_s"] / figures["peer_iv_per_s"], rel=1e-4)


def test_gas_ends_with_one_line_of_json() -> None:
    done = optionix("gas", "--json", "--points", "40")
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    document = json.loads(line)
    assert document["bench"] == "gas"
    figures = document["figures"]
    assert tuple(figures) == gas.KEYS
    assert figures["price_error_of_strike"] < 1e-16
    assert all(isinstance(value, int) and value > 0 for name, value in figures.items() if "error" not in name)
    # A transaction costs more than nothing, and a whole book more than one option.
    assert all(figures[name] > 21_000 for name in ("write", "close", "redeem", "claim", "deposit_request"))
    assert figures["price_call_put"] < figures["mark_64_mid"] < figures["mark_64_guarded"]
    assert figures["vault_buy_again"] < figures["vault_buy_first"]
    # What docs/gas.md says of transactions is what they cost; of formulas this run has too few points.
    for name, (_, measured, _) in recorded().items():
        if name not in ("price_call_put", "cdf", "vol_at_strike", "mark_64_mid"):
            assert figures[name] == pytest.approx(measured, rel=0.01), f"{name} in docs/gas.md"


def test_what_a_transaction_costs_is_explained_to_the_last_unit() -> None:
    with staged({}, traced=True) as stage:
        payer, payee = stage.person(6), stage.person(7)
        receipt = payer.send("TestToken", "transfer", payee.address, 1, at=stage.weth)
        spent = explain(stage.chain.rpc, receipt.transaction, stage.names())
        assert sum(spent.values()) == receipt.gas_used
        assert spent["transaction", "base"] == 21_000
        assert spent["transaction", "refund"] == 0
        # Two balances, both held before: read cold, stored anew, and one event of three topics.
        assert (spent["WETH", "cold slots"], spent["WETH", "stores"], spent["WETH", "logs"]) == (4_200, 5_800, 1_756)
        # A call to another contract is its caller's, what happens inside is not.
        payer.send("TestToken", "approve", stage.vault, 10**18, at=stage.weth)
        receipt = payer.send("OptionVault", "requestDeposit", 10**17, payer.address, payer.address, at=stage.vault)
        spent = explain(stage.chain.rpc, receipt.transaction, stage.names())
        assert sum(spent.values()) == receipt.gas_used
        assert spent["WETH", "logs"] == 2 * 1_756
        assert 2 * 2_600 <= spent["vault 1 CALL", "cold accounts"] < 2 * 2_600 + 700
        assert spent["transaction", "refund"] < 0
        kinds = by_kind(spent)
        assert tuple(kinds) == KINDS
        assert sum(kinds.values()) == receipt.gas_used
        assert kinds["logs"] == sum(gas for (_, kind), gas in spent.items() if kind == "logs")


def test_figures_stand_beside_their_goals() -> None:
    assert Figure("a", 1).reached is None
    assert (Figure("a", 1, 1).reached, Figure("a", 2, 1).reached) == (True, False)
    assert (Figure("a", 1, 2, at_least=True).reached, Figure("a", 2, 2, at_least=True).reached) == (False, True)
    report = Report([Figure("a", 1), Figure("b", 0.5)], beside=[Figure("peer", 3)])
    assert json.loads(report.line("x")) == {"bench": "x", "figures": {"a": 1, "b": 0.5}}


def test_what_is_known_of_a_figure_belongs_to_one() -> None:
    assert set(gas.GOALS) | set(gas.RECORDS) <= set(gas.KEYS)


def test_the_lower_of_the_middle_two() -> None:
    assert (median([3, 1, 2]), median([4, 1, 3, 2])) == (2, 2)


def test_loading_nothing_is_refused() -> None:
    with pytest.raises(UserError, match="no benchmark"):
        load("onchain")


def test_forecast_stands_beside_every_baseline(tmp_path: Path) -> None:
    shipped = load_bars("ETH")
    path = tmp_path / "bars.csv"
    columns = {"ts": shipped.ts, "high": shipped.high, "low": shipped.low, "close": shipped.close}
    pd.DataFrame(columns).to_csv(path, index=False)
    done = optionix("forecast", "--json", "--bars", f"ETH={path}", "--horizons", "1")
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    figures = json.loads(line)["figures"]
    assert {f"qlike_eth_1d_{model.name}" for model in BASELINES} <= set(figures)
    assert {"coverage_eth_1d_q10", "coverage_eth_1d_q50", "coverage_eth_1d_q90", "brier_eth_1d"} <= set(figures)
    assert 0 < figures["qlike_eth_1d"] < 1 and 0 <= figures["p_eth_1d"] <= 1
    worst = max(abs(figures[f"coverage_eth_1d_q{level}"] - level / 100) for level in (10, 50, 90))
    assert figures["coverage_error_points_max"] == pytest.approx(100 * worst, abs=0.02)


def test_forecast_without_bars_names_what_is_missing() -> None:
    done = optionix("forecast", "--json", "--bars", "ETH=absent.parquet")
    assert done.returncode == 1
    assert "absent.parquet" in done.stderr and len(done.stderr.splitlines()) == 1
