"""Value and greeks of what is held, in quote, by market and expiry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ml.holdings import Holding
from ml.valuation import MarketState, contracts, marks
from optionix.instruments import Side


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


def exposure(holding: Holding, state: MarketState, now: int) -> Exposure:
    """Of one holding."""
    found, amount = marks(holding, state, now), contracts(holding)
    # Marks of calls are in base; in quote they are worth the spot times that.
    unit = state.spot if Side(holding.side) is Side.CALL else 1.0
    return Exposure(
        market=state.market,
        symbol=state.symbol,
        expiry=holding.expiry,
        value=amount * float(found.value_quote),
        delta=amount * float(found.delta),
        gamma=amount * float(found.gamma),
        vega=amount * unit * float(found.vega) / 100,
        theta=amount * unit * float(found.theta),
    )


def by_expiry(parts: Sequence[Exposure]) -> tuple[Exposure, ...]:
    """Sums of those of one (market, expiry), in their order."""
    sums: dict[tuple[int, int], Exposure] = {}
    for part in parts:
        key = (part.market, part.expiry)
        sums[key] = _sum(sums[key], part) if key in sums else part
    return tuple(sums[key] for key in sorted(sums))


def _sum(one: Exposure, other: Exposure) -> Exposure:
    return Exposure(
        one.market,
        one.symbol,
        one.expiry,
        value=one.value + other.value,
        delta=one.delta + other.delta,
        gamma=one.gamma + other.gamma,
        vega=one.vega + other.vega,
        theta=one.theta + other.theta,
    )
