"""The plots show what a back-test says, and are drawn the same twice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ml.backtest import Backtest, backtest
from ml.bars import Bars
from ml.drawing import save
from ml.models import OWN, Ewma, LogHar
from ml.plots import forecast_against_realised, losses_against_baselines, quantile_coverage
from ml.quantiles import LEVELS


@pytest.fixture(scope="module")
def result(eth: Bars) -> Backtest:
    return backtest(eth, [1, 7], models=(Ewma, LogHar, *OWN))


def test_a_panel_for_each_horizon_shows_forecast_band_and_outcome(result: Backtest) -> None:
    figure = forecast_against_realised(result)
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["ETH, 1 days", "ETH, 7 days"]
    for axes, entry in zip(figure.axes, result.judged, strict=True):
        lines = {line.get_label(): line.get_ydata() for line in axes.get_lines()}
        expected = 100 * np.sqrt(entry.walk.forecasts["combination"] * 48 * 365)
        np.testing.assert_allclose(lines["forecast"], expected)
        assert np.isnan(lines["realised"][-1]) and not np.isnan(lines["realised"][0])


def test_losses_are_those_after_the_cut_with_ours_marked(result: Backtest) -> None:
    figure = losses_against_baselines(result)
    for axes, entry in zip(figure.axes, result.judged, strict=True):
        names = [label.get_text() for label in axes.get_yticklabels()]
        assert set(names) == {"ewma", "log-har", "combination"}
        after = entry.cuts[0].after
        assert [bar.get_width() for bar in axes.patches] == [after[name] for name in names]
        assert len({bar.get_facecolor() for bar in axes.patches}) == 2


def test_coverage_has_a_bar_for_each_quantile_and_horizon(result: Backtest) -> None:
    (axes,) = quantile_coverage(result).axes
    heights = [bar.get_height() for bar in axes.patches]
    assert heights == pytest.approx([100 * share for entry in result.judged for share in entry.coverage])
    assert [label.get_text() for label in axes.get_xticklabels()] == [f"{level:.0%}" for level in LEVELS]


@pytest.mark.parametrize("kind", ["svg", "png"])
def test_a_figure_is_written(result: Backtest, kind: str, tmp_path: Path) -> None:
    path = tmp_path / "plots" / f"coverage.{kind}"
    save(quantile_coverage(result), path)
    assert path.stat().st_size > 5_000


def test_a_walk_too_short_to_judge_is_drawn_and_says_so(eth: Bars) -> None:
    short = backtest(eth.until(int(eth.start[0]) + 45 * 86_400), [1], models=(Ewma, *OWN))
    assert not short.judged[0].cuts
    (axes,) = losses_against_baselines(short).axes
    assert [text.get_text() for text in axes.texts] == ["too few origins to judge"]
    assert len(forecast_against_realised(short).axes) == len(quantile_coverage(short).axes) == 1
