"""The level of a surface from its sources: the forecast, a venue's chain where there is one, the book's own trades.

For each expiry the logarithm of volatility is a weighted mean. The forecast weighs 1; a venue `VENUE_WEIGHT` times its
quality at that moment (see `ml.venue`), so a fresh one with many quotes has about three quarters, and an old or sparse
one little; what these two say is then moved towards the trades by the trades' share, 20 % at most (see
`ml.book_trades`). The weights of each slice are told with it, and add up to one.

Confidence of a slice, 0 to 1: the mean of the qualities of what it was made of, by their weights, times agreement
``1 / (1 + (d / 0.35)^2)``, d the distance of venue and forecast in ln volatility, times `MISSING` where a venue is
configured and gives nothing. The forecast's quality is that of `ml.surfaces.confidence`. Below `MIN_CONFIDENCE`, and
where venue and forecast are further apart than `TOO_FAR_APART`, there is no telling who is right: it is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ml.book_trades import Fill, TradeEvidence, listen
from ml.venue import VenueAnswer
from optionix.pricing.reports import YEAR_SECONDS
from optionix.pricing.ssvi import volatility

VENUE_WEIGHT = 8.0
"""Times its quality (about 0.4 for a fresh, full snapshot), beside the forecast's weight of one."""
AGREEMENT_SCALE = 0.35
TOO_FAR_APART = float(np.log(2.0))
MISSING = 0.7
MIN_CONFIDENCE = 0.10


@dataclass(frozen=True)
class Evidence:
    """What there is besides the forecast.

    Attributes
    ----------
    venue : None where none is configured.
    fills : of the book's signed orders.
    """

    venue: VenueAnswer | None = None
    fills: Sequence[Fill] = ()


@dataclass(frozen=True)
class Level:
    """One expiry before it becomes a slice.

    Attributes
    ----------
    theta : total variance at the money to the expiry.
    shaped : the same at the time that phi is computed for.
    quality : of the forecast there.
    """

    expiry: int
    theta: float
    shaped: float
    quality: float


@dataclass(frozen=True)
class Blended:
    """Levels after all sources were heard, near first.

    Attributes
    ----------
    weights : by expiry, of each source; they add up to one.
    confidence : by expiry.
    rho, eta : the shape, the venue's part of it included.
    reasons : why there can be no surface; empty otherwise.
    warnings : what lowered the confidence.
    """

    levels: tuple[Level, ...]
    weights: dict[int, dict[str, float]]
    confidence: dict[int, float]
    rho: float
    eta: float
    trades: TradeEvidence
    reasons: tuple[str, ...] = ()
    warnings: tuple[str, ...] = field(default=())


def blend(levels: Sequence[Level], as_of: int, rho: float, eta: float, evidence: Evidence) -> Blended:
    """The forecast's levels (near first), moved to where the sources together see them."""
    venue = evidence.venue.surface if evidence.venue else None
    missing = evidence.venue is not None and venue is None
    reasons: list[str] = []
    warnings = [f"venue: {evidence.venue.problem}"] if evidence.venue and evidence.venue.problem else []
    quality = venue.quality(as_of) if venue else 0.0
    moved, shares, apart = [], [], []
    for level in levels:
        total = venue.total_variance(level.expiry, as_of) if venue else None
        usable = total is not None and total > 0 and level.theta > 0
        distance = float(np.log(total / level.theta)) / 2 if total and usable else 0.0
        if abs(distance) > TOO_FAR_APART:
            reasons.append(
                f"expiry {level.expiry}: the venue's volatility is {np.exp(distance):.2f} times the forecast's"
            )
        share = VENUE_WEIGHT * quality / (1 + VENUE_WEIGHT * quality) if usable else 0.0
        moved.append(_raised(level, share * distance))
        shares.append(share)
        apart.append(distance)
    if venue:
        part = float(np.mean(shares)) if shares else 0.0
        rho, eta = rho + part * (venue.rho - rho), eta + part * (venue.eta - eta)
    trades = _hear(moved, as_of, rho, eta, evidence.fills)
    moved = _rising([_raised(level, trades.share * trades.shift) for level in moved])
    weights, trust = {}, {}
    for level, share, distance in zip(moved, shares, apart, strict=True):
        mine = {
            "forecast": (1 - share) * (1 - trades.share),
            "venue": share * (1 - trades.share),
            "trades": trades.share,
        }
        weights[level.expiry] = {name: round(weight, 6) for name, weight in mine.items()}
        qualities = {"forecast": level.quality, "venue": quality, "trades": trades.quality}
        agreement = 1 / (1 + (distance / AGREEMENT_SCALE) ** 2)
        together = sum(mine[name] * qualities[name] for name in mine) * agreement * (MISSING if missing else 1.0)
        trust[level.expiry] = round(float(together), 4)
        if not together >= MIN_CONFIDENCE:
            reasons.append(f"expiry {level.expiry}: confidence {together:.3f} is below {MIN_CONFIDENCE}")
    return Blended(tuple(moved), weights, trust, rho, eta, trades, tuple(reasons), tuple(warnings))


def _raised(level: Level, by: float) -> Level:
    """With its volatility's logarithm moved."""
    factor = float(np.exp(2 * by))
    return Level(level.expiry, level.theta * factor, level.shaped * factor, level.quality)


def _rising(levels: Sequence[Level]) -> list[Level]:
    """Total variance must not fall with the expiry: where sources of different weight made it, it stays level."""
    theta = shaped = 0.0
    found = []
    for level in levels:
        theta, shaped = max(theta, level.theta), max(shaped, level.shaped)
        found.append(Level(level.expiry, theta, shaped, level.quality))
    return found


def _hear(levels: Sequence[Level], as_of: int, rho: float, eta: float, fills: Sequence[Fill]) -> TradeEvidence:
    by_expiry = {level.expiry: level for level in levels}

    def known(expiry: int, k: float) -> float | None:
        level = by_expiry.get(expiry)
        if level is None or not level.theta > 0 or not level.shaped > 0:
            return None
        phi = eta / np.sqrt(level.shaped * (1 + level.shaped))
        return float(volatility(k, level.theta, phi, rho, (expiry - as_of) / YEAR_SECONDS))

    return listen(fills, as_of, known)
