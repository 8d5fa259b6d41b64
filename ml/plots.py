"""Plots of forecasts: what was expected beside what came, losses beside the baselines, and what quantiles covered.

Each function draws one figure and gives it back; `drawing.save` writes it. Nothing here opens a window.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ml.backtest import Backtest, Cut, Judged
from ml.bars import BARS_PER_YEAR, Floats
from ml.drawing import INK, OURS, QUIET
from ml.exceedances import Exceedances
from ml.models import BASELINES
from ml.quantiles import LEVELS
from ml.validation import COMBINATION

_BASELINES = {model.name for model in BASELINES}


def forecast_against_realised(result: Backtest) -> Figure:
    """Annual volatility forecast at each origin with its 10 to 90 % band, and what was realised over the horizon."""
    figure, panels = _panels(result, height=2.6)
    for axes, entry in zip(panels, result.judged, strict=True):
        walk = entry.walk
        dates = walk.end.astype("datetime64[s]")
        low, _, high = (_volatility(walk.forecasts[COMBINATION] * np.exp(entry.distances[:, k])) for k in range(3))
        axes.fill_between(dates, low, high, color=OURS, alpha=0.22, linewidth=0, label="10 .. 90 %")
        axes.plot(dates, _volatility(walk.target), color=INK, linewidth=0.7, label="realised")
        axes.plot(dates, _volatility(walk.forecasts[COMBINATION]), color=OURS, linewidth=1.0, label="forecast")
        if entry.judging.any():
            first = walk.end[entry.judging][:1].astype("datetime64[s]")[0]
            axes.axvline(first, color=QUIET, linestyle="--", linewidth=0.8, label="judged from here")
        axes.set_title(f"{result.asset}, {walk.horizon_days} days", loc="left", fontsize=9)
        axes.set_ylabel("volatility, % a year")
        axes.set_ylim(bottom=0)
    panels[0].legend(loc="upper right", ncols=4, fontsize=7, frameon=False)
    return figure


def losses_against_baselines(result: Backtest) -> Figure:
    """Mean QLIKE of the combination and of every baseline on the origins after the main cut, the least on top."""
    figure, panels = _panels(result, height=3.4)
    for axes, entry in zip(panels, result.judged, strict=True):
        _losses(axes, entry.cuts[0] if entry.cuts else None, entry)
        axes.set_title(f"{result.asset}, {entry.walk.horizon_days} days", loc="left", fontsize=9)
    return figure


def quantile_coverage(result: Backtest) -> Figure:
    """Share of judged outcomes at or below each quantile beside its level, with three points either way."""
    figure, (axes, *_) = _panels(result, height=4.0, rows=1)
    width = 0.8 / max(len(result.judged), 1)
    middle = np.arange(len(LEVELS), dtype=np.float64)
    for place, entry in enumerate(result.judged):
        at = middle + (place - (len(result.judged) - 1) / 2) * width
        shares = [0.0 if np.isnan(share) else 100 * share for share in entry.coverage]
        drawn = axes.bar(
            at, shares, width * 0.9, label=f"{entry.walk.horizon_days} days", alpha=0.5 + 0.5 / (place + 1)
        )
        axes.bar_label(drawn, fmt="%.1f", fontsize=7)
    for at, level in zip(middle, LEVELS, strict=True):
        axes.plot([at - 0.45, at + 0.45], [100 * level] * 2, color=INK, linewidth=1.0)
        axes.fill_between([at - 0.45, at + 0.45], 100 * level - 3, 100 * level + 3, color=QUIET, alpha=0.3, linewidth=0)
    axes.set_xticks(middle, [f"{level:.0%}" for level in LEVELS])
    axes.set_xlabel("quantile")
    axes.set_ylabel("outcomes at or below, %")
    axes.set_title(f"{result.asset}: coverage of the quantiles", loc="left", fontsize=9)
    axes.legend(fontsize=7, frameon=False)
    return figure


def exceedances(asset: str, found: Mapping[float, Mapping[str, Exceedances]]) -> Figure:
    """How many losses were beyond each value at risk, beside how many should have been."""
    figure = Figure(figsize=(9, 3.2), layout="constrained")
    panels = figure.subplots(1, len(found), squeeze=False)[0]
    for axes, (level, portfolios) in zip(panels, found.items(), strict=True):
        _plain(axes)
        names, ones = list(portfolios), list(portfolios.values())
        drawn = axes.barh(names, [one.count for one in ones], color=OURS, height=0.6)
        axes.bar_label(drawn, [f"{one.count}, p {one.christoffersen_p:.2f}" for one in ones], fontsize=7, padding=2)
        axes.axvline(ones[0].expected, color=INK, linewidth=1.0, linestyle="--")
        axes.set_xlim(0, 1.35 * max(ones[0].expected, *(one.count for one in ones)))
        axes.set_title(f"{asset}, {level:.0%}: {ones[0].expected:.1f} expected (dashed)", loc="left", fontsize=9)
        axes.set_xlabel(f"losses beyond it in {ones[0].days:,} days", fontsize=8)
    return figure


def _panels(result: Backtest, height: float, rows: int | None = None) -> tuple[Figure, list[Axes]]:
    count = rows or max(len(result.judged), 1)
    figure = Figure(figsize=(9, height * count), layout="constrained")
    axes = figure.subplots(count, 1, squeeze=False)[:, 0]
    for one in axes:
        _plain(one)
    return figure, list(axes)


def _plain(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=7)


def _losses(axes: Axes, cut: Cut | None, entry: Judged) -> None:
    if cut is None:
        axes.text(0.5, 0.5, "too few origins to judge", ha="center", va="center", transform=axes.transAxes)
        return
    shown = sorted(
        ((name, score) for name, score in cut.after.items() if name in _BASELINES or name == COMBINATION),
        key=lambda item: -item[1],
    )
    colours = [OURS if name == COMBINATION else QUIET for name, _ in shown]
    drawn = axes.barh([name for name, _ in shown], [score for _, score in shown], color=colours)
    axes.bar_label(drawn, fmt="%.3f", fontsize=7, padding=2)
    axes.set_xlabel(f"QLIKE, {int(entry.judging.sum())} origins; p against {entry.best_baseline} {entry.p_value:.2f}")


def _volatility(variance: Floats) -> Floats:
    return np.asarray(100 * np.sqrt(variance * BARS_PER_YEAR), dtype=np.float64)
