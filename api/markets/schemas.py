"""Markets, expiries and the option chain."""

from __future__ import annotations

from pydantic import Field

from api.schemas import Address, Answer, DecimalString, Schema, Timestamp


class MarketSummary(Schema):
    """One market at a glance."""

    market: int
    symbol: str = Field(examples=["ETH"])
    base: str
    quote: str
    base_token: Address
    quote_token: Address
    spot: DecimalString | None = Field(description="The feed's newest answer, quote per base.")
    spot_updated_at: Timestamp | None
    spot_change_24h: float | None = Field(description="Fraction over 24 h of market time.")
    expiries: list[Timestamp] = Field(description="Listed and not yet passed.")
    open_interest: DecimalString = Field(description="Contracts written and open.")
    volume_24h: DecimalString = Field(description="Contracts traded in 24 h of market time.")
    atm_volatility: float | None = Field(description="At the money, nearest expiry of a day or more.")


class Markets(Answer):
    """All markets."""

    markets: list[MarketSummary]


class ExpirySummary(Schema):
    """One listed expiry."""

    expiry: Timestamp
    name: str = Field(examples=["27NOV26"])
    series: int = Field(description="Listed series, both sides.")
    settled: bool
    settlement_price: DecimalString | None
    atm_volatility: float | None


class Expiries(Answer):
    """The expiries of a market, nearest first."""

    market: str
    expiries: list[ExpirySummary]


class ChainOption(Schema):
    """One option of a chain row. Prices per contract: calls in base, puts in quote."""

    series_id: str
    name: str
    bid: DecimalString | None = Field(description="What the vault pays per contract for `amount`.")
    ask: DecimalString | None = Field(description="What the vault asks per contract for `amount`, fee included.")
    mark: DecimalString | None = Field(description="Model value at mid spot and the newest slice.")
    volatility: float | None
    delta: float | None
    gamma: float | None
    vega: float | None = Field(description="Per 0.01 of volatility, in the settlement asset.")
    theta: float | None = Field(description="Per day, in the settlement asset.")
    open_interest: DecimalString
    volume_24h: DecimalString
    reason: str | None = Field(description="Why there is no bid or ask now; null when both are there.")


class ChainRow(Schema):
    """A strike with its call and its put."""

    strike: DecimalString
    call: ChainOption | None
    put: ChainOption | None


class SliceView(Schema):
    """The SSVI slice that prices an expiry."""

    theta: float
    phi: float
    rho: float
    carry: float
    timestamp: Timestamp
    halted: bool


class Chain(Answer):
    """The option chain of one expiry."""

    market: str
    expiry: Timestamp
    expiry_name: str
    seconds_left: int
    amount: DecimalString
    spot: DecimalString | None
    spot_updated_at: Timestamp | None
    forward: float | None
    settled: bool
    settlement_price: DecimalString | None
    slice: SliceView | None
    rows: list[ChainRow]
