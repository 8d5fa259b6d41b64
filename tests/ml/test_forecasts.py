"""Forecasts know nothing of the future, are not biased where nothing can be known, and are chosen by unseen data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ml.bars import BARS_PER_DAY, Bars, realised_variance
from ml.combination import combine, members
from ml.features import future_mean, make_features
from ml.forecasts import Forecaster
from ml.models import ALL, BASELINES, CLASSICAL, MEMBERS, OWN, VarianceModel
from ml.models.base import qlike
from ml.models.learned import RelativeRidge
from ml.models.mixture import Mixture, least_qlike_weights
from ml.prior import NOTHING, Prior, read, shipped
from ml.registry import Registry
from ml.selection import choose, preferred, select, selection_end
from ml.training import joined, train
from ml.validation import Walk, prepare, sample, walk_forward, walk_model, walk_rows
from tests.ml.walks import REPLAY_START, random_walk

DAY = 86_400
EVERY = tuple(dict.fromkeys((*BASELINES, *ALL)))


def test_features_do_not_change_when_the_future_is_cut_off(eth: Bars) -> None:
    whole = make_features(realised_variance(eth))
    short = make_features(realised_variance(eth.until(REPLAY_START)))
    assert len(short) < len(whole)
    for name, column in short.columns.items():
        np.testing.assert_array_equal(column, whole[name][: len(short)], err_msg=name)
    rows = np.arange(len(short))
    for days in (1, 30):
        ahead = short.rhythm.ahead(rows, days * BARS_PER_DAY)
        np.testing.assert_array_equal(ahead, whole.rhythm.ahead(rows, days * BARS_PER_DAY))


@pytest.mark.parametrize("days", [1, 7, 30])
def test_walk_forward_does_not_change_when_the_future_is_cut_off(eth: Bars, days: int) -> None:
    whole = walk_forward(eth, days, EVERY, last_end=REPLAY_START, prior=shipped())
    short = walk_forward(eth.until(REPLAY_START), days, EVERY, prior=shipped())
    assert np.array_equal(short.end, whole.end) and len(short.end) > 50
    assert not np.isnan(short.forecasts["combination"]).any()
    assert set(short.forecasts) == {model.name for model in EVERY} | {"combination"}
    for name, forecast in short.forecasts.items():
        np.testing.assert_array_equal(forecast, whole.forecasts[name], err_msg=name)


def test_walk_forward_does_not_change_when_the_future_becomes_another(eth: Bars) -> None:
    close = eth.close.copy()
    later = eth.start >= REPLAY_START
    close[later] *= np.exp(np.cumsum(np.random.default_rng(5).normal(0, 0.05, later.sum())))
    plain = Bars("ETH", eth.start, eth.close)
    other = walk_forward(Bars("ETH", eth.start, close), 1, (*CLASSICAL, *OWN), last_end=REPLAY_START)
    same = walk_forward(plain, 1, (*CLASSICAL, *OWN), last_end=REPLAY_START)
    for name, forecast in same.forecasts.items():
        np.testing.assert_array_equal(forecast, other.forecasts[name], err_msg=name)


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


@pytest.mark.parametrize("model", EVERY, ids=lambda model: model.name)
def test_a_walk_without_memory_is_forecast_at_its_own_level(model: type[VarianceModel]) -> None:
    walk = walk_forward(random_walk(300), 1, [model])
    errors = walk.log_errors(model.name)
    # Without highs and lows the range stands above the squared returns by what it does in real markets.
    assert np.nanmean(np.exp(errors)) == pytest.approx(1, rel=0.1)
    assert walk.scores()[model.name] < 0.09


def test_models_beat_the_mean_of_history_on_real_prices(eth: Bars) -> None:
    walk = walk_forward(eth, 1, CLASSICAL)
    known = ~np.isnan(walk.target)
    constant = float(np.mean(qlike(walk.target[known], np.full(known.sum(), walk.target[known].mean()))))
    assert min(walk.scores().values()) < 0.9 * constant


def test_the_combination_beats_every_classical_model_on_real_prices(eth: Bars) -> None:
    walk = walk_forward(eth, 1, (*BASELINES, *OWN), prior=shipped())
    scores = walk.scores()
    assert scores["combination"] < min(scores[model.name] for model in BASELINES)


def test_the_combination_is_of_the_members_of_its_horizon_or_of_all_there_are() -> None:
    one, two = np.array([1.0, 4.0]), np.array([4.0, 4.0])
    assert combine({"a": one, "b": two}, 1) == pytest.approx([2.0, 4.0])
    for days in (1, 2, 7, 14, 30):
        forecasts = dict.fromkeys(members(days), two)
        assert combine(forecasts | {"other": one}, days) == pytest.approx(two)
    assert members(1) != members(7) != members(30)
    assert {name for days in (1, 7, 30) for name in members(days)} == {model.name for model in MEMBERS}


def test_a_combination_waits_for_two_members_and_not_for_the_last() -> None:
    first, second, third = members(30)
    absent = np.full(3, np.nan)
    one, two, three = np.full(3, 2.0), np.array([np.nan, 8.0, 8.0]), np.array([np.nan, np.nan, 4.0])
    found = combine({first: one, second: two, third: three, "other": np.ones(3)}, 30)
    np.testing.assert_allclose(found, [np.nan, 4.0, 4.0])
    assert np.isnan(combine({first: one, second: absent}, 30)).all()
    assert combine({first: one}, 30) == pytest.approx(one)


def test_a_model_that_began_late_does_not_keep_the_others_from_being_judged() -> None:
    count = 60
    late = np.where(np.arange(count) < 45, np.nan, 1.0)
    walk = Walk(
        1,
        DAY * np.arange(count, dtype=np.int64),
        np.random.default_rng(4).gamma(9, 1 / 9, count),
        {"early": np.full(count, 2.0), "late": late, "combination": np.ones(count)},
        np.ones(count),
    )
    found = choose(walk)
    assert found.validated and found.origins == count and set(found.qlike) == {"early", "combination"}


def test_a_prior_speaks_longer_for_a_month_than_for_a_week(eth: Bars) -> None:
    prepared = prepare(eth)
    moved = {}
    for days in (14, 30):
        model = RelativeRidge(days)
        known = sample(prepared, RelativeRidge, 14, REPLAY_START)
        start = shipped().parameters(model.name, 30, REPLAY_START)
        assert start is not None
        model.fit([known], start)
        moved[days] = np.abs(np.array(model.parameters()["coefficients"]) - np.array(start["coefficients"])).sum()
    assert 0 < moved[30] < 0.6 * moved[14]


def test_the_week_has_a_rhythm_that_is_learned_and_mean_one(eth: Bars) -> None:
    features = make_features(realised_variance(eth))
    assert features.rhythm.table.mean(axis=1) == pytest.approx(np.ones(len(features.rhythm.table)))
    saturday = int(np.flatnonzero((features.end % (7 * DAY) == 2 * DAY) & (features.end > REPLAY_START))[0])
    assert features.end[saturday] % (7 * DAY) == 2 * DAY  # Thursday was the first day of 1970
    one_day = features.rhythm.ahead(np.array([saturday, saturday + 2 * BARS_PER_DAY]), BARS_PER_DAY)
    assert one_day[0] < 0.85 < one_day[1]
    assert features.rhythm.ahead(np.array([saturday]), 7 * BARS_PER_DAY) == pytest.approx([1.0])


def test_mixture_weights_are_those_that_made_the_target_and_follow_a_prior_without_rows() -> None:
    dice = np.random.default_rng(2)
    columns = dice.lognormal(0, 1, (4000, 3))
    truth = np.array([0.6, 0.0, 0.3])
    found = least_qlike_weights(columns, columns @ truth * dice.gamma(8, 1 / 8, 4000), None)
    assert found == pytest.approx(truth, abs=0.03)
    prior = np.array([0.2, 0.5, 0.1])
    assert least_qlike_weights(columns[:5], columns[:5] @ truth, prior) == pytest.approx(prior, abs=0.02)


def test_what_was_learned_later_is_not_used_before(eth: Bars) -> None:
    prior = train({"ETH": [eth]}, [REPLAY_START])
    assert prior.parameters("ridge", 7, REPLAY_START - 1) is None
    assert prior.parameters("ridge", 7, REPLAY_START) is not None
    prepared = prepare(eth)
    rows = walk_rows(prepared, REPLAY_START - 40 * DAY, REPLAY_START)
    for model in (RelativeRidge, Mixture):
        without = walk_model(prepared, 1, model, rows, NOTHING)
        np.testing.assert_array_equal(walk_model(prepared, 1, model, rows, prior), without)


def test_a_prior_survives_its_file_and_lets_a_month_be_forecast(eth: Bars) -> None:
    prior = train({"ETH": [eth]}, [REPLAY_START])
    again = read(prior.document())
    assert isinstance(again, Prior) and again.document() == prior.document()
    later = eth._where(eth.start >= REPLAY_START)
    prepared = prepare(later)
    rows = walk_rows(prepared, 0, None)[:5]
    assert np.isnan(walk_model(prepared, 7, RelativeRidge, rows, NOTHING)).all()
    made = walk_model(prepared, 7, RelativeRidge, rows, again)
    target = future_mean(prepared.series.variance, 7 * BARS_PER_DAY)[rows]
    assert np.all(np.abs(np.log(made / target)) < 2)


def test_the_shipped_prior_was_known_at_its_moments() -> None:
    moments = [one.until for one in shipped().learned]
    assert moments == sorted(moments) and len(moments) == 3
    for learned in shipped().learned:
        assert set(learned.made_from) == {"BTC", "ETH"}
        for name, horizons in learned.models.items():
            assert set(horizons) == ({1, 7} if name == "regimes" else {1, 7, 30}), name


def test_histories_are_joined_where_the_next_begins(eth: Bars) -> None:
    early, late = eth._where(eth.start < REPLAY_START), eth._where(eth.start >= REPLAY_START)
    whole, put_together = prepare(eth), joined([late, early])
    assert np.array_equal(put_together.series.end, whole.series.end)
    middle = np.abs(whole.series.end - REPLAY_START) <= 1800
    np.testing.assert_allclose(put_together.series.variance[~middle], whole.series.variance[~middle])


def test_selection_keeps_the_combination_unless_another_is_better_for_certain(eth: Bars) -> None:
    record = select(eth.until(REPLAY_START + 30 * DAY), CLASSICAL, None)
    for choice in record.horizons:
        assert choice.validated == (choice.origins >= 30) and (choice.model in choice.qlike) == choice.validated
        assert choice.log_errors[0] < choice.log_errors[1] < choice.log_errors[2]
    for forecast in Forecaster(record).forecast(eth.until(REPLAY_START + 30 * DAY)):
        assert 0 < forecast.q10 < forecast.q50 < forecast.q90
        assert 0.1 < forecast.volatility < 3


def test_only_a_certain_winner_takes_the_place_of_the_combination() -> None:
    dice = np.random.default_rng(4)
    target = dice.gamma(4, 0.25, 300)
    near = np.exp(dice.normal(0, 0.02, 300))

    def walk(rival: np.ndarray) -> Walk:
        forecasts = {"rival": rival, "combination": np.full(300, 1.4)}
        return Walk(1, np.arange(300, dtype=np.int64) * DAY, target, forecasts, target)

    luck = 1.4 * np.exp(dice.normal(0, 0.1, 300))
    luck[:6] = target[:6]
    assert walk(luck).scores()["rival"] < walk(luck).scores()["combination"]
    assert preferred(walk(luck), np.ones(300, dtype=bool)) == "combination"
    assert preferred(walk(target * near), np.ones(300, dtype=bool)) == "rival"
    assert choose(walk(target * near)).model == "rival"


def test_a_short_history_is_answered_and_called_unvalidated() -> None:
    bars = random_walk(10)
    forecasts = Forecaster(select(bars, CLASSICAL, None)).forecast(bars)
    assert [entry.validated for entry in forecasts] == [False, False, False]
    assert forecasts[0].volatility == pytest.approx(0.6, rel=0.25)


def test_two_months_are_forecast_by_what_other_markets_taught() -> None:
    bars = random_walk(60, start=REPLAY_START + 90 * DAY)
    forecasts = Forecaster(select(bars, ALL, None)).forecast(bars)
    assert [entry.model for entry in forecasts] == ["combination"] * 3
    assert [entry.volatility for entry in forecasts] == pytest.approx([0.6] * 3, rel=0.2)


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
