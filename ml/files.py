"""Bars and implied volatilities from files, CSV or Parquet."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ml.bars import BAR_SECONDS, BadBars, Bars, Floats, InputReport, Ints, clean

_DAY = 86_400
_TIMES = ("ts", "time", "timestamp", "date")
_IMPLIED = ("dvol_close", "implied", "iv", "dvol", "close", "value")
_UNITS = ((1e17, 1_000_000_000), (1e14, 1_000_000), (1e11, 1000))
"""Numbers above the first are nanoseconds, microseconds, milliseconds: divided by the second they are seconds."""
MANY_BAD = 0.2
"""A file of which a larger share is bad is no price history."""


def read_bars_file(path: Path, asset: str) -> tuple[Bars, InputReport]:
    """Cleaned bars of a file with a time (`ts`), `close`, and `high`, `low`, `volume` where there are any.

    Bars finer than half an hour are put together. Longer ones, up to a day, are kept as they are.

    Raises
    ------
    BadBars
        The file cannot be read, its step is not one that days are made of, or too little of it can be used.
    """
    frame = _read(path)
    start = _times(path, frame)
    if "close" not in frame.columns:
        raise BadBars(f"{path} has no column close: bars need ts and close")
    columns = {
        name: _numbers(path, frame, name) for name in ("close", "high", "low", "volume") if name in frame.columns
    }
    step = _step(path, start)
    if step < BAR_SECONDS:
        start, columns = _put_together(start, columns, step)
        step = BAR_SECONDS
    extremes = "high" in columns and "low" in columns
    bars, report = clean(
        asset,
        start,
        columns["close"],
        int(start.max()) + step,
        high=columns["high"] if extremes else None,
        low=columns["low"] if extremes else None,
        volume=columns.get("volume"),
        step=step,
    )
    if report.bad_ticks > MANY_BAD * len(start):
        raise BadBars(f"{path}: {report.bad_ticks} of {len(start)} bars have absurd prices: this is no price history")
    return bars, report


@dataclass(frozen=True)
class Implied:
    """A history of implied volatility.

    Attributes
    ----------
    known : when each value was known, seconds, ascending.
    variance : annual variance.
    """

    known: Ints
    variance: Floats

    def at(self, moments: Ints, max_age: int = 3 * _DAY) -> Floats:
        """The newest variance known at each moment; NaN where there is none, or none of the last days."""
        newest = np.searchsorted(self.known, moments, side="right") - 1
        fresh = (newest >= 0) & (moments - self.known[np.maximum(newest, 0)] <= max_age)
        return np.where(fresh, self.variance[np.maximum(newest, 0)], np.nan)


def read_implied_file(path: Path) -> Implied:
    """Implied volatility of a file with a time and one of `dvol_close`, `implied`, `iv`, `dvol`, `close`, `value`.

    A date without a time of day is that day's close: it is known when the day ends. Values above 4 are taken as points
    (percent), others as decimals.

    Raises
    ------
    BadBars
        The file cannot be read or has no such columns or values.
    """
    frame = _read(path)
    moments = _times(path, frame)
    name = next((name for name in _IMPLIED if name in frame.columns), None)
    if name is None:
        raise BadBars(f"{path} has none of the columns {', '.join(_IMPLIED)}: which is the implied volatility?")
    values = _numbers(path, frame, name)
    sound = np.isfinite(values) & (values > 0)
    if not sound.any():
        raise BadBars(f"{path}: {name} has no value above zero")
    if np.median(values[sound]) > 4:
        values = values / 100
    sound &= values < 10
    if np.all(moments % _DAY == 0):
        moments = moments + _DAY
    order = np.argsort(moments[sound], kind="stable")
    return Implied(moments[sound][order], values[sound][order] ** 2)


def _read(path: Path) -> pd.DataFrame:
    try:
        frame = pd.read_parquet(path) if path.suffix in (".parquet", ".pq") else pd.read_csv(path)
    except (OSError, ValueError) as error:
        raise BadBars(f"cannot read bars from {path}: {error}") from error
    if not len(frame):
        raise BadBars(f"{path} has no bars")
    frame.columns = [str(name).strip().lower() for name in frame.columns]
    return frame


def _times(path: Path, frame: pd.DataFrame) -> Ints:
    name = next((name for name in _TIMES if name in frame.columns), None)
    if name is None:
        raise BadBars(f"{path} has no column ts: bars need ts and close")
    times = frame[name]
    if pd.api.types.is_numeric_dtype(times):
        numbers = times.to_numpy(dtype=np.float64)
        if not np.all(np.isfinite(numbers)):
            raise BadBars(f"{path}: {int(np.sum(~np.isfinite(numbers)))} bars have no time in {name}")
        divisor = next((unit for above, unit in _UNITS if np.median(numbers) > above), 1)
        return np.asarray(numbers // divisor, dtype=np.int64)
    try:
        moments = pd.to_datetime(times, utc=True)
    except (ValueError, TypeError) as error:
        raise BadBars(f"{path}: the times of {name} cannot be read: {error}") from error
    if moments.isna().any():
        raise BadBars(f"{path}: {int(moments.isna().sum())} bars have no time in {name}")
    return np.asarray(moments.astype("datetime64[s, UTC]").astype("int64").to_numpy(), dtype=np.int64)


def _numbers(path: Path, frame: pd.DataFrame, name: str) -> Floats:
    try:
        return frame[name].to_numpy(dtype=np.float64)
    except (ValueError, TypeError) as error:
        raise BadBars(f"{path}: the prices of {name} cannot be read: {error}") from error


def _step(path: Path, start: Ints) -> int:
    """Seconds between bars: the most common difference."""
    gaps = np.diff(np.unique(start))
    if not len(gaps):
        raise BadBars(f"{path} has one bar: a forecast needs a week of them")
    values, counts = np.unique(gaps, return_counts=True)
    step = int(values[np.argmax(counts)])
    if (BAR_SECONDS % step and step % BAR_SECONDS) or step > _DAY or _DAY % step:
        raise BadBars(f"{path}: bars are {step} s apart; use 30-minute bars ({BAR_SECONDS} s), or hourly or daily ones")
    return step


def _put_together(start: Ints, columns: dict[str, Floats], step: int) -> tuple[Ints, dict[str, Floats]]:
    """Half hours of finer bars; one whose last bar is missing is missing."""
    frame = pd.DataFrame({"start": start, **columns}).drop_duplicates("start", keep="last").sort_values("start")
    half = frame["start"].to_numpy(dtype=np.int64) // BAR_SECONDS * BAR_SECONDS
    how = {"close": "last", "high": "max", "low": "min", "volume": "sum", "start": "last"}
    together = frame.groupby(half).agg({name: how[name] for name in frame.columns})
    whole = together["start"].to_numpy() == together.index.to_numpy() + BAR_SECONDS - step
    together = together[whole]
    return half[np.append(half[1:] != half[:-1], True)][whole], {name: together[name].to_numpy() for name in columns}
