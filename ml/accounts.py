"""What an account or a vault stands to win and lose: greeks, scenarios, worst cases, findings in plain words.

Values are in the market's quote, options alone: free balances and collateral are not options and are left out, except
that the worst case of a book is what it has locked, which by the rule of solvency covers its loss at every price.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ml.bars import Floats
from ml.market_data import Holding
from optionix.instruments import STRIKE_DECIMALS, Side, split_book_key
from optionix.pricing.marks import mark
from optionix.pricing.ssvi import SsviSlice

SPOT_MOVES = (-0.30, -0.16, -0.08, -0.04, 0.0, 0.04, 0.08, 0.16, 0.30)
"""Moves of the spot, the field's 16 % in four steps and a crash and a rally beyond it."""
VOLATILITY_MOVES = (-0.25, 0.0, 0.50)
"""Moves of all volatilities, relative."""
_WAD = 10**18
SOON_SECONDS = 86_400
CONCENTRATED = 0.8


@dataclass(frozen=True)
class MarketState:
    """What positions of a market are valued at."""

    market: int
    symbol: str
    spot: float
    slices: Mapping[int, SsviSlice]


@dataclass(frozen=True)
class Exposure:
    """Value and greeks of an account in one (market, expiry), in quote.

    Attributes
    ----------
    delta : change of the value per unit of the spot: contracts of the underlying.
    gamma : change of `delta` per unit of the spot.
    vega : change of the value per point (0.01) of volatility.
    theta : change of the value per day.
    """

    market: int
    symbol: str
    expiry: int
    value: float
    delta: float
    gamma: float
    vega: float
    theta: float


@dataclass(frozen=True)
class Scenario:
    """Change of the value of all options of a market, rows by volatility move, columns by spot move."""

    market: int
    symbol: str
    spot_moves: tuple[float, ...]
    volatility_moves: tuple[float, ...]
    changes: tuple[tuple[float, ...], ...]

    @property
    def worst(self) -> tuple[float, float, float]:
        """The worst change with its spot and volatility move."""
        table = np.array(self.changes)
        row, column = np.unravel_index(int(np.argmin(table)), table.shape)
        return float(table[row, column]), self.spot_moves[column], self.volatility_moves[row]


@dataclass(frozen=True)
class WorstCase:
    """The most that one book can lose, at any settlement price: what it has locked, token units."""

    market: int
    side: Side
    expiry: int
    locked: int


@dataclass(frozen=True)
class Finding:
    """Something that an owner should know; `severity` is info, warning or critical."""

    severity: str
    text: str


@dataclass(frozen=True)
class Assessment:
    """All of an account's risk."""

    exposures: tuple[Exposure, ...]
    scenarios: tuple[Scenario, ...]
    worst_cases: tuple[WorstCase, ...]
    findings: tuple[Finding, ...]
    unpriced: tuple[str, ...]


def assess(
    holdings: Sequence[Holding], books: Mapping[int, int], markets: Mapping[int, MarketState], now: int
) -> Assessment:
    """Value an account's open options now and in every scenario.

    Parameters
    ----------
    holdings : unsettled series, long and short.
    books : locked collateral (token units) by book key.
    markets : spot and slices by market id.
    now : market time, seconds.
    """
    priced = [h for h in holdings if h.market in markets and h.expiry in markets[h.market].slices and h.expiry > now]
    unpriced = tuple(sorted({h.name for h in holdings} - {h.name for h in priced}))
    exposures = tuple(
        _exposure(markets[market], expiry, [h for h in priced if (h.market, h.expiry) == (market, expiry)], now)
        for market, expiry in sorted({(h.market, h.expiry) for h in priced})
    )
    scenarios = tuple(
        _scenario(markets[market], [h for h in priced if h.market == market], now)
        for market in sorted({h.market for h in priced})
    )
    worst = tuple(WorstCase(*split_book_key(key), locked) for key, locked in sorted(books.items()))
    return Assessment(exposures, scenarios, worst, tuple(_findings(exposures, scenarios, unpriced, now)), unpriced)


def _exposure(state: MarketState, expiry: int, holdings: Sequence[Holding], now: int) -> Exposure:
    value = delta = gamma = vega = theta = 0.0
    for holding in holdings:
        side = Side(holding.side)
        found = mark(state.spot, _strike(holding), side, state.slices[expiry], expiry, now)
        amount = holding.amount / _WAD
        # Marks of calls are in base; in quote they are worth the spot times that.
        unit = state.spot if side is Side.CALL else 1.0
        value += amount * float(found.value_quote)
        delta += amount * float(found.delta)
        gamma += amount * float(found.gamma)
        vega += amount * unit * float(found.vega) / 100
        theta += amount * unit * float(found.theta)
    return Exposure(state.market, state.symbol, expiry, value, delta, gamma, vega, theta)


def _scenario(state: MarketState, holdings: Sequence[Holding], now: int) -> Scenario:
    spots = state.spot * (1 + np.array(SPOT_MOVES))
    base = sum(float(_values(state, holding, np.array([state.spot]), 0.0, now)[0]) for holding in holdings)
    rows = []
    for move in VOLATILITY_MOVES:
        total = sum((_values(state, holding, spots, move, now) for holding in holdings), np.zeros(len(spots)))
        rows.append(tuple(float(change) for change in total - base))
    return Scenario(state.market, state.symbol, SPOT_MOVES, VOLATILITY_MOVES, tuple(rows))


def _values(state: MarketState, holding: Holding, spots: Floats, volatility_move: float, now: int) -> Floats:
    """Value in quote at each spot, the volatility at each standardised strike moved alike."""
    entry = state.slices[holding.expiry]
    found = mark(spots, _strike(holding), Side(holding.side), entry, holding.expiry, now, 1 + volatility_move)
    return np.asarray(found.value_quote * (holding.amount / _WAD), dtype=np.float64)


def _strike(holding: Holding) -> float:
    return float(holding.strike / 10**STRIKE_DECIMALS)


def _findings(
    exposures: Sequence[Exposure], scenarios: Sequence[Scenario], unpriced: Sequence[str], now: int
) -> list[Finding]:
    found = []
    if unpriced:
        found.append(
            Finding("warning", f"No volatility slice prices {', '.join(unpriced)}: they are in no figure here.")
        )
    for scenario in scenarios:
        change, spot, volatility = scenario.worst
        if change < 0:
            found.append(
                Finding(
                    "info",
                    f"The worst of the scenarios for {scenario.symbol} loses {-change:,.2f} in quote: "
                    f"spot {spot:+.0%}, volatility {volatility:+.0%}.",
                )
            )
    total_vega = sum(abs(entry.vega) for entry in exposures)
    for entry in exposures:
        hours = (entry.expiry - now) / 3600
        if entry.expiry - now <= SOON_SECONDS and entry.gamma < 0:
            found.append(
                Finding(
                    "critical" if hours <= 4 else "warning",
                    f"Short gamma of {entry.symbol} expires in {hours:.1f} hours: each 1 in the spot changes the delta "
                    f"by {abs(entry.gamma):.4f}.",
                )
            )
        if len(exposures) > 1 and total_vega and abs(entry.vega) > CONCENTRATED * total_vega:
            found.append(
                Finding("info", f"{abs(entry.vega) / total_vega:.0%} of all vega lies in one expiry of {entry.symbol}.")
            )
    if not exposures and not unpriced:
        found.append(Finding("info", "There are no open options."))
    return found
