"""Bars are cleaned without inventing prices, and what was wrong is said."""

from __future__ import annotations

import numpy as np
import pytest

from ml.bars import BAR_SECONDS, BARS_PER_DAY, BadBars, Bars, clean, realised_variance
from tests.ml.walks import random_walk

WALK = random_walk(10)
NOW = WALK.end


def test_good_bars_pass_unchanged() -> None:
    bars, report = clean("ETH", WALK.start, WALK.close, NOW)
    assert np.array_equal(bars.close, WALK.close)
    assert (report.bars, report.gaps, report.duplicates, report.bad_ticks) == (480, 0, 0, 0)
    assert report.problems == []


def test_nothing_after_market_time_is_looked_at() -> None:
    moment = int(WALK.start[400]) + 7
    bars, report = clean("ETH", WALK.start, WALK.close, moment)
    assert bars.end == WALK.start[400]
    assert report.age_seconds == 7


def test_order_and_repetition_do_not_matter() -> None:
    shuffled = np.random.default_rng(0).permutation(480)
    start = np.concatenate([WALK.start[shuffled], WALK.start[:3]])
    close = np.concatenate([WALK.close[shuffled], WALK.close[:3]])
    bars, report = clean("ETH", start, close, NOW)
    assert np.array_equal(bars.close, WALK.close)
    assert report.duplicates == 3


def test_a_spike_that_comes_straight_back_is_dropped_and_a_crash_is_kept() -> None:
    spiked = WALK.close.copy()
    spiked[300] *= 1.5
    bars, report = clean("ETH", WALK.start, spiked, NOW)
    assert report.bad_ticks == 1 and len(bars) == 479
    crashed = WALK.close.copy()
    crashed[300:] *= 0.7
    bars, report = clean("ETH", WALK.start, crashed, NOW)
    assert report.bad_ticks == 0 and len(bars) == 480


@pytest.mark.parametrize("price", [0.0, -3.0, np.nan, np.inf])
def test_impossible_prices_are_dropped(price: float) -> None:
    close = WALK.close.copy()
    close[100] = price
    bars, report = clean("ETH", WALK.start, close, NOW)
    assert report.bad_ticks == 1 and np.all(bars.close > 0) and np.all(np.isfinite(bars.close))


def test_old_bars_are_stale_and_missing_ones_make_a_gap() -> None:
    _, report = clean("ETH", WALK.start, WALK.close, NOW + 3 * BAR_SECONDS)
    assert report.stale and "stale" in report.problems[0]
    kept = np.ones(480, dtype=bool)
    kept[400:420] = False
    _, report = clean("ETH", WALK.start[kept], WALK.close[kept], NOW)
    assert report.gappy and report.recent_gaps == 20


def test_too_few_bars_and_another_step_are_refused() -> None:
    with pytest.raises(BadBars, match="a week"):
        clean("ETH", WALK.start[:100], WALK.close[:100], NOW)
    with pytest.raises(BadBars, match="half hour"):
        clean("ETH", WALK.start + 60, WALK.close, NOW + 60)


def test_a_gap_keeps_the_sum_of_returns_and_spreads_its_variance() -> None:
    kept = np.ones(480, dtype=bool)
    kept[200:205] = False
    series = realised_variance(Bars("ETH", WALK.start[kept], WALK.close[kept]))
    whole = realised_variance(WALK)
    assert len(series) == len(whole)
    assert np.array_equal(series.end, whole.end)
    assert series.returns.sum() == pytest.approx(np.log(WALK.close[-1] / WALK.close[0]))
    gap = np.log(WALK.close[205] / WALK.close[199])
    assert series.variance[199:205] == pytest.approx(np.full(6, gap**2 / 6))


def test_realised_variance_of_a_walk_is_its_own() -> None:
    series = realised_variance(random_walk(365))
    assert np.sqrt(series.variance.mean() * 365 * BARS_PER_DAY) == pytest.approx(0.6, rel=0.02)
