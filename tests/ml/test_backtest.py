"""The back-test of a file, through the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from ml.backtest import degraded, divide, judge
from ml.bars import BAR_SECONDS, BadBars, Bars
from ml.files import Implied, read_bars_file, read_implied_file
from ml.implied import with_implied
from ml.models import BASELINES, BY_NAME
from ml.prior import read
from ml.quantiles import adaptive, assumed, coverage
from ml.validation import Walk, prepare, walk_rows
from optionix.cli.risk import risk
from optionix.errors import UserError
from tests.ml.walks import random_walk

DAY = 86_400


def table(bars: Bars) -> pd.DataFrame:
    columns = {"open": bars.close, "high": bars.high, "low": bars.low, "close": bars.close, "volume": bars.volume}
    return pd.DataFrame({"ts": bars.start, **columns})


@pytest.fixture(scope="module")
def bars_file(eth: Bars, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bars") / "bars.csv"
    table(eth).to_csv(path, index=False)
    return path


def run(*arguments: str | Path) -> dict[str, Any]:
    result = CliRunner().invoke(risk, ["backtest", *map(str, arguments), "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    document: dict[str, Any] = json.loads(result.stdout)
    return document


def test_rows_have_a_forecast_for_each_day_and_the_report_judges_the_choice(bars_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "rows.csv"
    report = run("--bars", bars_file, "--asset", "ETH", "--horizons", "1,7", "--out", out)
    day = report["horizons"][0]
    assert set(day["qlike_after"]) == set(day["qlike_where_chosen"]) >= {model.name for model in BASELINES}
    assert day["chosen"] in day["qlike_after"] and day["best_baseline"] in {model.name for model in BASELINES}
    assert [cut["share"] for cut in day["other_cuts"]] == [0.5, 0.6, 0.8]
    assert all(1 <= cut["rank_after"] <= len(cut["qlike_after"]) for cut in day["other_cuts"])
    rows = pd.read_csv(out, keep_default_na=False)
    assert len(rows) == report["rows"] == sum(entry["origins"] for entry in report["horizons"])
    assert list(rows.columns[:7]) == ["asset", "date", "horizon", "variance", "q10", "q50", "q90"]
    assert (rows.variance > 0).all() and (rows.q10 < rows.q50).all() and (rows.q50 < rows.q90).all()
    assert set(rows.part) == {"choose", "judge"} and set(rows.horizon) == {1, 7}
    assert not rows.duplicated(["date", "horizon"]).any()
    assert set(rows.degraded) == {"short history", ""}  # half a year of it


def test_realised_is_what_follows_midnight_of_the_date(bars_file: Path, eth: Bars, tmp_path: Path) -> None:
    out = tmp_path / "rows.parquet"
    run("--bars", bars_file, "--horizons", "1", "--from", "2023-03-01", "--to", "2023-03-02", "--out", out)
    rows = pd.read_parquet(out)
    assert rows.date.tolist() == ["2023-03-01", "2023-03-02"]
    begin = int(pd.Timestamp("2023-03-01", tz="UTC").timestamp())
    inside = (eth.start >= begin - BAR_SECONDS) & (eth.start < begin + DAY)
    assert rows.realised[0] == pytest.approx(np.sum(np.diff(np.log(eth.close[inside])) ** 2))


def test_rows_do_not_change_when_the_future_is_cut_off(bars_file: Path, eth: Bars, tmp_path: Path) -> None:
    cut = tmp_path / "cut.csv"
    end = int(pd.Timestamp("2023-04-02", tz="UTC").timestamp())
    table(eth.until(end)).to_csv(cut, index=False)
    for path, name in ((bars_file, "whole.csv"), (cut, "short.csv")):
        run("--bars", path, "--horizons", "1,7,30", "--to", "2023-04-02", "--out", tmp_path / name)
    known = ["asset", "date", "horizon", "variance", "q10", "q50", "q90", "model", "degraded"]
    whole, short = (pd.read_csv(tmp_path / name, keep_default_na=False)[known] for name in ("whole.csv", "short.csv"))
    assert len(whole) > 300 and whole.date.max() == "2023-04-02"
    pd.testing.assert_frame_equal(whole, short, check_exact=True)


def test_implied_volatility_is_used_where_it_was_known(bars_file: Path, tmp_path: Path) -> None:
    implied = tmp_path / "implied.csv"
    days = pd.date_range("2023-02-01", "2023-05-31").strftime("%Y-%m-%d")
    pd.DataFrame({"date": days, "dvol_close": 60.0}).to_csv(implied, index=False)
    out = tmp_path / "rows.csv"
    report = run("--bars", bars_file, "--implied", implied, "--horizons", "30", "--out", out)
    assert {"implied", "without-implied"} <= set(report["horizons"][0]["qlike_after"])
    rows = pd.read_csv(out, keep_default_na=False).set_index("date")
    # The close of a day is known when it ends.
    assert "no implied volatility" in rows.degraded["2023-02-01"]
    assert "no implied volatility" not in rows.degraded["2023-02-02"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--bars", "absent.csv"], "cannot read bars"),
        (["--bars", "{bars}", "--horizons", "one"], "not a list of days"),
        (["--bars", "{bars}", "--horizons", "0"], "from 1 to 90"),
        (["--bars", "{bars}", "--from", "yesterday"], "not a date"),
        (["--bars", "{bars}", "--from", "2023-05-01", "--to", "2023-04-01"], "Exchange"),
        (["--bars", "{bars}", "--to", "2022-11-20", "--horizons", "7"], "longer history"),
        (["--bars", "{bars}", "--horizons", "1", "--implied", "absent.csv"], "cannot read"),
        (["--bars", "{bars}", "--horizons", "1", "--engine", "dask"], "needs a scheduler"),
    ],
)
def test_what_cannot_be_tested_says_why(bars_file: Path, arguments: list[str], words: str) -> None:
    given = [word.format(bars=bars_file) for word in arguments]
    with pytest.raises(UserError, match=words):
        CliRunner().invoke(risk, ["backtest", *given], catch_exceptions=False)


def written(frame: pd.DataFrame, folder: Path) -> Path:
    path = folder / "bars.csv"
    frame.to_csv(path, index=False)
    return path


def spoiled(name: str) -> pd.DataFrame:
    walk = random_walk(40)
    frame = pd.DataFrame({"ts": walk.start, "close": walk.close})
    if name == "columns":
        return frame.rename(columns={"close": "price"})
    if name == "no times":
        return frame.rename(columns={"ts": "when"})
    if name == "words":
        return frame.assign(close="high")
    if name == "dates":
        return frame.assign(ts="soon")
    if name == "lost times":
        return frame.assign(ts=frame.ts.where(frame.index != 7))
    if name == "step":
        return frame.assign(ts=walk.start[0] + 1260 * np.arange(len(walk)))
    if name == "week":
        return frame.assign(ts=walk.start[0] + 7 * DAY * np.arange(len(walk)))
    if name == "off":
        return frame.assign(ts=frame.ts + 60)
    if name == "short":
        return frame[:100]
    if name == "one":
        return frame[:1]
    if name == "nothing":
        return frame[:0]
    if name == "absurd":
        return frame.assign(close=frame.close.where(frame.index % 3 > 0, -1.0))
    raise AssertionError(name)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("columns", "no column close"),
        ("no times", "no column ts"),
        ("words", "prices of close cannot be read"),
        ("dates", "times of ts cannot be read"),
        ("lost times", "1 bars have no time"),
        ("step", "1260 s apart"),
        ("week", "604800 s apart"),
        ("off", "half hour"),
        ("short", "a week"),
        ("one", "one bar"),
        ("nothing", "no bars"),
        ("absurd", "absurd prices"),
    ],
)
def test_a_file_that_is_no_price_history_is_one_clear_error(name: str, words: str, tmp_path: Path) -> None:
    path = written(spoiled(name), tmp_path)
    with pytest.raises(UserError, match=words):
        CliRunner().invoke(risk, ["backtest", "--bars", str(path)], catch_exceptions=False)


def test_forty_days_are_too_short_for_a_walk_and_say_so(tmp_path: Path) -> None:
    walk = random_walk(20)
    path = written(pd.DataFrame({"ts": walk.start, "close": walk.close}), tmp_path)
    with pytest.raises(UserError, match="longer history"):
        CliRunner().invoke(risk, ["backtest", "--bars", str(path)], catch_exceptions=False)


def test_order_duplicates_and_lost_bars_leave_the_rest_as_it_was(eth: Bars, tmp_path: Path) -> None:
    frame = table(eth)
    worse = pd.concat([frame[::-1], frame[100:120]])
    bars, report = read_bars_file(written(worse, tmp_path), "ETH")
    assert report.duplicates == 20 and np.array_equal(bars.close, eth.close)
    gap = (frame.ts >= 1675209600) & (frame.ts < 1675209600 + DAY)  # 2023-02-01
    bars, _ = read_bars_file(written(frame[~gap], tmp_path), "ETH")
    prepared = prepare(bars)
    reasons = degraded(bars, walk_rows(prepared, 0, None), prepared)
    named = {pd.Timestamp(end, unit="s").strftime("%m-%d") for end, why in reasons.items() if "gappy" in why}
    assert named == {"02-02", "02-03", "02-04", "02-05", "02-06", "02-07", "02-08"}
    assert "stale" in reasons[1675209600 + DAY] and "stale" not in reasons[1675209600 + 2 * DAY]


def test_an_absurd_high_is_left_out_and_a_real_one_kept(eth: Bars, tmp_path: Path) -> None:
    frame = table(eth)
    frame.loc[500, "high"] *= 4
    frame.loc[900, "low"] = 0.0
    bars, report = read_bars_file(written(frame, tmp_path), "ETH")
    assert report.bad_ticks == 2
    assert bars.high is not None and np.isnan(bars.high[[500, 900]]).all() and not np.isnan(bars.high[501])
    series, sound = prepare(bars).series, prepare(eth).series
    assert series.ranges is not None and sound.ranges is not None
    assert series.ranges[499] == series.variance[499]
    assert np.sum(series.ranges != sound.ranges) == 2


@pytest.mark.parametrize("step", [3600, 4 * 3600, DAY])
def test_longer_bars_are_forecast_and_marked(eth: Bars, step: int, tmp_path: Path) -> None:
    frame = table(eth)
    groups = frame.groupby(frame.ts // step * step)
    longer = groups.agg({"high": "max", "low": "min", "close": "last", "volume": "sum"}).reset_index()
    out = tmp_path / "rows.csv"
    report = run("--bars", written(longer, tmp_path), "--horizons", "7", "--out", out)
    assert report["inputs"]["step_seconds"] == step
    rows = pd.read_csv(out)
    assert rows.degraded.str.contains(f"bars of {step} s").all()
    known = rows.realised.notna()
    assert np.median(rows.variance[known] / rows.realised[known]) == pytest.approx(1, abs=0.6)


def test_finer_bars_are_put_together(tmp_path: Path) -> None:
    walk = random_walk(10)
    start = np.repeat(walk.start, 2) + np.tile([0, 900], len(walk))
    frame = pd.DataFrame({"ts": start, "close": np.repeat(walk.close, 2), "high": 1e4, "low": 1.0, "volume": 2.0})
    bars, _ = read_bars_file(written(frame.drop(index=7), tmp_path), "ETH")
    assert len(bars) == len(walk) - 1 and bars.step == BAR_SECONDS
    assert bars.close[:3] == pytest.approx(walk.close[:3]) and bars.start[3] == walk.start[4]
    assert bars.volume is not None and bars.volume[0] == 4


@pytest.mark.parametrize("unit", [1, 1000, 1_000_000_000])
def test_times_are_seconds_or_finer_or_dates(unit: int, tmp_path: Path) -> None:
    walk = random_walk(10)
    path = written(pd.DataFrame({"timestamp": walk.start * unit, "Close": walk.close}), tmp_path)
    assert np.array_equal(read_bars_file(path, "ETH")[0].start, walk.start)
    path = written(pd.DataFrame({"date": pd.to_datetime(walk.start, unit="s"), "close": walk.close}), tmp_path)
    assert np.array_equal(read_bars_file(path, "ETH")[0].start, walk.start)


def test_implied_files_in_points_or_decimals_are_read_and_others_refused(tmp_path: Path) -> None:
    points = written(pd.DataFrame({"date": ["2023-01-02", "2023-01-01"], "dvol_close": [60.0, 50.0]}), tmp_path)
    implied = read_implied_file(points)
    assert implied.variance == pytest.approx([0.25, 0.36])
    first = int(pd.Timestamp("2023-01-02", tz="UTC").timestamp())
    assert implied.known.tolist() == [first, first + DAY]
    found = implied.at(np.array([first - 1, first, first + DAY + 1, first + 10 * DAY]))
    assert np.isnan(found[[0, 3]]).all() and found[1:3] == pytest.approx([0.25, 0.36])
    decimals = written(pd.DataFrame({"ts": ["2023-01-02T06:00:00Z"], "iv": [0.5]}), tmp_path)
    assert read_implied_file(decimals).variance == pytest.approx([0.25])
    assert read_implied_file(decimals).known[0] == first + 6 * 3600
    for columns, words in (
        ({"date": ["2023-01-02"], "vol": [0.5]}, "none of the columns"),
        ({"date": ["2023-01-02"], "iv": [0.0]}, "above zero"),
    ):
        with pytest.raises(BadBars, match=words):
            read_implied_file(written(pd.DataFrame(columns), tmp_path))


def walk_of(target: np.ndarray, days: int = 1, **forecasts: np.ndarray) -> Walk:
    end = np.arange(len(target), dtype=np.int64) * DAY
    combination = forecasts.pop("combination", np.full(len(target), 1.5))
    return Walk(days, end, target, {**forecasts, "combination": combination}, target)


def test_the_premium_of_implied_volatility_is_learned_late() -> None:
    target = np.full(200, 2.0)
    implied = Implied(np.arange(200, dtype=np.int64) * DAY, np.full(200, 4.0 * 48 * 365))
    walk, known = with_implied(walk_of(target, 30, combination=np.full(200, 2.0)), implied, np.ones(200))
    assert known.all()
    assert walk.forecasts["implied"][:30] == pytest.approx(4.0 * 0.75)
    assert 2.0 < walk.forecasts["implied"][-1] < 2.5
    assert np.all(walk.forecasts["combination"] > 2.0)


def test_the_choice_is_made_on_the_first_part_and_judged_after_a_gap() -> None:
    target = np.ones(400)
    early = np.where(np.arange(400) < 280, 1.0, 9.0)
    walk = walk_of(target, 7, early=early)
    cut = divide(walk, 0.7)
    assert cut is not None
    assert cut.chosen == "early"  # best where it was chosen, and bad afterwards: said, not hidden
    assert cut.after["early"] > cut.after["combination"] and cut.rank == 1
    judged = judge(walk)
    assert walk.end[judged.judging][0] == walk.end[279] + 7 * DAY
    assert divide(walk_of(target[:20]), 0.7) is None


def test_a_difference_from_the_best_baseline_says_how_sure_it_is() -> None:
    dice = np.random.default_rng(11)
    target = dice.gamma(20, 1 / 20, 400)
    name = BASELINES[0].name
    walk = Walk(7, np.arange(400, dtype=np.int64) * DAY, target, {"combination": np.ones(400)}, target)
    worse = judge(walk.with_forecast(name, np.full(400, 2.0)))
    assert worse.best_baseline == name and worse.interval[0] < worse.interval[1] < 0 and worse.p_value < 0.01
    luck = judge(walk.with_forecast(name, np.exp(0.05 * dice.standard_normal(400))))
    assert luck.interval[0] < 0 < luck.interval[1] and luck.p_value > 0.05
    origins = int(luck.judging.sum())
    assert (luck.independent - 1) * 7 < origins <= luck.independent * 7
    few = judge(walk_of(target[:60], 7).with_forecast(name, np.full(60, 2.0)))
    assert few.cuts and few.best_baseline == name and few.independent == 2 and np.isnan(few.interval).all()


@pytest.mark.parametrize("days", [1, 7, 30])
def test_quantiles_find_their_share_whatever_the_errors_do(days: int) -> None:
    dice = np.random.default_rng(3)
    daily = dice.gamma(3, 1 / 3, 1200 + days)
    level = np.where(np.arange(len(daily)) < 600, 1.0, 0.4)  # the forecasts know nothing of the fall
    daily = daily * level
    target = np.array([daily[start : start + days].mean() for start in range(1200)])
    walk = Walk(days, np.arange(1200, dtype=np.int64) * DAY, target, {"combination": np.ones(1200)}, daily[:1200])
    distances = adaptive(walk, "combination")
    assert np.all(np.diff(distances, axis=1) >= 0)
    covered = coverage(walk.log_errors("combination"), distances)
    assert covered == pytest.approx((0.1, 0.5, 0.9), abs=0.03 if days < 30 else 0.09)


def test_quantiles_know_nothing_of_outcomes_to_come() -> None:
    target = np.random.default_rng(1).gamma(3, 1 / 3, 120)
    changed = target.copy()
    changed[80:] *= 7
    for days in (1, 7, 30):
        known = adaptive(walk_of(target, days), "combination")[: 81 - days]
        np.testing.assert_array_equal(adaptive(walk_of(changed, days), "combination")[: 81 - days], known)
    assert adaptive(walk_of(target), "combination")[0] == pytest.approx(assumed(1), abs=0.02)


def test_every_name_in_a_report_is_a_model() -> None:
    assert len(BY_NAME) == len({*BY_NAME})
    assert all(name == model.name for name, model in BY_NAME.items())


def test_training_writes_what_was_learned_and_names_what_it_lacks(bars_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "prior.json"

    def train(*arguments: str) -> Any:
        return CliRunner().invoke(risk, ["train", "--out", str(out), *arguments, "--json"], catch_exceptions=False)

    bars = f"ETH={bars_file}"
    done = train("--bars", bars, "--until", "2023-03-06")
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    moment = int(pd.Timestamp("2023-03-06", tz="UTC").timestamp())
    assert [one["until"] for one in report["learned"]] == [moment] and "mixture" in report["models"]
    assert read(out.read_text()).parameters("mixture", 7, moment) is not None
    for arguments, words in (
        (["--bars", str(bars_file), "--until", "2023-03-06"], "has no asset"),
        (["--bars", "ETH=absent.csv", "--until", "2023-03-06"], "cannot read"),
        (["--bars", bars, "--until", "2021-03-06"], "no bars before"),
        (["--bars", bars, "--until", "2022-11-20"], "longer history"),
        (["--bars", bars, "--until", "soon"], "not a date"),
    ):
        with pytest.raises(UserError, match=words):
            train(*arguments)
