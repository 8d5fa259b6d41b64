"""What a back-test of one asset says, as parts of a report: forecasts, losses, coverage, values at risk."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from ml import plots
from ml.backtest import Backtest
from ml.bars import Bars
from ml.exceedances import WINDOW_DAYS, Exceedances, of_bars
from ml.page import Plot
from ml.paths import TooFewDays


def forecast_plots(result: Backtest) -> Iterator[Plot]:
    """Forecasts beside what came, losses beside the baselines, and what the quantiles covered."""
    asset = result.asset
    name = asset.lower()
    yield Plot(
        f"{name}-forecasts", f"{asset}: forecasts and what came", "Volatility, annual. Forecasts know nothing after "
        "their date; realised volatility is of 30-minute returns over the whole horizon after it.",
        plots.forecast_against_realised(result),
    )  # fmt: skip
    yield Plot(
        f"{name}-losses", f"{asset}: losses beside the baselines",
        "Mean QLIKE on origins after the cut up to which models were chosen; less is better; p is Diebold and "
        "Mariano's.",
        plots.losses_against_baselines(result),
    )  # fmt: skip
    yield Plot(
        f"{name}-coverage", f"{asset}: coverage of the quantiles",
        "Share of outcomes at or below each quantile. A line where the bar should end; the band is three points either "
        "way.", plots.quantile_coverage(result),
    )  # fmt: skip


def exceedance_plots(bars: Bars) -> Iterator[Plot]:
    """How often and how clustered losses were beyond the value at risk; nothing where the history is too short."""
    try:
        found = of_bars(bars)
    except TooFewDays:
        return
    yield Plot(
        f"{bars.asset.lower()}-exceedances", f"{bars.asset}: losses beyond the value at risk",
        f"One-day values at risk, each from the {WINDOW_DAYS} days before it, against what came. Kupiec's p: so "
        "far-off a frequency where the level is right; Christoffersen's: that and clusters together. Below 0.01 the "
        "value at risk is refuted.", plots.exceedances(bars.asset, found), table(found),
    )  # fmt: skip


def table(found: Mapping[float, Mapping[str, Exceedances]]) -> list[list[str]]:
    """Rows of words, with a head."""
    rows = [["portfolio", "level", "days", "exceeded", "expected", "Kupiec p", "independence p", "Christoffersen p"]]
    rows += [
        [
            name, f"{level:.0%}", f"{one.days:,}", f"{one.count}", f"{one.expected:.1f}", f"{one.kupiec_p:.3f}",
            "-" if math.isnan(one.independence_p) else f"{one.independence_p:.3f}", f"{one.christoffersen_p:.3f}",
        ]
        for level, portfolios in found.items()
        for name, one in portfolios.items()
    ]  # fmt: skip
    return rows
