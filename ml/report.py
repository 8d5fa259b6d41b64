"""The report: one page that holds all its plots, so that it can be sent and read anywhere."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from ml import plots, smile_plots
from ml.backtest import Backtest
from ml.calibration.quotes import Quotes
from ml.calibration.surface import FittedSurface, fit_surface
from ml.holdings import Holding
from ml.scenarios import Scenario, scenario
from ml.valuation import WAD, MarketState
from optionix import __version__
from optionix.instruments import STRIKE_DECIMALS, Side

_EXAMPLE_DAYS = 30
_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem;color:#222}"
    "h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2.2rem}figure{margin:1rem 0}"
    "figure svg{max-width:100%;height:auto}figcaption{color:#555;font-size:.9rem}"
)
Snapshot = tuple[pd.Timestamp, str, list[Quotes]]


@dataclass(frozen=True)
class Plot:
    """A figure with its file's name and what it shows."""

    name: str
    heading: str
    caption: str
    figure: Figure


def forecast_plots(result: Backtest) -> Iterator[Plot]:
    """What a back-test of one asset says."""
    asset = result.asset
    name = asset.lower()
    yield Plot(
        f"{name}-forecasts", f"{asset}: forecasts and what came", "Forecasts know nothing after their date. "
        "Realised volatility is of 30-minute returns over the whole horizon after it.",
        plots.forecast_against_realised(result),
    )  # fmt: skip
    yield Plot(
        f"{name}-losses", f"{asset}: losses beside the baselines",
        "QLIKE on origins after the cut up to which models were chosen; less is better.",
        plots.losses_against_baselines(result),
    )  # fmt: skip
    yield Plot(
        f"{name}-coverage", f"{asset}: coverage of the quantiles",
        "A line where the bar should end; the band is three points either way.", plots.quantile_coverage(result),
    )  # fmt: skip


def chain_plots(snapshot: Snapshot) -> Iterator[Plot]:
    """What the quotes of one snapshot say; nothing where no expiry can be fitted."""
    moment, currency, expiries = snapshot
    surface = fit_surface(expiries)
    if not surface.slices:
        return
    name, when = currency.lower(), moment.strftime("%Y-%m-%d %H:%M UTC")
    yield Plot(
        f"{name}-smiles", f"{currency}: smiles with quotes", f"At {when}. Errors are weighted by vega.",
        smile_plots.smiles(surface),
    )  # fmt: skip
    yield Plot(
        f"{name}-surface", f"{currency}: surface", f"At {when}, as the contract would hold it; blank beyond quotes.",
        smile_plots.surface_map(surface),
    )  # fmt: skip
    yield Plot(
        f"{name}-errors", f"{currency}: errors of the fits", f"All expiries at {when}.",
        smile_plots.fit_errors([surface]),
    )  # fmt: skip
    example, words = example_scenario(surface)
    yield Plot(
        f"{name}-scenarios", f"{currency}: scenarios of {words}",
        "The grid of a portfolio margin. Extended moves are taken at raised volatility.",
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


def write(shown: Sequence[Plot], folder: Path, done: Callable[[int, int], None] = lambda at, of: None) -> Path:
    """Write `index.html` with all plots inside, and each as a PNG beside it; gives the page."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = [
        "<!doctype html><html lang=en><meta charset=utf-8>"
        "<meta name=viewport content='width=device-width,initial-scale=1'>"
        f"<title>Optionix risk report</title><style>{_STYLE}</style><h1>Optionix risk report</h1>"
        f"<p>Made by version {escape(__version__)}.</p>"
    ]
    for place, plot in enumerate(shown, 1):
        plots.save(plot.figure, folder / f"{plot.name}.png")
        parts.append(
            f"<h2 id={escape(plot.name)}>{escape(plot.heading)}</h2><figure role=img "
            f'aria-label="{escape(plot.heading)}">{_svg(plot.figure)}'
            f"<figcaption>{escape(plot.caption)}</figcaption></figure>"
        )
        done(place, len(shown))
    page = folder / "index.html"
    page.write_text("\n".join(parts) + "\n", encoding="utf-8")
    return page


def _svg(figure: Figure) -> str:
    """The figure as an SVG element, without the XML prolog that HTML has no place for."""
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None})
    whole = text.getvalue()
    return whole[whole.index("<svg") :]
