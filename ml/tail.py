"""Value at risk and expected shortfall of options, every scenario revalued in full."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ml.bars import Floats
from ml.holdings import Holding
from ml.paths import DAY, FilteredDays, Paths, drawn, every_day
from ml.valuation import MarketState, payoffs, values
from optionix.pricing.contract import YEAR

LEVELS = (0.95, 0.99)
HORIZONS_DAYS = (1, 10)
PATHS = 5_000
SEED = 20_260_101


@dataclass(frozen=True)
class TailRisk:
    """The loss that is exceeded with a probability of one less `level`, and the mean of those beyond it; in quote.

    A loss is positive; a portfolio that gains even then has negative ones. `history_days` of history, which overlap,
    are what the scenarios were made of.
    """

    days: int
    level: float
    value_at_risk: float
    expected_shortfall: float
    scenarios: int
    history_days: int


def tail_risks(
    holdings: Sequence[Holding],
    markets: Mapping[int, MarketState],
    history: Mapping[str, FilteredDays],
    now: int,
    *,
    paths: int = PATHS,
    seed: int = SEED,
) -> list[TailRisk]:
    """Of all holdings together, at every level and horizon.

    Parameters
    ----------
    holdings : whose markets have a state with their slice.
    history : by the market's symbol.
    now : market time, seconds.
    """
    used = {markets[holding.market].symbol for holding in holdings}
    assets = {symbol: history[symbol] for symbol in sorted(used)}
    known = min((each.days for each in assets.values()), default=0)
    found = []
    for days in HORIZONS_DAYS:
        if not assets:
            found += [TailRisk(days, level, 0.0, 0.0, 0, 0) for level in LEVELS]
            continue
        futures = every_day(assets) if days == 1 else drawn(assets, days, paths, seed)
        changes = profits(holdings, markets, futures, days, now)
        found += [TailRisk(days, level, *tail(changes, level), len(changes), known) for level in LEVELS]
    return found


def profits(
    holdings: Sequence[Holding],
    markets: Mapping[int, MarketState],
    futures: Mapping[str, Paths],
    days: int,
    now: int,
) -> Floats:
    """Change of the value of all holdings on each path, quote."""
    count = len(next(iter(futures.values())).spot)
    total = np.zeros(count)
    for holding in holdings:
        state = markets[holding.market]
        total += _values(holding, state, futures[state.symbol], days, now) - values(holding, state, now)
    return total


def _values(holding: Holding, state: MarketState, future: Paths, days: int, now: int) -> Floats:
    """On each path at the end of the horizon; what expires before it pays by the spot of the day of its expiry."""
    at = now + days * DAY
    if holding.expiry <= at:
        last = min(max(-(-(holding.expiry - now) // DAY), 1), days)
        return payoffs(holding, state.spot * future.spot[:, last - 1])
    factor = future.volatility_factor(days, (holding.expiry - at) / YEAR)
    return values(holding, state, at, state.spot * future.spot[:, days - 1], factor)


def tail(changes: Floats, level: float) -> tuple[float, float]:
    """Value at risk and expected shortfall of profits and losses: the loss of the scenario at the level, the lower of
    two where it falls between, and the mean from there on."""
    ordered = np.sort(changes)
    # The worst k scenarios, k at least one.
    worst = max(int(np.floor(len(ordered) * (1 - level) + 1e-9)), 1)
    return float(-ordered[worst - 1]), float(-ordered[:worst].mean())
