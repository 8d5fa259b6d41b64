"""Surface fits: a made chain whose truth is known, bad quotes, and arbitrage in the input."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from bench.surface import arbitrage_slices
from ml.calibration.quotes import BadChain, parity_forward, read_chain, snapshots
from ml.calibration.surface import fit_surface
from optionix.cli import cli
from optionix.pricing.reports import check_surface
from tests.ml.chains import FORWARD, TRUTH, chain


def fitted(table: pd.DataFrame, tmp_path: Path):
    path = tmp_path / "chain.parquet"
    table.to_parquet(path)
    ((_, _, expiries),) = snapshots(read_chain(path))
    return fit_surface(expiries), expiries


def test_a_file_that_is_none_is_refused(tmp_path):
    with pytest.raises(BadChain, match="cannot be read"):
        read_chain(tmp_path / "absent.csv")


def test_a_missing_column_is_named(tmp_path):
    path = tmp_path / "chain.csv"
    chain().drop(columns=["vega", "cp"]).to_csv(path)
    with pytest.raises(BadChain, match="no column cp, vega"):
        read_chain(path)


def test_a_file_without_rows_is_refused(tmp_path):
    path = tmp_path / "chain.csv"
    chain().iloc[:0].to_csv(path)
    with pytest.raises(BadChain, match="has no rows"):
        read_chain(path)


def test_times_that_are_none_are_refused(tmp_path):
    path = tmp_path / "chain.csv"
    table = chain().astype({"ts": str})
    table.loc[3, "ts"] = "yesterday"
    table.to_csv(path)
    with pytest.raises(BadChain, match="column ts is not all times"):
        read_chain(path)


@pytest.mark.parametrize("mark", [True, False])
def test_a_surface_that_is_one_is_found_again(tmp_path, mark):
    """With the venue's marks, and from bid and ask alone."""
    surface, expiries = fitted(chain(mark=mark), tmp_path)
    assert [entry.quotes.expiry for entry in surface.slices] == [quotes.expiry for quotes in expiries]
    for entry, (theta, phi, rho) in zip(surface.slices, TRUTH.values(), strict=True):
        got = entry.ssvi.unpack()
        assert (got.theta, got.phi, got.rho) == (
            pytest.approx(theta, rel=1e-4),
            pytest.approx(phi, rel=2e-3),
            pytest.approx(rho, abs=1e-3),
        )
        assert entry.raw_error < 0.02
        assert entry.quotes.parity_forward == pytest.approx(FORWARD, rel=1e-6)
        assert entry.repaired == ()
    assert all(check.ok for check in surface.checks)
    assert arbitrage_slices(surface) == 0


def test_every_bad_quote_is_left_out_with_its_reason(tmp_path):
    table = chain({30: TRUTH[30]})
    middle = table[(table.strike > FORWARD) & (table.cp == "C")].index
    table.loc[middle[0], "bid_price"] = np.nan
    table.loc[middle[1], ["bid_price", "ask_price"]] = [0.05, 0.04]
    table.loc[middle[2], "mark_iv"] = 9.0
    table.loc[middle[3], "vega"] = 0.0
    table = pd.concat([table, table.loc[[middle[4]]]])
    clean, _ = fitted(chain({30: TRUTH[30]}), tmp_path)
    surface, (quotes,) = fitted(table, tmp_path)
    assert {reason: count for reason, count in quotes.rejected.items() if reason != "in the money"} == {
        "no bid or no ask": 1,
        "bid above ask": 1,
        "absurd volatility": 1,
        "a tick is worth more than a point of volatility": 1,
        "strike quoted twice": 1,
    }
    assert len(quotes.k) == len(clean.slices[0].quotes.k) - 4
    assert surface.slices[0].ssvi.unpack().theta == pytest.approx(TRUTH[30][0], rel=1e-4)


