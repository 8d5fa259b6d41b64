"""What the order book's own trades say of the level of volatility.

Only fills of signed orders count: both sides chose their price. A vault's trades are priced off the posted surface and
a spread, and would be heard as their own echo.

A trade can be made by one person with two accounts for the price of a fee. So trades move the level by `MOST_SHARE` of
what they say at most, nothing that is said beyond `BAND` counts, and each pair of accounts has one voice: whatever
anybody trades with himself, it moves the surface by `MOST_SHARE * BAND` (4.5 % of its volatility) at most.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from optionix.instruments import Side
from optionix.pricing.implied import implied_volatility
from optionix.pricing.reports import YEAR_SECONDS

MAX_AGE_SECONDS = 86_400
"""Older trades say nothing of now ..."""
HALF_LIFE_SECONDS = 6 * 3600
"""... and every so much older, a trade says half."""
MOST_SHARE = 0.2
"""Of the level, however many trades there are."""
HALF_SHARE_TRADES = 5.0
"""So many fresh voices have half of that share."""
BAND = float(np.log(1.25))
"""A volatility this far (in logarithm) from the other sources' is not believed."""
MAX_DEVIATIONS = 2.0
"""Strikes further from the money say more of the wings than of the level."""
MIN_LIFE_SECONDS = 6 * 3600
"""An option so near its end is mostly intrinsic value."""
MIN_CONTRACTS = 0.01


@dataclass(frozen=True)
class Fill:
    """A fill of a signed order: times in seconds, strike and spot quote per base, price in the settlement asset."""

    timestamp: int
    expiry: int
    strike: float
    side: Side
    amount: float
    price: float
    spot: float
    volatility: float | None
    taker: str
    maker: str


@dataclass(frozen=True)
class TradeEvidence:
    """What trades said.

    Attributes
    ----------
    used : trades that counted; `rejected` the others by reason.
    voices : pairs of accounts, each as fresh as its newest trade: 1 now, 1/2 after `HALF_LIFE_SECONDS`.
    shift : their median of ln(volatility / that of the other sources).
    dispersion : their mean absolute distance from it.
    newest_at, oldest_at : of those used, seconds; None without any.
    """

    used: int = 0
    voices: float = 0.0
    shift: float = 0.0
    dispersion: float = 0.0
    newest_at: int | None = None
    oldest_at: int | None = None
    rejected: dict[str, int] = field(default_factory=dict)

    @property
    def share(self) -> float:
        """Share of the level that is theirs: `MOST_SHARE` voices / (voices + `HALF_SHARE_TRADES`)."""
        return MOST_SHARE * self.voices / (self.voices + HALF_SHARE_TRADES)

    @property
    def quality(self) -> float:
        """How far to trust them: voices / (voices + `HALF_SHARE_TRADES`), less where they differ among themselves."""
        return self.voices / (self.voices + HALF_SHARE_TRADES) / (1 + self.dispersion / BAND)


Level = Callable[[int, float], float | None]
"""Volatility by the other sources of an expiry at a log-moneyness; None where they have none."""


def listen(fills: Sequence[Fill], as_of: int, level: Level) -> TradeEvidence:
    """Weigh fills against what the other sources say."""
    rejected: Counter[str] = Counter()
    voices: dict[frozenset[str], list[tuple[int, float]]] = {}
    for fill in fills:
        heard = _log_ratio(fill, as_of, level)
        if isinstance(heard, str):
            rejected[heard] += 1
        else:
            voices.setdefault(frozenset((fill.taker, fill.maker)), []).append((fill.timestamp, heard))
    if not voices:
        return TradeEvidence(rejected=dict(rejected))
    weights, said = [], []
    for trades in voices.values():
        ages = np.array([as_of - moment for moment, _ in trades], dtype=np.float64)
        fresh = 0.5 ** (ages / HALF_LIFE_SECONDS)
        weights.append(float(fresh.max()))
        said.append(float(np.average([ratio for _, ratio in trades], weights=fresh)))
    shift = _weighted_median(said, weights)
    moments = [moment for trades in voices.values() for moment, _ in trades]
    return TradeEvidence(
        used=len(moments),
        voices=float(sum(weights)),
        shift=shift,
        dispersion=float(np.average(np.abs(np.array(said) - shift), weights=weights)),
        newest_at=max(moments),
        oldest_at=min(moments),
        rejected=dict(rejected),
    )


def _log_ratio(fill: Fill, as_of: int, level: Level) -> float | str:
    """ln(volatility / that of the others), or the reason why the fill does not count."""
    life = fill.expiry - fill.timestamp
    if not 0 <= as_of - fill.timestamp <= MAX_AGE_SECONDS:
        return "too old"
    if fill.taker == fill.maker:
        return "one account on both sides"
    if fill.amount < MIN_CONTRACTS:
        return "too small"
    if life < MIN_LIFE_SECONDS or fill.expiry <= as_of:
        return "too near its expiry"
    if not (fill.spot > 0 and fill.strike > 0):
        return "no volatility"
    k, years = float(np.log(fill.strike / fill.spot)), life / YEAR_SECONDS
    known = level(fill.expiry, k)
    if known is None or not known > 0:
        return "nothing to compare with"
    if abs(k) > MAX_DEVIATIONS * known * np.sqrt(years):
        return "far from the money"
    volatility = fill.volatility
    if volatility is None:
        price = fill.price * fill.spot if fill.side is Side.CALL else fill.price
        volatility = float(implied_volatility(price, fill.spot, fill.strike, years, fill.side).volatility)
    if not (np.isfinite(volatility) and volatility > 0):
        return "no volatility"
    ratio = float(np.log(volatility / known))
    return ratio if abs(ratio) <= BAND else "too far from the other sources"


def _weighted_median(values: Sequence[float], weights: Sequence[float]) -> float:
    order = np.argsort(values)
    sums = np.cumsum(np.asarray(weights)[order])
    return float(np.asarray(values)[order][np.searchsorted(sums, sums[-1] / 2)])
