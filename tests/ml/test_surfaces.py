"""Every surface that is not refused satisfies the contract's conditions, whatever the forecasts were."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.bars import BARS_PER_DAY, VarianceSeries, realised_variance
from ml.forecasts import HorizonForecast
from ml.surfaces import PRIOR_ETA, PRIOR_RHO, Shape, TermStructure, build_surface, fit_shape, jump_problem
from optionix.pricing.reports import check_surface, largest_move
from optionix.pricing.ssvi import PackedSlice, is_butterfly_free, is_calendar_free
from tests.ml.walks import REPLAY_START, random_walk

DAY = 86_400
AS_OF = REPLAY_START
SHAPE = Shape(-0.2, 0.85, 0.0, 0.0, 0, 0.0)


def forecast(days: int, volatility: float, spread: float = 0.5) -> HorizonForecast:
    variance = volatility**2 * days / 365
    low, high = variance * np.exp(-spread), variance * np.exp(spread)
    return HorizonForecast(days, variance, low, variance, high, "ewma", True)


def term(*volatilities: float, long_run: float = 0.36) -> TermStructure:
    return TermStructure([forecast(d, v) for d, v in zip((1, 7, 30), volatilities, strict=True)], long_run)


@settings(max_examples=300, deadline=None)
@given(
    vols=st.tuples(*[st.floats(0.08, 3.5)] * 3),
    long_run=st.floats(0.04, 4.0),
    rho=st.floats(-0.6, 0.6),
    eta=st.floats(0.40, 1.30),
    ages=st.lists(st.integers(60, 3 * 365 * DAY), min_size=1, max_size=12, unique=True),
)
def test_the_contract_accepts_what_is_built(
    vols: tuple[float, float, float], long_run: float, rho: float, eta: float, ages: list[int]
) -> None:
    expiries = [AS_OF + age for age in ages]
    surface = build_surface(expiries, AS_OF, term(*vols, long_run=long_run), Shape(rho, eta, 0, 0, 0, 0))
    entries = [(entry.expiry, entry.packed) for entry in surface.slices]
    assert len(entries) == len(ages)
    if surface.refused:
        # Only the range of volatility can fail: forecasts of 8 to 350 % can have wings beyond 5 to 500 %.
        assert {check.name for check in surface.checks if not check.ok} == {"volatility range"}
    for _, packed in entries:
        assert is_butterfly_free(packed.theta, packed.phi, packed.rho)
    for (near_expiry, near), (far_expiry, far) in pairwise(entries):
        assert is_calendar_free(near, near_expiry, far, far_expiry, AS_OF)


def test_volatility_at_the_money_follows_the_forecasts() -> None:
    surface = build_surface([AS_OF + d * DAY for d in (1, 7, 30)], AS_OF, term(0.5, 0.6, 0.7), SHAPE)
    assert not surface.refused
    assert [entry.atm_vol for entry in surface.slices] == pytest.approx(
        [0.5 * 1.1**0.5, 0.6 * 1.1**0.5, 0.7 * 1.1**0.5], rel=1e-9
    )


def test_far_volatility_tends_to_the_long_run() -> None:
    surface = build_surface([AS_OF + d * DAY for d in (30, 60, 365, 2000)], AS_OF, term(1, 1, 1), SHAPE)
    found = [entry.atm_vol for entry in surface.slices]
    assert found == sorted(found, reverse=True)
    assert found[-1] == pytest.approx(0.6 * 1.1**0.5, rel=0.15)


def test_a_falling_term_structure_is_mended_not_crossed() -> None:
    surface = build_surface([AS_OF + d * DAY for d in (1, 2, 7, 30)], AS_OF, term(3.0, 0.3, 0.2), SHAPE)
    thetas = [entry.packed.theta for entry in surface.slices]
    assert not surface.refused and thetas == sorted(thetas)


def test_passed_expiries_are_left_out_and_an_hour_is_enough() -> None:
    surface = build_surface([AS_OF - DAY, AS_OF, AS_OF + 3600], AS_OF, term(0.5, 0.5, 0.5), SHAPE)
    assert [entry.expiry for entry in surface.slices] == [AS_OF + 3600] and not surface.refused


def test_what_is_wrong_with_the_input_refuses_the_surface() -> None:
    surface = build_surface([AS_OF + DAY], AS_OF, term(0.5, 0.5, 0.5), SHAPE, problems=["stale: too old"])
    assert surface.refused and surface.reasons == ("stale: too old",)


def test_shape_is_the_prior_without_history_and_leans_to_the_data_with_it() -> None:
    short = fit_shape(realised_variance(random_walk(8)))
    assert (short.rho, short.eta) == pytest.approx((PRIOR_RHO, PRIOR_ETA))
    walk = fit_shape(realised_variance(random_walk(365)))
    assert walk.weight == pytest.approx(365 / 1365, abs=0.01)
    assert walk.eta < PRIOR_ETA  # a Gaussian walk has no fat tails


def test_a_jump_is_doubted_until_the_next_bar() -> None:
    series = realised_variance(random_walk(10))
    assert jump_problem(series) is None
    returns = np.append(series.returns, 0.12)
    jumped = VarianceSeries(np.append(series.end, series.end[-1] + 1800), returns**2, returns)
    problem = jump_problem(jumped)
    assert problem is not None and "+12.00%" in problem
    calmer = np.append(returns, 0.001)
    assert jump_problem(VarianceSeries(np.append(jumped.end, jumped.end[-1] + 1800), calmer**2, calmer)) is None
    assert BARS_PER_DAY == 48


def packed(volatility: float, days: int, *, rho: float = -0.2, eta: float = 0.85, at: int = AS_OF) -> PackedSlice:
    theta = volatility**2 * days / 365
    return PackedSlice(int(theta * 1e16), int(eta / theta**0.5 * 1e15), int(rho * 1e12), 0, at)


def failed(slices: dict[int, PackedSlice]) -> set[str]:
    return {check.name for check in check_surface(slices) if not check.ok}


def test_each_check_can_fail() -> None:
    week, month = AS_OF + 7 * DAY, AS_OF + 30 * DAY
    good = {week: packed(0.6, 7), month: packed(0.6, 30)}
    assert failed(good) == set()
    assert "butterfly" in failed({week: packed(0.6, 7, eta=2.5)})
    assert "density" in failed({week: packed(0.6, 7, eta=4.0, rho=-0.9)})
    assert {"calendar", "crossing"} <= failed({week: packed(0.9, 7), month: packed(0.3, 30)})
    assert "volatility range" in failed({week: packed(0.04, 7)})
    carried = packed(0.6, 30)
    assert "carry range" in failed(
        {month: PackedSlice(carried.theta, carried.phi, carried.rho, 1_500_000_000, carried.timestamp)}
    )


def test_a_move_is_measured_between_reports_of_different_times() -> None:
    expiry = AS_OF + 7 * DAY
    stored = packed(0.6, 7)
    # A day later, at six sevenths of the variance, volatility per strike is what it was.
    same = PackedSlice(stored.theta * 6 // 7, stored.phi, stored.rho, 0, AS_OF + DAY)
    assert largest_move(stored, same, expiry) < 1e-9
    risen = packed(0.65, 6, eta=0.85 * (0.65 / 0.6) * (6 / 7) ** 0.5, at=AS_OF + DAY)
    assert largest_move(stored, risen, expiry) == pytest.approx(0.05 * 1.25, rel=0.1)
