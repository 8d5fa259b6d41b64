"""Rows of the derived tables in memory: the columns that are not in the key, under their names in `optionix.store`.

Zeros are what a row has before its first event.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

PENDING, PROCESSED, CANCELLED = "pending", "processed", "cancelled"
PLAIN, NETTED, SETTLED = 1, 2, 3
"""Kinds of books, as the contracts number them."""


@dataclass(slots=True)
class Clearinghouse:
    treasury: str | None = None
    writes_paused: bool = False
    wrapped_native: str | None = None


@dataclass(slots=True)
class VolatilityOracle:
    heartbeat: int = 0
    volatility_per_day: int = 0
    carry_per_day: int = 0
    max_move_seconds: int = 0
    threshold: int = 0
    signers: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Market:
    base_token: str = ""
    base_decimals: int = 0
    quote_token: str = ""
    quote_decimals: int = 0
    base_symbol: str = ""
    quote_symbol: str = ""
    feed_version: int = 0
    anchor: int = 0


@dataclass(slots=True)
class FeedVersion:
    feed: str
    decimals: int
    heartbeat: int
    max_age: int
    deviation_bps: int
    min_price: int
    max_price: int
    sequencer_feed: str | None
    sequencer_grace: int


@dataclass(slots=True)
class Expiry:
    feed_version: int
    listed_block: int
    settlement_price: int | None = None
    last_round_id: int | None = None
    settler: str | None = None
    settled_block: int | None = None
    settled_at: int | None = None
    settlement_rule: int | None = None


@dataclass(slots=True)
class FeedCheckpoint:
    round_id: int = 0
    price: int = 0
    timestamp: int = 0


@dataclass(slots=True)
class SettlementProgress:
    next_round_id: int = 0
    seconds_left: int = 0
    weighted: int = 0


@dataclass(slots=True)
class Series:
    market: int
    side: int
    expiry: int
    strike: int
    name: str
    listed_block: int
    supply: int = 0
    placed: int = 0
    written: int = 0
    volume: int = 0
    trades: int = 0
    last_price: int | None = None
    last_trade_at: int | None = None


@dataclass(slots=True)
class Surface:
    theta: int = 0
    phi: int = 0
    rho: int = 0
    carry: int = 0
    timestamp: int = 0
    clipped: bool = False
    previous_theta: int = 0
    previous_phi: int = 0
    previous_rho: int = 0
    previous_carry: int = 0
    previous_timestamp: int = 0
    halted_until: int = 0
    block_number: int = 0


@dataclass(slots=True)
class Spot:
    price: int
    feed: str
    round_id: int
    updated_at: int
    block_number: int


@dataclass(slots=True)
class SpotCandle:
    open: int
    high: int
    low: int
    close: int


@dataclass(slots=True)
class FeedOutage:
    since: int = 0
    seen: int = 0


@dataclass(slots=True)
class Exchange:
    of_notional: int = 0
    of_premium: int = 0
    of_caller: int = 0


@dataclass(slots=True)
class OrderState:
    order_hash: str | None = None
    filled: int = 0
    cancelled: bool = False
    updated_block: int = 0
    updated_at: int = 0


@dataclass(slots=True)
class NonceFloor:
    floor: int = 0


@dataclass(slots=True)
class Balance:
    free: int = 0


@dataclass(slots=True)
class Book:
    kind: int = PLAIN
    leg_count: int = 0
    locked: int = 0


@dataclass(slots=True)
class Leg:
    amount: int = 0


@dataclass(slots=True)
class Position:
    amount: int = 0


@dataclass(slots=True)
class Operator:
    flags: int = 0


@dataclass(slots=True)
class TokenApproval:
    approved: bool = False


@dataclass(slots=True)
class RedeemFor:
    allowed: bool = False


@dataclass(slots=True)
class FeePot:
    assets: int = 0
    accrued: int = 0
    bounty_paid: int = 0


@dataclass(slots=True)
class BountyCap:
    cap: int = 0


@dataclass(slots=True)
class Vault:
    market: int
    side: int
    asset: str
    asset_decimals: int
    name: str
    symbol: str
    decimals: int
    total_supply: int = 0
    free_assets: int = 0
    idle_assets: int = 0
    locked: int = 0
    pending_assets: int = 0
    pending_shares: int = 0
    claimable_assets: int = 0
    claimable_shares: int = 0
    short_vega: int = 0
    base_net_assets: int = 0
    rebased_block: int | None = None
    share_price: int | None = None
    share_price_block: int | None = None
    params: dict[str, Any] = field(default_factory=dict)
    fees: dict[str, Any] = field(default_factory=dict)
    trades_paused: bool = False
    deposits_paused: bool = False
    premium_bought: int = 0
    premium_sold: int = 0
    protocol_fees: int = 0
    performance_fees: int = 0


@dataclass(slots=True)
class VaultSeries:
    amount: int = 0
    collateral: int = 0


@dataclass(slots=True)
class VaultShare:
    shares: int = 0


@dataclass(slots=True)
class VaultClaim:
    deposit_assets: int = 0
    deposit_shares: int = 0
    deposit_total: int = 0
    redeem_shares: int = 0
    redeem_assets: int = 0
    redeem_total: int = 0


@dataclass(slots=True)
class VaultOperator:
    approved: bool = False


@dataclass(slots=True)
class AccountProfit:
    amount: int = 0
    cost: int = 0
    realised: int = 0
    premium_paid: int = 0
    premium_received: int = 0
    fees: int = 0
    payout: int = 0
    cost_moved: int = 0
    unpriced: int = 0
    unpriced_ended: int = 0


@dataclass(slots=True)
class LpRequest:
    controller: str
    owner: str
    sender: str
    requested: int
    ready_at: int
    requested_at: int
    requested_block: int
    updated_at: int
    updated_block: int
    processed: int = 0
    received: int = 0
    cancelled: int = 0
    start: int = 0
    status: str = PENDING


@dataclass(slots=True)
class Candle:
    open: int
    high: int
    low: int
    close: int
    volume: int = 0
    trades: int = 0


@dataclass(slots=True)
class DailyStats:
    volume: int = 0
    notional: int = 0
    premium: int = 0
    fees: int = 0
    trades: int = 0


@dataclass(slots=True)
class DailyVolume:
    volume: int = 0
    premium: int = 0
    fees: int = 0
    caller_fees: int = 0
    trades: int = 0
