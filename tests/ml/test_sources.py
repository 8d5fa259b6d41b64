"""Bars from rounds, files and the shipped history: nothing later than asked, and the chain's own prices first."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ml.bars import BAR_SECONDS, BadBars, Bars, Floats, Ints
from ml.sources import (
    ROUND_MAX_AGE,
    FeedHistory,
    FileHistory,
    Joined,
    RawBars,
    ShippedHistory,
    bars_of_rounds,
    read_bars,
    read_file,
)
from tests.ml.walks import REPLAY_START


class Rounds:
    """Rounds of one feed, counting what is asked for."""

    def __init__(self, times: list[int], prices: list[float]) -> None:
        self.times = np.array(times, dtype=np.int64)
        self.prices = np.array(prices)
        self.asked: list[int] = []

    def rounds(self, asset: str, since: int) -> tuple[Ints, Floats]:
        self.asked.append(since)
        return self.times[self.times >= since], self.prices[self.times >= since]


def test_a_bar_closes_at_the_price_in_force() -> None:
    base = REPLAY_START
    times = np.array([base + 100, base + 1700, base + 1800, base + 5000], dtype=np.int64)
    start, close = bars_of_rounds(times, np.array([10.0, 11.0, 12.0, 13.0]), base + 2 * 1800 + 1)
    assert list(start) == [base, base + 1800]
    assert list(close) == [11.0, 12.0]


def test_a_silent_feed_makes_missing_bars() -> None:
    times = np.array([REPLAY_START, REPLAY_START + 5 * ROUND_MAX_AGE], dtype=np.int64)
    start, _ = bars_of_rounds(times, np.array([10.0, 11.0]), REPLAY_START + 5 * ROUND_MAX_AGE + 1800)
    assert len(start) == ROUND_MAX_AGE // BAR_SECONDS + 1
    assert start[-1] == REPLAY_START + 5 * ROUND_MAX_AGE


def test_old_rounds_are_read_once_and_new_ones_again() -> None:
    times = list(range(REPLAY_START, REPLAY_START + 3 * 86_400, 600))
    rounds = Rounds(times, [100.0 + i for i in range(len(times))])
    feed = FeedHistory(rounds)
    now = REPLAY_START + 3 * 86_400
    first = feed.bars("ETH", now)
    rounds.prices[-1] = 7.0  # the newest round was in a block that a reorg replaced
    second = feed.bars("ETH", now)
    assert rounds.asked[0] == 0 and now - 2 * 86_400 < rounds.asked[1] < now - 86_400 + 600
    assert np.array_equal(first[1][:-1], second[1][:-1]) and second[1][-1] == 7.0


def test_the_chain_takes_over_from_the_history_where_it_begins() -> None:
    times = list(range(REPLAY_START, REPLAY_START + 86_400, 600))
    joined = Joined(ShippedHistory(), FeedHistory(Rounds(times, [1.0] * len(times))))
    start, close = joined.bars("ETH", REPLAY_START + 86_400)
    assert len(np.unique(start)) == len(start)
    assert np.all(close[start >= REPLAY_START] == 1.0)
    assert np.all(close[start < REPLAY_START] > 500)


def test_the_shipped_history_ends_at_market_time() -> None:
    start, _ = ShippedHistory().bars("BTC", REPLAY_START + 1)
    assert start.max() == REPLAY_START - BAR_SECONDS
    assert len(ShippedHistory().bars("DOGE", REPLAY_START)[0]) == 0


def write(path: Path, bars: RawBars, **columns: object) -> Path:
    pd.DataFrame({"ts": bars[0], "close": bars[1], **columns}).to_csv(path, index=False)
    return path


def test_files_with_seconds_and_with_dates_read_alike(eth: Bars, tmp_path: Path) -> None:
    by_seconds = write(tmp_path / "a.csv", (eth.start[:500], eth.close[:500]))
    dated = pd.DataFrame({"ts": pd.to_datetime(eth.start[:500], unit="s", utc=True), "close": eth.close[:500]})
    dated.to_parquet(tmp_path / "b.parquet")
    first, second = read_file(by_seconds), read_file(tmp_path / "b.parquet")
    assert np.array_equal(first[0], second[0]) and np.array_equal(first[1], second[1])
    bars, _ = read_bars(FileHistory(by_seconds), "ETH", int(eth.start[400]))
    assert bars.end == eth.start[400]


def test_files_that_are_no_bars_say_why(eth: Bars, tmp_path: Path) -> None:
    with pytest.raises(BadBars, match="cannot read"):
        read_file(tmp_path / "absent.csv")
    hourly = write(tmp_path / "hourly.csv", (eth.start[:100] * 2, eth.close[:100]))
    with pytest.raises(BadBars, match="3600 s apart"):
        read_file(hourly)
    (tmp_path / "other.csv").write_text("when,price\n1,2\n")
    with pytest.raises(BadBars, match="no column close or ts"):
        read_file(tmp_path / "other.csv")
    (tmp_path / "words.csv").write_text("ts,close\n1800,cheap\n")
    with pytest.raises(BadBars, match="close cannot be read"):
        read_file(tmp_path / "words.csv")
