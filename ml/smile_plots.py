"""Plots of option quotes and what follows from them: smiles, the fitted surface, a scenario matrix."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
from matplotlib.colors import TwoSlopeNorm
from matplotlib.figure import Figure

from ml.calibration.surface import FittedSlice, FittedSurface
from ml.drawing import DARK, INK, LIGHT, OTHER, OURS
from ml.scenarios import Scenario

_COLUMNS = 3
_LEAST_MONEY = 0.02
_DARK = 0.72
"""Beyond this share of the scale a cell is too dark for dark figures."""
_FRAME = {"facecolor": "none", "edgecolor": DARK, "linewidth": 1.8, "pad": 4}


def smiles(surface: FittedSurface) -> Figure:
    """Quoted volatilities of each expiry by strike over forward, with raw SVI and the contract's slice through them."""
    count = len(surface.slices)
    rows = max(-(-count // _COLUMNS), 1)
    figure = Figure(figsize=(11, 2.7 * rows), layout="constrained")
    panels = figure.subplots(rows, _COLUMNS, squeeze=False).ravel()
    for axes, entry in zip(panels, surface.slices, strict=False):
        k = np.linspace(entry.quotes.k.min(), entry.quotes.k.max(), 200)
        axes.plot(
            np.exp(entry.quotes.k), 100 * entry.quotes.volatility, ".", color=INK, markersize=3, label="quoted (mark)"
        )
        axes.plot(np.exp(k), 100 * entry.raw_volatility(k), color=OURS, linewidth=1, label="raw SVI")
        axes.plot(np.exp(k), 100 * entry.ssvi_volatility(k), color=OTHER, linewidth=1, label="SSVI (contract)")
        axes.set_title(
            f"{entry.quotes.currency} {day_of(entry.quotes.expiry)}, {365 * entry.quotes.years:.1f} days\n"
            f"error {entry.raw_error:.2f} and {entry.ssvi_error:.2f} points",
            loc="left",
            fontsize=8,
        )
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=7)
    for axes in panels[count:]:
        axes.set_visible(False)
    for axes in panels[:count:_COLUMNS]:
        axes.set_ylabel("implied volatility, % a year", fontsize=8)
    for axes in panels[max(count - _COLUMNS, 0) : count]:
        axes.set_xlabel("strike / forward", fontsize=8)
    if count:
        figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper center", ncols=3, fontsize=8)
    return figure


def surface_map(surface: FittedSurface) -> Figure:
    """The contract's volatilities by strike over forward and days to expiry; nothing is drawn beyond the quotes."""
    figure = Figure(figsize=(9, 4.2), layout="constrained")
    axes = figure.subplots()
    k = np.linspace(np.log(0.5), np.log(2.0), 181)
    rows = np.array([_within(entry, k) for entry in surface.slices])
    days = np.arange(len(surface.slices))
    drawn = axes.pcolormesh(np.exp(k), days, rows, cmap="viridis", shading="nearest")
    axes.set_yticks(
        days,
        [f"{day_of(entry.quotes.expiry)} ({365 * entry.quotes.years:.0f} d)" for entry in surface.slices],
        fontsize=7,
    )
    axes.set_xscale("log")
    moneyness = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2, 1.4, 1.7, 2.0)
    axes.set_xticks(moneyness, [f"{at:g}" for at in moneyness], fontsize=7)
    axes.minorticks_off()
    axes.axvline(1.0, color=LIGHT, linewidth=0.7, linestyle="--")
    axes.set_xlabel("strike / forward", fontsize=8)
    axes.set_ylabel("expiry", fontsize=8)
    figure.colorbar(drawn, ax=axes, label="implied volatility (SSVI), % a year")
    return figure


def scenario_matrix(scenario: Scenario) -> Figure:
    """Changes of value by spot and volatility move, the extended moves beside them, and the binding cell framed."""
    figure = Figure(figsize=(11, 3.4), layout="constrained")
    near, far = figure.subplots(1, 2, width_ratios=[len(scenario.spot_moves), len(scenario.extended_moves)])
    raised = scenario.volatility_moves[-1]
    tables = (
        (near, np.array(scenario.changes), scenario.spot_moves, scenario.volatility_moves, "spot x volatility"),
        (far, np.array([scenario.extended]), scenario.extended_moves, (raised,), "extended, a third counts"),
    )
    binding = scenario.binding
    for axes, changes, spots, volatilities, title in tables:
        reach = max(float(np.abs(changes).max()), _LEAST_MONEY)
        axes.imshow(changes, cmap="RdYlGn", norm=TwoSlopeNorm(0, -reach, reach), aspect="auto", origin="lower")
        for row, volatility in enumerate(volatilities):
            for column, spot in enumerate(spots):
                is_binding = (spot, volatility) == (binding.spot_move, binding.volatility_move)
                is_binding &= (binding.share == 1.0) == (axes is near)
                axes.text(
                    column, row, _money(changes[row, column]), ha="center", va="center", fontsize=7,
                    color=LIGHT if abs(changes[row, column]) > _DARK * reach else DARK,
                    bbox=_FRAME if is_binding else None,
                )  # fmt: skip
        axes.set_xticks(range(len(spots)), [f"{spot:+.0%}" for spot in spots], fontsize=7)
        axes.set_yticks(range(len(volatilities)), [f"{move:+.0%}" for move in volatilities], fontsize=7)
        axes.set_xlabel("spot move", fontsize=8)
        axes.set_title(f"{scenario.symbol}: {title}", loc="left", fontsize=9)
    near.set_ylabel("volatility move at 30 days", fontsize=8)
    figure.supxlabel(
        f"change of value, quote; framed: binding cell ({binding.share:.0%} counts: {_money(binding.counted)})",
        fontsize=8,
    )
    return figure


def fit_errors(surfaces: Sequence[FittedSurface]) -> Figure:
    """Errors of all slices of all snapshots by days to expiry, for both fits."""
    figure = Figure(figsize=(9, 3.2), layout="constrained")
    axes = figure.subplots()
    entries = [entry for surface in surfaces for entry in surface.slices]
    days = [365 * entry.quotes.years for entry in entries]
    for errors, colour, name in (
        ([entry.raw_error for entry in entries], OURS, "raw SVI"),
        ([entry.ssvi_error for entry in entries], OTHER, "SSVI (contract)"),
    ):
        middle = float(np.median(errors)) if errors else 0.0
        axes.plot(days, errors, ".", color=colour, markersize=6, alpha=0.8, label=f"{name}, median {middle:.2f}")
    axes.set_xscale("log")
    ticks = (0.5, 1, 2, 7, 30, 90, 180, 365)
    axes.set_xticks(ticks, [f"{at:g}" for at in ticks])
    axes.minorticks_off()
    axes.set_ylim(bottom=0)
    axes.set_xlabel("days to expiry")
    axes.set_ylabel("vega-weighted error, points")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(fontsize=7, frameon=False)
    return figure


def day_of(expiry: int) -> str:
    """The day of an expiry as instruments have it; a venue's may be at any hour."""
    return datetime.fromtimestamp(expiry, UTC).strftime("%d%b%y").lstrip("0").upper()


def _within(entry: FittedSlice, k: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> list[float]:
    inside = (k >= entry.quotes.k.min()) & (k <= entry.quotes.k.max())
    return [float(each) for each in np.where(inside, 100 * entry.ssvi_volatility(k), np.nan)]


def _money(value: float) -> str:
    return f"{value:+,.0f}" if abs(value) >= 10 else f"{value:+,.2f}"
