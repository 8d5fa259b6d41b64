"""What the quotes of one snapshot say, as parts of a report: smiles, surface, errors, scenarios."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from ml import smile_plots
from ml.calibration.quotes import Quotes
from ml.calibration.surface import FittedSurface, fit_surface
from ml.holdings import Holding
from ml.page import Plot
from ml.scenarios import EXTENDED_SHARE, Scenario, scenario
from ml.valuation import WAD, MarketState
from optionix.instruments import STRIKE_DECIMALS, Side

_EXAMPLE_DAYS = 30
Snapshot = tuple[pd.Timestamp, str, list[Quotes]]


def chain_plots(snapshot: Snapshot) -> Iterator[Plot]:
    """What the quotes of one snapshot say; nothing where no expiry can be fitted."""
    moment, currency, expiries = snapshot
    surface = fit_surface(expiries)
    yield from surface_plots(moment, currency, surface)
    yield from analysis_plots(moment, currency, surface)


def surface_plots(moment: pd.Timestamp, currency: str, surface: FittedSurface, suffix: str = "") -> Iterator[Plot]:
    """The same of a surface that was fitted before; `suffix` of the files' names."""
    if not surface.slices:
        return
    name, when = f"{currency.lower()}{suffix}", moment.strftime("%Y-%m-%d %H:%M UTC")
    yield Plot(
        f"{name}-smiles", f"{currency}: smiles with quotes",
        f"At {when}. Implied volatility by strike over forward: quotes that were used as points, raw SVI (for "
        "analysis) and the contract's SSVI as lines. Errors are root mean squares weighted by vega, in points of "
        "volatility.",
        smile_plots.smiles(surface),
    )  # fmt: skip
    yield Plot(
        f"{name}-surface", f"{currency}: surface",
        f"At {when}, as the contract would hold it; a row an expiry, blank beyond its quotes.",
        smile_plots.surface_map(surface),
    )  # fmt: skip


def analysis_plots(moment: pd.Timestamp, currency: str, surface: FittedSurface) -> Iterator[Plot]:
    """Errors of the fits by expiry, and what the surface makes of an example."""
    if not surface.slices:
        return
    name, when = currency.lower(), moment.strftime("%Y-%m-%d %H:%M UTC")
    yield Plot(
        f"{name}-errors", f"{currency}: errors of the fits",
        f"All expiries at {when}: how far the fitted volatilities are from the quoted ones, weighted by vega.",
        smile_plots.fit_errors([surface]),
    )  # fmt: skip
    example, words = example_scenario(surface)
    yield Plot(
        f"{name}-scenarios", f"{currency}: scenarios of {words}",
        "Change of value of one contract of each leg, USD, over the grid of a portfolio margin. Extended moves are "
        f"taken at raised volatility and count by {EXTENDED_SHARE:.0%}; the framed cell binds.",
        smile_plots.scenario_matrix(example),
    )  # fmt: skip


def example_scenario(surface: FittedSurface) -> tuple[Scenario, str]:
    """Scenarios of a short straddle at the money of the expiry nearest to thirty days, and words for it."""
    entry = min(surface.slices, key=lambda entry: abs(365 * entry.quotes.years - _EXAMPLE_DAYS))
    quotes = entry.quotes
    strike = float(min(quotes.strike, key=lambda each: abs(each - quotes.forward)))
    state = MarketState(1, quotes.currency, quotes.forward, {quotes.expiry: entry.ssvi.unpack()})
    held = [
        Holding(
            side, f"{strike:g}", 1, int(side), quotes.expiry, round(strike * 10**STRIKE_DECIMALS), -WAD, "book"
        )
        for side in Side
    ]  # fmt: skip
    found = scenario(state, held, quotes.timestamp)
    return found, f"a short straddle, {smile_plots.day_of(quotes.expiry)} {strike:,.0f}"
