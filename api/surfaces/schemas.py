"""Volatility surfaces, spot history and settlements."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from api.candles import Candle
from api.markets.schemas import SliceView
from api.schemas import Address, Answer, DecimalString, Schema, Timestamp

SettlementRule = Literal["average", "last_round", "checkpoint"]


class SurfaceSlice(Schema):
    """The newest slice of an expiry with the volatility it gives."""

    expiry: Timestamp
    expiry_name: str
    slice: SliceView
    atm_volatility: float
    smile: list[tuple[float, float]] = Field(description="Pairs of log-moneyness and volatility.")


class Surface(Answer):
    """All live slices of a market."""

    market: str
    slices: list[SurfaceSlice]


class Settlement(Schema):
    """A settled expiry."""

    market: str
    expiry: Timestamp
    expiry_name: str
    price: DecimalString
    settler: Address
    rule: SettlementRule = Field(
        description="How the price was found: the average over the 30 minutes before expiry, or, where that could not"
        " be proven, the feed's last positive round, or the contract's own last checkpoint."
    )
    block_number: int


class Settlements(Answer):
    """Newest first."""

    settlements: list[Settlement]


class SpotCandles(Answer):
    """Candles of the feed, oldest first; a feed has no volume."""

    market: str
    interval: str
    candles: list[Candle]
