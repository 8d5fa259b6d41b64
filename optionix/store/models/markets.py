"""What can be traded and what it is worth: tokens, markets, listings, feed rounds, surfaces, settlements."""

from __future__ import annotations

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from optionix.store.models.base import (
    Amount,
    Base,
    ChainKey,
    Flag,
    Int16,
    Int64,
    Int64Key,
    Int256Key,
    OptionalAmount,
    OptionalInt64,
    OptionalString,
    String,
    TextKey,
)


class Token(Base):
    """A token that markets use."""

    __tablename__ = "token"

    chain_id: Mapped[ChainKey]
    address: Mapped[TextKey]
    symbol: Mapped[String]
    decimals: Mapped[Int16]


class Market(Base):
    """A market: tokens, symbols on screen, the newest feed version, and the volatility (WAD) of first reports."""

    __tablename__ = "market"

    chain_id: Mapped[ChainKey]
    market: Mapped[Int64Key]
    base_token: Mapped[String]
    base_decimals: Mapped[Int16]
    quote_token: Mapped[String]
    quote_decimals: Mapped[Int16]
    base_symbol: Mapped[String]
    quote_symbol: Mapped[String]
    feed_version: Mapped[Int64]
    anchor: Mapped[Amount]


class FeedVersion(Base):
    """How a market's feed is read by the expiries listed under one version.

    Times in seconds, `min_price` and `max_price` WAD, `sequencer_feed` null where there is none.
    """

    __tablename__ = "feed_version"

    chain_id: Mapped[ChainKey]
    market: Mapped[Int64Key]
    version: Mapped[Int64Key]
    feed: Mapped[String]
    decimals: Mapped[Int16]
    heartbeat: Mapped[Int64]
    max_age: Mapped[Int64]
    deviation_bps: Mapped[Int64]
    min_price: Mapped[Amount]
    max_price: Mapped[Amount]
    sequencer_feed: Mapped[OptionalString]
    sequencer_grace: Mapped[Int64]


class Expiry(Base):
    """A listed expiry and, once settled, its price (WAD, quote per base), who settled it, where and when.

    `settlement_rule` is 0 for the average, 1 for the last positive round, 2 for a checkpoint; `last_round_id` the last
    round of the average, or the round of the answer that was taken.
    """

    __tablename__ = "expiry"

    chain_id: Mapped[ChainKey]
    market: Mapped[Int64Key]
    expiry: Mapped[Int64Key]
    feed_version: Mapped[Int64]
    listed_block: Mapped[Int64]
    settlement_price: Mapped[OptionalAmount]
    last_round_id: Mapped[OptionalAmount]
    settler: Mapped[OptionalString]
    settled_block: Mapped[OptionalInt64]
    settled_at: Mapped[OptionalInt64]
    settlement_rule: Mapped[OptionalInt64]


class FeedCheckpoint(Base):
    """The last spot (WAD) that Markets kept of a feed version in each day.

    `day` counts days since 1970 by their expiry times: a moment's day is the one whose 08:00 UTC is the first that does
    not lie before it.
    """

    __tablename__ = "feed_checkpoint"

    chain_id: Mapped[ChainKey]
    market: Mapped[Int64Key]
    feed_version: Mapped[Int64Key]
    day: Mapped[Int64Key]
    round_id: Mapped[Amount]
    price: Mapped[Amount]
    timestamp: Mapped[Int64]


class FeedOutage(Base):
    """A feed of an expiry that was seen unreadable for a reason without a date: since when, and when last.

    Zeros: it was seen readable again.
    """

    __tablename__ = "feed_outage"

    chain_id: Mapped[ChainKey]
    market: Mapped[Int64Key]
    expiry: Mapped[Int64Key]
    since: Mapped[Int64]
    seen: Mapped[Int64]


class SettlementProgress(Base):
    """How far an average has got that takes more than one call.

    Summed from `last_round_id` back to before `next_round_id`: `weighted` in WAD seconds, `seconds_left` of the window.
    """

    __tablename__ = "settlement_progress"

    chain_id: Mapped[ChainKey]
    market: Mapped[Int64Key]
    expiry: Mapped[Int64Key]
    last_round_id: Mapped[Int256Key]
    next_round_id: Mapped[Amount]
    seconds_left: Mapped[Int64]
    weighted: Mapped[Amount]


