"""The back-test of a file, through the command line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from ml.backtest import judge
from ml.bars import BadBars, Bars
from ml.validation import Walk
from optionix.cli.risk import risk
from optionix.errors import UserError


@pytest.fixture
def bars_file(eth: Bars, tmp_path: Path) -> Path:
    path = tmp_path / "bars.csv"
    pd.DataFrame({"ts": eth.start, "close": eth.close}).to_csv(path, index=False)
    return path


def test_rows_have_a_forecast_for_each_origin_and_the_report_names_the_choice(bars_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "rows.csv"
    arguments = ["backtest", "--bars", str(bars_file), "--asset", "ETH", "--horizons", "1", "--out", str(out), "--json"]
    result = CliRunner().invoke(risk, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)["horizons"][0]
    assert report["chosen"] == min(report["qlike_where_chosen"], key=report["qlike_where_chosen"].get)
    assert set(report["qlike_after"]) == set(report["qlike_where_chosen"])
    rows = pd.read_csv(out)
    assert len(rows) == report["origins"]
    assert list(rows.columns[:7]) == ["asset", "date", "horizon", "variance", "q10", "q50", "q90"]
    assert (rows.variance > 0).all() and (rows.q10 < rows.q50).all() and (rows.q50 < rows.q90).all()
    assert set(rows.part) == {"choose", "judge"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--bars", "absent.csv"], "cannot read bars"),
        (["--bars", "{bars}", "--horizons", "one"], "not a list of days"),
        (["--bars", "{bars}", "--from", "yesterday"], "not a date"),
        (["--bars", "{bars}", "--to", "2022-11-20", "--horizons", "7"], "longer history"),
    ],
)
def test_what_cannot_be_tested_says_why(bars_file: Path, arguments: list[str], words: str) -> None:
    given = [word.format(bars=bars_file) for word in arguments]
    with pytest.raises(UserError, match=words):
        CliRunner().invoke(risk, ["backtest", *given], catch_exceptions=False)


def test_the_choice_is_made_on_the_first_part_and_judged_after_a_gap() -> None:
    count = 400
    end = np.arange(count, dtype=np.int64) * 21_600
    target = np.ones(count)
    early = np.where(np.arange(count) < 280, 1.0, 9.0)
    walk = Walk(7, end, target, {"early": early, "steady": np.full(count, 1.5)})
    judged = judge(walk)
    assert judged.chosen == "early"  # best where it was chosen, and bad afterwards: said, not hidden
    assert judged.scores["early"] > judged.scores["steady"]
    assert judged.first_judged >= end[279] + 7 * 86_400
    with pytest.raises(BadBars, match="longer history"):
        judge(Walk(7, end[:20], target[:20], {"early": early[:20]}))
