"""Where bars come from: the shipped history, a file, the rounds of a feed, or one after the other."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd

from ml.bars import BAR_SECONDS, BadBars, Bars, Floats, InputReport, Ints, clean
from optionix.data import ASSETS, load_bars

RawBars = tuple[Ints, Floats]
"""Opening times (seconds) and closing prices, in any order and state."""

ROUND_MAX_AGE = 7200
"""A price that has been in force for longer than this says nothing about a bar: the bar is missing."""


class BarSource(Protocol):
    """Anything that gives bars of an asset."""

    name: str

    def bars(self, asset: str, until: int) -> RawBars:
        """Bars that had closed at `until`, seconds of market time; none for an asset that it does not know."""
        ...


def no_bars() -> RawBars:
    """Nothing known."""
    return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float64)


class ShippedHistory:
    """The half-hour bars that come with Optionix."""

    name = "history"

    def bars(self, asset: str, until: int) -> RawBars:
        """See `BarSource.bars`; the loader itself gives nothing later than `until`."""
        if asset not in ASSETS:
            return no_bars()
        known = load_bars(asset, until)
        return known.ts, known.close


class FileHistory:
    """Bars of one file, CSV or Parquet, with columns `ts` (opening: seconds or a date) and `close`."""

    def __init__(self, path: Path) -> None:
        self.name = path.name
        self._start, self._close = read_file(path)

    def bars(self, asset: str, until: int) -> RawBars:
        """See `BarSource.bars`; a file holds one asset, whichever is asked for."""
        known = self._start + BAR_SECONDS <= until
        return self._start[known], self._close[known]


def read_file(path: Path) -> RawBars:
    """Times and closes of a file of bars.

    Raises
    ------
    BadBars
        When the file cannot be read, has no such columns, or its step is not half an hour.
    """
    try:
        frame = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    except (OSError, ValueError) as error:
        raise BadBars(f"cannot read bars from {path}: {error}") from error
    missing = {"ts", "close"} - set(frame.columns)
    if missing:
        raise BadBars(f"{path} has no column {' or '.join(sorted(missing))}: bars need ts and close")
    times = frame["ts"]
    if pd.api.types.is_numeric_dtype(times):
        start = times.to_numpy(dtype=np.int64)
    else:
        try:
            start = pd.to_datetime(times, utc=True).astype("datetime64[s, UTC]").astype("int64").to_numpy()
        except (ValueError, TypeError) as error:
            raise BadBars(f"{path}: the times of ts cannot be read: {error}") from error
    try:
        close = frame["close"].to_numpy(dtype=np.float64)
    except (ValueError, TypeError) as error:
        raise BadBars(f"{path}: the prices of close cannot be read: {error}") from error
    if len(start) > 1:
        step = int(np.median(np.diff(np.sort(start))))
        if step != BAR_SECONDS:
            raise BadBars(f"{path}: bars are {step} s apart; forecasts use 30-minute bars ({BAR_SECONDS} s)")
    return start, close


class RoundReader(Protocol):
    """Rounds of a market's feed, as indexed."""

    def rounds(self, asset: str, since: int) -> tuple[Ints, Floats]:
        """Times (seconds) and prices of the rounds dated at or after `since`, ascending."""
        ...


@dataclass
class FeedHistory:
    """Bars made of a feed's rounds: a bar closes at the price in force at its end.

    Rounds older than a day are read once; the newest are read again each time, as a reorg may have changed them.
    """

    reader: RoundReader
    name: str = "feed"
    _kept: dict[str, tuple[Ints, Floats]] = field(default_factory=dict)

    def bars(self, asset: str, until: int) -> RawBars:
        """See `BarSource.bars`."""
        kept_times, kept_prices = self._kept.get(asset, no_bars())
        settled = kept_times < until - 86_400
        kept_times, kept_prices = kept_times[settled], kept_prices[settled]
        since = int(kept_times[-1]) + 1 if len(kept_times) else 0
        times, prices = self.reader.rounds(asset, since)
        times, prices = np.concatenate([kept_times, times]), np.concatenate([kept_prices, prices])
        self._kept[asset] = times, prices
        return bars_of_rounds(times, prices, until)


def bars_of_rounds(times: Ints, prices: Floats, until: int) -> RawBars:
    """Bars closed at `until` from rounds in order of time; the first whole bar is the one after the first round."""
    if not len(times):
        return no_bars()
    first_end = (int(times[0]) // BAR_SECONDS + 1) * BAR_SECONDS
    ends = np.arange(first_end, until + 1, BAR_SECONDS, dtype=np.int64)
    if not len(ends):
        return no_bars()
    # A round dated exactly at the end belongs to the next bar, as in a file of bars.
    newest = np.searchsorted(times, ends, side="left") - 1
    alive = (newest >= 0) & (ends - times[newest] <= ROUND_MAX_AGE)
    return ends[alive] - BAR_SECONDS, prices[newest[alive]]


class Joined:
    """The chain's own prices, and before the first of them another history."""

    def __init__(self, before: BarSource, feed: BarSource) -> None:
        self.before = before
        self.feed = feed
        self.name = f"{before.name}, then {feed.name}"

    def bars(self, asset: str, until: int) -> RawBars:
        """See `BarSource.bars`."""
        start, close = self.feed.bars(asset, until)
        older_start, older_close = self.before.bars(asset, int(start[0]) if len(start) else until)
        return np.concatenate([older_start, start]), np.concatenate([older_close, close])


def read_bars(source: BarSource, asset: str, now: int) -> tuple[Bars, InputReport]:
    """Cleaned bars of a source at a market time, with their report.

    Raises
    ------
    BadBars
        When there are too few to forecast from.
    """
    start, close = source.bars(asset, now)
    return clean(asset, start, close, now)
