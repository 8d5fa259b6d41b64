"""Regimes are outcomes, their probabilities are judged, and what has no skill says so."""

from __future__ import annotations

import numpy as np
import pytest

from ml.bars import BAR_SECONDS, BARS_PER_DAY, Bars, VarianceSeries, realised_variance
from ml.forecasts import HorizonForecast
from ml.models import OWN
from ml.outlook import classify
from ml.prior import shipped
from ml.regimes import REGIMES, RegimeWalk, choose, fit, judge, outcomes, predict, regress, walk_regimes
from ml.validation import Prepared, Walk, assemble, prepare, walk_model, walk_rows
from tests.ml.walks import REPLAY_START, random_walk

DAY = 86_400


def walk_of(bars: Bars, days: int) -> tuple[Prepared, Walk]:
    prepared = prepare(bars)
    rows = walk_rows(prepared, 0, None)
    forecasts = {model.name: walk_model(prepared, days, model, rows, shipped()) for model in OWN}
    return prepared, assemble(prepared, days, rows, forecasts)


@pytest.fixture(scope="module")
def daily(eth: Bars) -> tuple[Prepared, Walk]:
    return walk_of(eth, 1)


def test_what_followed_is_calm_trending_or_stressed() -> None:
    returns = np.tile([0.01, -0.01], 4 * 24)
    returns[49:97] = 0.004  # the second day goes one way
    returns[97:145] *= 5  # the third is wild
    end = BAR_SECONDS * np.arange(1, len(returns) + 1, dtype=np.int64)
    series = VarianceSeries(end, returns**2, returns)
    rows = np.array([0, 48, 96, 144], dtype=np.int64)
    found = outcomes(series, rows, np.full(4, 1.5e-4), 1)
    assert [REGIMES[k] if k >= 0 else None for k in found] == ["calm", "trending", "stressed", None]


def test_probabilities_do_not_change_when_the_future_is_cut_off(eth: Bars, daily: tuple[Prepared, Walk]) -> None:
    whole = walk_regimes(*daily, shipped())
    short = walk_regimes(*walk_of(eth.until(REPLAY_START), 1), shipped())
    count = len(short.end)
    assert count > 60 and not np.isnan(short.probabilities).any()
    for name in ("probabilities", "base", "rule"):
        np.testing.assert_array_equal(getattr(short, name), getattr(whole, name)[:count], err_msg=name)


def test_probabilities_on_real_prices_beat_the_base_rate_and_the_rule(daily: tuple[Prepared, Walk]) -> None:
    skill = judge(walk_regimes(*daily, shipped()))
    assert skill.brier < skill.base and skill.brier < skill.rule and skill.origins > 100
    assert "Brier" in skill.verdict and skill.verdict.startswith("skill" if skill.skilled else "no skill")


def test_prices_without_memory_have_no_skill() -> None:
    skill = judge(walk_regimes(*walk_of(random_walk(420, start=REPLAY_START - 300 * DAY), 1), None))
    assert skill.origins > 50 and not skill.skilled
    assert skill.verdict.startswith("no skill")


def test_judging_needs_all_three_forecasts_and_tells_luck_from_skill() -> None:
    dice = np.random.default_rng(6)
    outcome = dice.integers(0, 3, 400)
    end = DAY * np.arange(400, dtype=np.int64)
    third = np.full((400, 3), 1 / 3)
    knowing = 0.7 * np.eye(3)[outcome] + 0.1
    assert judge(RegimeWalk(1, end, outcome, knowing, third, third)).skilled
    assert not judge(RegimeWalk(1, end, outcome, third, third, third)).skilled
    assert not judge(RegimeWalk(1, end, outcome, knowing, third, knowing)).skilled
    assert judge(RegimeWalk(1, end, outcome, knowing, third, third), since=int(end[300])).origins == 100
    nothing = judge(RegimeWalk(1, end, np.full(400, -1), knowing, third, third))
    assert nothing.origins == 0 and nothing.verdict.startswith("no skill: too few")


def test_the_regression_finds_what_is_there_and_needs_enough_of_it() -> None:
    dice = np.random.default_rng(7)
    design = dice.normal(size=(900, 2))
    outcome = np.where(design[:, 0] > 0.5, 2, np.where(dice.random(900) < 0.3, 1, 0))
    found = predict(regress(design, outcome), design)
    assert found.sum(axis=1) == pytest.approx(np.ones(900))
    assert found[design[:, 0] > 1.5, 2].mean() > 0.8 > 0.2 > found[design[:, 0] < -0.5, 2].mean()
    assert fit(design[:100], outcome[:100]) is None
    assert fit(design, np.zeros(900, dtype=np.int64)) is None


def test_a_regime_now_has_an_outlook_a_verdict_and_drivers(eth: Bars, daily: tuple[Prepared, Walk]) -> None:
    choice = choose(*daily, shipped())
    assert choice is not None and choice.days == 1
    forecasts = [HorizonForecast(days, 2e-3 * days, 0.0, 0.0, 0.0, "x", True) for days in (1, 30)]
    regime = classify(realised_variance(eth), forecasts, [choice])
    assert regime.verdict == choice.verdict and regime.calibrated == choice.skill
    assert regime.probabilities == regime.outlooks[0].probabilities
    assert sum(regime.probabilities.values()) == pytest.approx(1, abs=1e-3)
    names = {driver.name for driver in regime.drivers}
    assert {"volatility_rank", "momentum_7d", "momentum_30d", "term_structure", "downside_7d"} <= names
    wild = classify(realised_variance(eth), [HorizonForecast(1, 0.02, 0.0, 0.0, 0.0, "x", True)], [choice])
    assert wild.name == "stressed" and wild.probabilities["stressed"] > regime.probabilities["stressed"]


def test_without_anything_learned_the_answer_is_no_skill() -> None:
    series = realised_variance(random_walk(20))
    regime = classify(series)
    assert not regime.calibrated and regime.verdict.startswith("no skill") and regime.outlooks == ()
    rising = np.full(len(series), 1e-3)
    rising[::2] = 0.9e-3
    trend = classify(VarianceSeries(series.end, rising**2, rising))
    assert trend.name == "trending"
    assert BARS_PER_DAY == 48
