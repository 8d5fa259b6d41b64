"""Values of holdings in quote, now and where spot, volatility and time have moved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ml.bars import Floats
from ml.holdings import Holding
from optionix.instruments import STRIKE_DECIMALS, Side
from optionix.pricing.marks import Marks, mark
from optionix.pricing.ssvi import SsviSlice

WAD = 10**18


@dataclass(frozen=True)
class MarketState:
    """What positions of a market are valued at."""

    market: int
    symbol: str
    spot: float
    slices: Mapping[int, SsviSlice]


def marks(
    holding: Holding, state: MarketState, now: int, spots: ArrayLike | None = None, factor: ArrayLike = 1.0
) -> Marks:
    """Model values of one contract of what is held, at the state's spot or at others."""
    at = state.spot if spots is None else spots
    return mark(at, strike_of(holding), Side(holding.side), state.slices[holding.expiry], holding.expiry, now, factor)


def values(
    holding: Holding, state: MarketState, now: int, spots: ArrayLike | None = None, factor: ArrayLike = 1.0
) -> Floats:
    """Value of what is held, quote; negative for what is written."""
    return np.asarray(contracts(holding) * marks(holding, state, now, spots, factor).value_quote, dtype=np.float64)


def payoffs(holding: Holding, spots: Floats) -> Floats:
    """What a holding pays (or owes, negative) at settlement prices, quote."""
    strike = strike_of(holding)
    found = spots - strike if Side(holding.side) is Side.CALL else strike - spots
    return np.asarray(contracts(holding) * np.maximum(found, 0.0), dtype=np.float64)


def contracts(holding: Holding) -> float:
    """Contracts held, negative written."""
    return holding.amount / WAD


def strike_of(holding: Holding) -> float:
    """Quote per base."""
    return float(holding.strike / 10**STRIKE_DECIMALS)
