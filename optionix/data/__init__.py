"""The shipped price history: half-hour bars of ETH and BTC. README.md beside the files names their source."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from optionix.errors import UserError

BAR_SECONDS = 1800

_FILES = {"ETH": "ethusdt_30m.csv.gz", "BTC": "btcusdt_30m.csv.gz"}

ASSETS = tuple(_FILES)
"""Symbols that there is a history for."""


@dataclass(frozen=True)
class Bars:
    """Bars of one asset in rising order; arrays of one length, not to be written to.

    Parameters
    ----------
    asset
        Symbol, `ETH` or `BTC`.
    ts
        Opening of each bar, Unix seconds UTC, a multiple of 1800. Bars may be missing.
    open, high, low, close
        Prices, USD.
    volume
        Base coin.
    """

    asset: str
    ts: NDArray[np.int64]
    open: NDArray[np.float64]
    high: NDArray[np.float64]
    low: NDArray[np.float64]
    close: NDArray[np.float64]
    volume: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.ts)

    @property
    def end(self) -> int:
        """Close of the last bar, Unix seconds."""
        return int(self.ts[-1]) + BAR_SECONDS

    def until(self, timestamp: int) -> Bars:
        """The bars that have closed at `timestamp`: nothing that could not be known then."""
        count = int(np.searchsorted(self.ts, timestamp - BAR_SECONDS, side="right"))
        prices = (self.open, self.high, self.low, self.close, self.volume)
        return Bars(self.asset, self.ts[:count], *(column[:count] for column in prices))


@lru_cache(maxsize=len(_FILES))
def _history(asset: str) -> Bars:
    with (files(__name__) / _FILES[asset]).open("rb") as packed, gzip.open(packed, "rt") as text:
        table = np.loadtxt(text, delimiter=",", skiprows=1, dtype=np.float64)
    times = table[:, 0].astype(np.int64)
    columns = [table[:, k].copy() for k in range(1, 6)]
    for column in (times, *columns):
        column.setflags(write=False)
    return Bars(asset, times, *columns)


def load_bars(asset: str, until: int | None = None) -> Bars:
    """The shipped history of an asset.

    Parameters
    ----------
    asset
        `ETH` or `BTC`.
    until
        Market time, Unix seconds: only bars that had closed then are given, so that nobody can look ahead.
        None gives all, for the replay itself.

    Raises
    ------
    UserError
        There is no history of that asset.
    """
    if asset not in _FILES:
        raise UserError(f"There is no price history of {asset!r}.", f"Known are {', '.join(ASSETS)}.")
    bars = _history(asset)
    return bars if until is None else bars.until(until)
