"""Forecasts know nothing of the future, are not biased where nothing can be known, and are chosen by unseen data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ml.bars import BARS_PER_DAY, Bars, realised_variance
from ml.features import future_mean, make_features
from ml.forecasts import Forecaster
from ml.models import ALL, CLASSICAL, VarianceModel
from ml.models.base import qlike
from ml.registry import Registry
from ml.selection import select, selection_end
from ml.validation import walk_forward
from tests.ml.walks import REPLAY_START, random_walk

DAY = 86_400


def test_features_do_not_change_when_the_future_is_cut_off(eth: Bars) -> None:
    whole = make_features(realised_variance(eth))
    short = make_features(realised_variance(eth.until(REPLAY_START)))
    assert len(short) < len(whole)
    for name, column in short.columns.items():
        np.testing.assert_allclose(column, whole[name][: len(short)], rtol=1e-9, err_msg=name)


@pytest.mark.parametrize("days", [1, 7])
def test_walk_forward_does_not_change_when_the_future_is_cut_off(eth: Bars, days: int) -> None:
    whole = walk_forward(eth, days, ALL, last_end=REPLAY_START)
    short = walk_forward(eth.until(REPLAY_START), days, ALL)
    assert np.array_equal(short.end, whole.end) and len(short.end) > 100
    for name, forecast in short.forecasts.items():
        np.testing.assert_allclose(forecast, whole.forecasts[name], rtol=1e-9, err_msg=name)


def test_walk_forward_does_not_change_when_the_future_becomes_another(eth: Bars) -> None:
    close = eth.close.copy()
    later = eth.start >= REPLAY_START
    close[later] *= np.exp(np.cumsum(np.random.default_rng(5).normal(0, 0.05, later.sum())))
    other = walk_forward(Bars("ETH", eth.start, close), 1, CLASSICAL, last_end=REPLAY_START)
    same = walk_forward(eth, 1, CLASSICAL, last_end=REPLAY_START)
    for name, forecast in same.forecasts.items():
        np.testing.assert_allclose(forecast, other.forecasts[name], rtol=1e-9, err_msg=name)


def test_a_forecast_does_not_change_when_the_future_is_cut_off(eth: Bars) -> None:
    known = eth.until(REPLAY_START)
    record = select(known, CLASSICAL, None)
    assert Forecaster(record).forecast(known) == Forecaster(record).forecast(eth.until(REPLAY_START))
    assert record == select(eth.until(REPLAY_START), CLASSICAL, None).model_copy(update={"created": record.created})


def test_future_mean_is_what_follows_and_unknown_at_the_end() -> None:
    variance = np.arange(1.0, 11.0)
    found = future_mean(variance, 3)
    assert found[0] == pytest.approx((2 + 3 + 4) / 3)
    assert found[6] == pytest.approx((8 + 9 + 10) / 3)
    assert np.isnan(found[7:]).all()


def test_qlike_is_least_at_the_truth() -> None:
    target = np.full(1, 2.0)
    assert qlike(target, np.array([2.0]))[0] == 0
    assert qlike(target, np.array([1.0]))[0] > qlike(target, np.array([4.0]))[0] > 0


@pytest.mark.parametrize("model", ALL, ids=lambda model: model.name)
def test_a_walk_without_memory_is_forecast_at_its_own_level(model: type[VarianceModel]) -> None:
    walk = walk_forward(random_walk(400), 1, [model])
    assert np.exp(walk.log_errors(model.name)).mean() == pytest.approx(1, rel=0.05)
    assert walk.scores()[model.name] < 0.06


def test_models_beat_the_mean_of_history_on_real_prices(eth: Bars) -> None:
    walk = walk_forward(eth, 1, CLASSICAL)
    known = ~np.isnan(walk.target)
    constant = float(np.mean(qlike(walk.target[known], np.full(known.sum(), walk.target[known].mean()))))
    assert min(walk.scores().values()) < 0.9 * constant


def test_selection_takes_the_least_loss_and_orders_its_quantiles(eth: Bars) -> None:
    record = select(eth.until(REPLAY_START + 30 * DAY), CLASSICAL, None)
    for choice in record.horizons:
        assert choice.validated and choice.qlike[choice.model] == min(choice.qlike.values())
        assert choice.log_errors[0] < choice.log_errors[1] < choice.log_errors[2]
    for forecast in Forecaster(record).forecast(eth.until(REPLAY_START + 30 * DAY)):
        assert 0 < forecast.q10 < forecast.q50 < forecast.q90
        assert 0.1 < forecast.volatility < 3


def test_a_short_history_is_answered_and_called_unvalidated() -> None:
    bars = random_walk(10)
    forecasts = Forecaster(select(bars, CLASSICAL, None)).forecast(bars)
    assert [entry.validated for entry in forecasts] == [False, False, False]
    assert forecasts[0].volatility == pytest.approx(0.6, rel=0.25)


def test_the_registry_is_asked_before_anything_is_fitted_again(eth: Bars, tmp_path: Path) -> None:
    registry = Registry(tmp_path / "models")
    first = select(eth.until(REPLAY_START + DAY), CLASSICAL, registry)
    again = select(eth.until(REPLAY_START + 2 * DAY), CLASSICAL, registry)
    assert again == first  # the same week, the same data: created at the same moment
    other = select(eth.until(REPLAY_START + 9 * DAY), CLASSICAL, registry)
    assert other.id != first.id
    assert {record.id for record in registry} == {first.id, other.id}
    (tmp_path / "models" / f"{first.id}.json").write_text("{}")
    assert registry.find(first.id) is None


def test_weeks_begin_on_monday() -> None:
    assert selection_end(REPLAY_START) == REPLAY_START  # a Monday
    assert selection_end(REPLAY_START + 7 * DAY - 1) == REPLAY_START
    assert BARS_PER_DAY == 48
