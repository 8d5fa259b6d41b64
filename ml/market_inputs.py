"""What a market's share of an account's risk was made of: how old the spot, the slices and the bars are."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from ml.bars import InputReport
from optionix.pricing.ssvi import PackedSlice

SPOT_MAX_AGE = 3600
"""A spot older than this (market time, seconds) is doubted: no feed that works is silent for so long."""


@dataclass(frozen=True)
class MarketInputs:
    """Ages in seconds of market time.

    Attributes
    ----------
    spot_age : since the feed's last round.
    slice_age : since the oldest of the slices that price something was posted; None where none does.
    heartbeat : the age at which the contracts trust a slice no longer; 0 where none is known.
    report : of the bars behind the tails; None where they are too few to be read.
    history : why there is no tail; empty where there is one.
    """

    market: int
    symbol: str
    spot_age: int
    slice_age: int | None
    heartbeat: int
    report: InputReport | None = None
    history: str = ""

    @property
    def stale(self) -> bool:
        """Whether the spot, a slice or the bars are too old."""
        return self._spot_stale or self._slices_stale or (self.report is not None and self.report.stale)

    @property
    def gappy(self) -> bool:
        """Whether the bars are too full of holes."""
        return self.report is not None and self.report.gappy

    @property
    def _spot_stale(self) -> bool:
        return self.spot_age > SPOT_MAX_AGE

    @property
    def _slices_stale(self) -> bool:
        return self.slice_age is not None and 0 < self.heartbeat < self.slice_age

    @property
    def problems(self) -> list[str]:
        """What is wrong, in words; empty when nothing is."""
        found = [self.history] if self.history else []
        if self._spot_stale:
            found.append(f"stale: the feed's last round is {self.spot_age} s old")
        if self._slices_stale:
            found.append(f"stale: a volatility slice is {self.slice_age} s old, and is trusted for {self.heartbeat} s")
        return found + (self.report.problems if self.report is not None else [])


def slice_age(slices: Mapping[int, PackedSlice], expiries: Collection[int], now: int) -> int | None:
    """Age of the oldest slice that prices one of these expiries, which lie ahead."""
    ages = [now - slices[expiry].timestamp for expiry in expiries if expiry in slices and expiry > now]
    return max(ages, default=None)