def test_an_expiry_with_few_quotes_is_skipped_with_the_reason(tmp_path):
    table = chain({30: TRUTH[30], 120: TRUTH[120]})
    near = table.expiry == table.expiry.min()
    table = pd.concat([table[near].iloc[24:32], table[~near]])
    surface, expiries = fitted(table, tmp_path)
    assert [entry.quotes.expiry for entry in surface.slices] == [expiries[1].expiry]
    assert surface.skipped == ((expiries[0].expiry, f"{len(expiries[0].k)} usable quotes"),)


def test_expiries_that_cross_are_mended_together(tmp_path):
    """The far expiry has less variance at the money and flatter wings than the near one: no two slices can fit that."""
    surface, _ = fitted(chain({30: (0.05, 4.0, -0.2), 40: (0.045, 4.4, 0.1), 120: TRUTH[120]}), tmp_path)
    assert any("ssvi" in entry.repaired for entry in surface.slices)
    assert any("raw" in entry.repaired for entry in surface.slices)
    assert all(check.ok for check in check_surface({e.quotes.expiry: e.ssvi for e in surface.slices}))
    assert arbitrage_slices(surface) == 0
    # Both ends of the conflict, 14 points of volatility wide, give way by a part of it; the expiry beside it by none.
    near, far, beyond = (entry.ssvi_error for entry in surface.slices)
    assert max(near, far) < 5.0
    assert beyond < 0.5


def test_a_smile_with_negative_density_is_mended(tmp_path):
    table = chain({30: TRUTH[30]})
    k = np.log(table.strike / FORWARD)
    # a kink: far puts much dearer than their neighbours
    table["mark_iv"] += np.where(k < -0.2, 6.0 * (-0.2 - k), 0.0)
    surface, _ = fitted(table, tmp_path)
    assert arbitrage_slices(surface) == 0
    assert all(check.ok for check in surface.checks)


def test_forward_by_parity():
    strike = np.array([2000.0, 2500.0, 3000.0, 3500.0])
    call = np.array([0.35, 0.2, 0.09, 0.03])
    put = call - (1 - strike / 3100.0)
    assert parity_forward(strike, call, put) == pytest.approx(3100.0)
    assert math.isnan(parity_forward(strike[:2], call[:2], put[:2]))
    assert math.isnan(parity_forward(strike, call, np.full(4, np.nan)))


def test_the_command_writes_both_fits(tmp_path):
    source, out = tmp_path / "chain.csv", tmp_path / "fit.json"
    chain().to_csv(source, index=False)
    done = CliRunner().invoke(cli, ["risk", "fit-surface", "--chain", str(source), "--out", str(out), "--json"])
    assert done.exit_code == 0, done.output
    summary = json.loads(done.output)
    assert summary["slices"] == 3
    assert summary["failed_checks"] == []
    assert summary["rejected_quotes"]["in the money"] > 0
    written = json.loads(out.read_text())
    assert [entry["years"] for entry in written] == [pytest.approx(days / 365) for days in TRUTH]
    for entry in written:
        assert entry["currency"] == "ETH"
        assert len(entry["strike"]) == len(entry["raw_svi_volatility"]) == len(entry["ssvi_volatility"])
        np.testing.assert_allclose(entry["ssvi_volatility"], entry["volatility"], atol=1e-3)
        assert int(entry["ssvi"]["stored"]["theta"]) == pytest.approx(entry["ssvi"]["theta"] * 1e16, rel=1e-12)


def test_the_command_for_people_and_as_lines(tmp_path):
    source, out = tmp_path / "chain.csv", tmp_path / "fit.jsonl"
    chain().to_csv(source, index=False)
    done = CliRunner().invoke(cli, ["risk", "fit-surface", "--chain", str(source), "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert "3 slices" in done.output
    assert "quotes left out: in the money" in done.output
    assert len([json.loads(line) for line in out.read_text().splitlines()]) == 3


def test_the_command_refuses_in_one_line(tmp_path):
    done = CliRunner().invoke(
        cli, ["risk", "fit-surface", "--chain", str(tmp_path / "no.csv"), "--out", str(tmp_path / "x.json")]
    )
    assert done.exit_code == 1
    assert "cannot be read" in done.output
