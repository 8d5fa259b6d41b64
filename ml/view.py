"""What is known of an asset and of a market at one time, made once and never changed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ml.bars import Bars, InputReport, VarianceSeries
from ml.forecasts import HorizonForecast
from ml.market_data import MarketInfo
from ml.registry import ModelRecord
from ml.surfaces import Shape


@dataclass(frozen=True)
class View:
    """All that follows from the bars known at one time."""

    bars: Bars
    report: InputReport
    series: VarianceSeries
    forecasts: tuple[HorizonForecast, ...]
    record: ModelRecord
    shape: Shape
    long_run: float
    doubt: str | None

    @property
    def problems(self) -> list[str]:
        """What is wrong with the input, in words."""
        return [*self.report.problems, *([self.doubt] if self.doubt else [])]


@dataclass(frozen=True)
class MarketView:
    """A market's view at a market time."""

    market: MarketInfo
    as_of: int
    view: View


def same(a: Bars, b: Bars) -> bool:
    """Whether two reads of one history gave the same."""
    return np.array_equal(a.start, b.start) and np.array_equal(a.close, b.close)


def rest(
    view: View,
) -> tuple[VarianceSeries, tuple[HorizonForecast, ...], ModelRecord, Shape, float, str | None]:
    """All but the bars and their report, which a read without news renews."""
    return view.series, view.forecasts, view.record, view.shape, view.long_run, view.doubt
