"""One series: its ticker, quote and candles."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from api.candles import Candle
from api.markets.schemas import ChainOption
from api.schemas import Address, Answer, DecimalString, Timestamp


class Instrument(Answer):
    """A series with its static facts and its ticker."""

    name: str
    series_id: str
    market: str
    side: Literal["CALL", "PUT"]
    strike: DecimalString
    expiry: Timestamp
    settlement_asset: str
    settled: bool
    settlement_price: DecimalString | None
    vault: Address | None = Field(description="The vault that quotes this side.")
    ticker: ChainOption


class QuoteView(Answer):
    """The vault's quote taken apart, in the settlement asset. Indicative: the contract's quote at execution decides."""

    name: str
    action: Literal["buy", "sell"]
    vault: Address
    amount: DecimalString
    asset: str
    mark: DecimalString
    spread: DecimalString
    skew: DecimalString
    use: DecimalString
    guard: DecimalString
    floor: DecimalString
    fee: DecimalString
    total: DecimalString = Field(description="What the buyer pays, fee included, or the seller gets.")
    collateral: DecimalString
    volatility: float
    delta: float
    executable: bool
    reason: str | None


class Candles(Answer):
    """Candles, oldest first. An interval without a trade has none."""

    name: str
    interval: str
    candles: list[Candle]