class Series(Base):
    """A series with its totals, in WAD contracts.

    `side` is 0 for calls and 1 for puts, `strike` in units of 1e-8 quote per base, `name` as `ETH-27NOV26-3000-C`.
    `supply` is what holders have as tokens, `placed` what lies in books as longs, `written` the sum of written legs:
    while the series is open, `written = supply + placed`, the open interest. `volume` counts contracts traded with
    vaults and by signed orders, `last_price` is WAD of the settlement asset per contract.
    """

    __tablename__ = "series"

    chain_id: Mapped[ChainKey]
    series_id: Mapped[Int256Key]
    market: Mapped[Int64]
    side: Mapped[Int16]
    expiry: Mapped[Int64]
    strike: Mapped[Amount]
    name: Mapped[String]
    listed_block: Mapped[Int64]
    supply: Mapped[Amount]
    placed: Mapped[Amount]
    written: Mapped[Amount]
    volume: Mapped[Amount]
    trades: Mapped[Int64]
    last_price: Mapped[OptionalAmount]
    last_trade_at: Mapped[OptionalInt64]

    __table_args__ = (Index(None, "chain_id", "name"), Index(None, "chain_id", "market", "expiry", "strike"))


class Surface(Base):
    """The newest slice of each (market, expiry) in the contract's units, with the one that it replaced.

    `theta` 1e-16, `phi` 1e-15, `rho` 1e-12, `carry` 1e-9, times in seconds; `timestamp` 0: no slice yet.
    `halted_until` is the time at which the newest halt ends (0: none; 2^40 - 1: until a report fits again).
    """

    __tablename__ = "surface"

    chain_id: Mapped[ChainKey]
    market: Mapped[Int64Key]
    expiry: Mapped[Int64Key]
    theta: Mapped[Amount]
    phi: Mapped[Amount]
    rho: Mapped[Int64]
    carry: Mapped[Int64]
    timestamp: Mapped[Int64]
    clipped: Mapped[Flag]
    previous_theta: Mapped[Amount]
    previous_phi: Mapped[Amount]
    previous_rho: Mapped[Int64]
    previous_carry: Mapped[Int64]
    previous_timestamp: Mapped[Int64]
    halted_until: Mapped[Int64]
    block_number: Mapped[Int64]


class SurfaceHistory(Base):
    """Every slice ever posted, in the units of `surface`."""

    __tablename__ = "surface_history"

    chain_id: Mapped[ChainKey]
    block_number: Mapped[Int64Key]
    log_index: Mapped[Int64Key]
    market: Mapped[Int64]
    expiry: Mapped[Int64]
    theta: Mapped[Amount]
    phi: Mapped[Amount]
    rho: Mapped[Int64]
    carry: Mapped[Int64]
    timestamp: Mapped[Int64]
    clipped: Mapped[Flag]

    __table_args__ = (Index(None, "chain_id", "market", "expiry", "timestamp"),)


class FeedRound(Base):
    """Every round of the markets' feeds. `answer` in the feed's decimals, `price` the same in WAD."""

    __tablename__ = "feed_round"

    chain_id: Mapped[ChainKey]
    market: Mapped[Int64Key]
    block_number: Mapped[Int64Key]
    log_index: Mapped[Int64Key]
    feed: Mapped[String]
    round_id: Mapped[Amount]
    answer: Mapped[Amount]
    price: Mapped[Amount]
    updated_at: Mapped[Int64]

    __table_args__ = (
        Index(None, "chain_id", "market", "updated_at"),
        Index(None, "chain_id", "market", "feed", "round_id"),
    )


class Spot(Base):
    """The newest price of each market (WAD, quote per base)."""

    __tablename__ = "spot"

    chain_id: Mapped[ChainKey]
    market: Mapped[Int64Key]
    price: Mapped[Amount]
    feed: Mapped[String]
    round_id: Mapped[Amount]
    updated_at: Mapped[Int64]
    block_number: Mapped[Int64]


class SpotCandle(Base):
    """Spot prices (WAD) by interval of market time; `start` is a multiple of `interval_seconds`.

    Kept by the minute and by the hour; `optionix.store.candles` rolls the other intervals up from these.
    """

    __tablename__ = "spot_candle"

    chain_id: Mapped[ChainKey]
    market: Mapped[Int64Key]
    interval_seconds: Mapped[Int64Key]
    start: Mapped[Int64Key]
    open: Mapped[Amount]
    high: Mapped[Amount]
    low: Mapped[Amount]
    close: Mapped[Amount]
