"""The report page and its plots of quotes: drawn from a made chain, whole in one file."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from ml.calibration.quotes import read_chain, snapshots
from ml.calibration.surface import FittedSurface
from ml.calibration.surface import fit_surface as fit
from ml.chain_report import example_scenario
from ml.smile_plots import scenario_matrix, smiles, surface_map
from optionix.cli import cli
from tests.ml.test_calibration import chain


@pytest.fixture(scope="module")
def chain_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("chain") / "chain.parquet"
    chain().to_parquet(path)
    return path


@pytest.fixture(scope="module")
def surface(chain_file: Path) -> FittedSurface:
    ((_, _, expiries),) = snapshots(read_chain(chain_file))
    return fit(expiries)


def test_a_smile_has_its_quotes_and_both_fits(surface: FittedSurface) -> None:
    axes = smiles(surface).axes
    assert len(axes) == len(surface.slices) == 3
    for one, entry in zip(axes, surface.slices, strict=True):
        lines = {line.get_label(): line for line in one.get_lines()}
        np.testing.assert_allclose(lines["quoted (mark)"].get_ydata(), 100 * entry.quotes.volatility)
        assert {"raw SVI", "SSVI (contract)"} <= set(lines)


def test_a_surface_is_blank_beyond_its_quotes(surface: FittedSurface) -> None:
    (mesh,) = surface_map(surface).axes[0].collections
    drawn = np.ma.getmaskarray(mesh.get_array()).reshape(3, -1)
    assert (~drawn).sum(axis=1)[0] < (~drawn).sum(axis=1)[2], "the far expiry is quoted over the wider range"


def test_the_binding_cell_is_framed_once_and_told(surface: FittedSurface) -> None:
    scenario, words = example_scenario(surface)
    assert words.startswith("a short straddle") and scenario.binding.change < 0
    figure = scenario_matrix(scenario)
    framed = [text.get_text() for axes in figure.axes for text in axes.texts if text.get_bbox_patch() is not None]
    assert framed == [f"{scenario.binding.change:+,.0f}"]
    assert len(figure.axes[0].texts) == 27 and len(figure.axes[1].texts) == 8


def test_the_page_holds_every_plot(chain_file: Path, tmp_path: Path) -> None:
    arguments = ["risk", "report", "--chain", str(chain_file), "--out", str(tmp_path / "report"), "--json"]
    result = CliRunner().invoke(cli, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    page = Path(told["page"]).read_text(encoding="utf-8")
    assert told["plots"] == ["eth-smiles.png", "eth-surface.png", "eth-errors.png", "eth-scenarios.png"]
    assert page.count("<svg") == page.count("<figure") == 4
    assert "<script" not in page and "<?xml" not in page and "src=" not in page
    assert all((tmp_path / "report" / name).stat().st_size > 5_000 for name in told["plots"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "nothing to report on"),
        (["--bars", "bars.csv"], "has no asset"),
        (["--bars", "../x=bars.csv"], "has no asset"),
        (["--bars", "ETH=absent.csv"], "absent.csv"),
        (["--chain", "absent.csv"], "cannot be read"),
        (["--chain", "absent.csv", "--horizons", "0"], "--horizons 0"),
    ],
)
def test_what_cannot_be_reported_is_one_clear_error(arguments: list[str], said: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["risk", "report", "--out", str(tmp_path / "report"), *arguments])
    assert result.exit_code != 0 and not (tmp_path / "report").exists()
    assert said in f"{result.output}{result.exception}"


def test_fitted_snapshots_are_drawn_when_asked(chain_file: Path, tmp_path: Path) -> None:
    out, plots = tmp_path / "fits.json", tmp_path / "plots"
    arguments = ["risk", "fit-surface", "--chain", str(chain_file), "--out", str(out), "--plots", str(plots), "--json"]
    result = CliRunner().invoke(cli, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    page = Path(json.loads(result.stdout)["plots"])
    assert page == plots / "index.html" and page.read_text(encoding="utf-8").count("<svg") == 2
    assert {path.name for path in plots.glob("*.png")} == {"eth-smiles.png", "eth-surface.png"}


def test_values_at_risk_are_judged_on_bars(tmp_path: Path) -> None:
    bars = tmp_path / "eth.csv"
    random = np.random.default_rng(3)
    close = 1500 * np.exp(np.cumsum(random.normal(0, 0.005, 420 * 48)))
    start = pd.date_range("2024-01-01", periods=len(close), freq="30min", tz="UTC")
    pd.DataFrame({"ts": start, "open": close, "high": close, "low": close, "close": close}).to_csv(bars, index=False)
    result = CliRunner().invoke(cli, ["risk", "exceedances", "--bars", f"ETH={bars}", "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    rows = json.loads(result.stdout)["exceedances"]
    assert len(rows) == 6 and {row["level"] for row in rows} == {0.95, 0.99}
    for row in rows:
        assert row["days"] > 60 and row["expected"] == pytest.approx(row["days"] * (1 - row["level"]))
        assert row["kupiec_p"] > 0.01, "of independent moves the value at risk holds"


def test_too_short_a_history_judges_nothing(tmp_path: Path) -> None:
    bars = tmp_path / "eth.csv"
    start = pd.date_range("2024-01-01", periods=60 * 48, freq="30min", tz="UTC")
    close = 1500 + np.random.default_rng(1).normal(0, 5, len(start)).cumsum()
    pd.DataFrame({"ts": start, "open": close, "high": close, "low": close, "close": close}).to_csv(bars, index=False)
    result = CliRunner().invoke(cli, ["risk", "exceedances", "--bars", f"ETH={bars}"])
    assert result.exit_code != 0 and "days" in f"{result.output}{result.exception}"
