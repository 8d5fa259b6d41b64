"""Tests of forecasts against each other say what is luck."""

from __future__ import annotations

import numpy as np
import pytest

from ml.compare import block_bootstrap, diebold_mariano


def test_equal_forecasts_are_told_apart_as_often_as_the_level_says() -> None:
    dice = np.random.default_rng(8)
    for horizon in (1, 7):
        kernel = np.ones(horizon) / horizon
        found = [
            diebold_mariano(np.convolve(dice.normal(size=400 + horizon - 1), kernel, "valid"), np.zeros(400), horizon)
            for _ in range(400)
        ]
        assert np.mean([one.p_value < 0.05 for one in found]) == pytest.approx(0.05, abs=0.06)


def test_a_better_forecast_is_found_and_overlap_makes_it_less_certain() -> None:
    dice = np.random.default_rng(9)
    first, second = dice.gamma(2, 1, 300), dice.gamma(2, 1, 300) + 0.4
    found = diebold_mariano(first, second, 1)
    assert found.mean < 0 and found.p_value < 0.01
    assert diebold_mariano(second, first, 1).p_value == pytest.approx(found.p_value)
    slow = np.repeat(dice.normal(0.1, 1, 10), 30)
    assert diebold_mariano(slow, np.zeros(300), 30).p_value > diebold_mariano(slow, np.zeros(300), 1).p_value


def test_what_cannot_be_told_is_not_a_number_and_constant_differences_are_certain() -> None:
    assert np.isnan(diebold_mariano(np.ones(20), np.zeros(20), 30).p_value)
    assert diebold_mariano(np.ones(50), np.zeros(50), 1).p_value == 0
    assert diebold_mariano(np.ones(50), np.ones(50), 1).p_value == 1


def test_blocks_widen_the_interval_of_what_hangs_together() -> None:
    dice = np.random.default_rng(10)
    slow = np.repeat(dice.normal(0, 1, 40), 10)
    narrow, wide = block_bootstrap(slow, 1), block_bootstrap(slow, 20)
    assert narrow == block_bootstrap(slow, 1)  # the seed is fixed
    assert wide[1] - wide[0] > 2 * (narrow[1] - narrow[0])
    assert wide[0] < slow.mean() < wide[1]
    assert block_bootstrap(np.full(5, 2.0), 20) == pytest.approx((2.0, 2.0))
