"""Trades, candles, daily statistics and the activity of accounts."""

from __future__ import annotations

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from optionix.store.models.base import (
    Amount,
    Base,
    ChainKey,
    Flag,
    Int16,
    Int16Key,
    Int64,
    Int64Key,
    Int256Key,
    OptionalAmount,
    OptionalString,
    String,
    TextKey,
)


class Trade(Base):
    """A trade with a vault, or of a signed order; `venue` is the vault or the Exchange. Removed only with its block.

    `amount` WAD contracts; `premium`, `fee` and `performance_fee` (paid by the vault) token units of the settlement
    asset; `price` the premium per contract in WAD of that asset, rounded down; `spot` and `volatility` WAD, as it was
    priced. The taker pays the fee: a buyer on top of the premium, a seller out of it.

    Of signed orders: `maker` signed; in a match, where both did, the buyer stands as the taker. The premium was paid in
    `premium_token`: `paid_premium`, `paid_fee` and `caller_fee` (a matcher's share of the fee) are its units, and
    `premium` and `fee` what they were worth at `spot`, rounded down, where that is not the settlement asset. A fill at
    a premium reads no feed: `spot` is the newest round then, `volatility` null.
    """

    __tablename__ = "trade"

    chain_id: Mapped[ChainKey]
    block_number: Mapped[Int64Key]
    log_index: Mapped[Int64Key]
    tx_hash: Mapped[String]
    timestamp: Mapped[Int64]
    series_id: Mapped[Amount]
    market: Mapped[Int64]
    side: Mapped[Int16]
    venue: Mapped[String]
    taker: Mapped[String]
    receiver: Mapped[String]
    maker: Mapped[OptionalString]
    is_buy: Mapped[Flag]
    is_match: Mapped[Flag]
    amount: Mapped[Amount]
    premium: Mapped[Amount]
    fee: Mapped[Amount]
    performance_fee: Mapped[Amount]
    price: Mapped[Amount]
    spot: Mapped[Amount]
    volatility: Mapped[OptionalAmount]
    premium_token: Mapped[String]
    paid_premium: Mapped[Amount]
    paid_fee: Mapped[Amount]
    caller_fee: Mapped[Amount]

    __table_args__ = (
        Index(None, "chain_id", "series_id", "block_number"),
        Index(None, "chain_id", "market", "block_number"),
        Index(None, "chain_id", "taker", "block_number"),
        Index(None, "chain_id", "maker", "block_number"),
        Index(None, "chain_id", "timestamp"),
    )


class Candle(Base):
    """Prices of a series' trades (WAD of the settlement asset per contract) by interval of market time.

    Kept by the minute and by the hour; `optionix.store.candles` rolls the other intervals up from these.
    """

    __tablename__ = "candle"

    chain_id: Mapped[ChainKey]
    series_id: Mapped[Int256Key]
    interval_seconds: Mapped[Int64Key]
    start: Mapped[Int64Key]
    open: Mapped[Amount]
    high: Mapped[Amount]
    low: Mapped[Amount]
    close: Mapped[Amount]
    volume: Mapped[Amount]
    trades: Mapped[Int64]


class DailyStats(Base):
    """Totals of one UTC day of market time for one side of a market; `day` is its first second.

    `volume` WAD contracts, `notional` WAD quote at the trades' spot, `premium` and `fees` token units of the side's
    settlement asset.
    """

    __tablename__ = "daily_stats"

    chain_id: Mapped[ChainKey]
    day: Mapped[Int64Key]
    market: Mapped[Int64Key]
    side: Mapped[Int16Key]
    volume: Mapped[Amount]
    notional: Mapped[Amount]
    premium: Mapped[Amount]
    fees: Mapped[Amount]
    trades: Mapped[Int64]


class DailyVolume(Base):
    """Totals of one UTC day of market time for one market, by the token that was paid in; `day` is its first second.

    `volume` WAD contracts; `premium`, `fees` (of takers, and vaults' performance fees) and `caller_fees` (what of the
    fees went to who matched orders) units of `token`, exactly as paid.
    """

    __tablename__ = "daily_volume"

    chain_id: Mapped[ChainKey]
    day: Mapped[Int64Key]
    market: Mapped[Int64Key]
    token: Mapped[TextKey]
    volume: Mapped[Amount]
    premium: Mapped[Amount]
    fees: Mapped[Amount]
    caller_fees: Mapped[Amount]
    trades: Mapped[Int64]


class AccountProfit(Base):
    """Realised profit of an account in a series, at average cost; token units of the series' settlement asset.

    `amount` (WAD contracts) is the account's whole stake: tokens held, plus placed in its books, minus written. `cost`
    is what is in it, fees included: below zero the proceeds of what is written. `realised` is what sales, purchases
    that close, redemptions and settlements left over their average cost, which is rounded down; the last contract to
    go takes all that is left of the cost, so that over a life nothing is lost.

    `premium_paid`, `premium_received`, `fees` (of both sides' own) and `payout` (redeemed minus owed at settlement)
    sum the money: `realised = premium_received + payout - premium_paid - fees + cost + cost_moved` at every block. A
    premium paid in the market's other token counts as in `trade`. A netted book settles with one sum: each leg has what
    it is worth on its own, rounded down, the last the rest.

    Contracts that come by a transfer, or are written to somebody without a trade, have no price: they come at a cost of
    zero and are in `unpriced` (WAD contracts, of `amount`) until they go; what of them was sold or settled is in
    `unpriced_ended`, and while that is not zero `realised` counts proceeds whose cost nobody knows. What goes without a
    price takes its average cost along, to `cost_moved`, and realises nothing. A purchase delivered to somebody else, or
    made through the Router, is the receiver's.
    """

    __tablename__ = "account_profit"

    chain_id: Mapped[ChainKey]
    account: Mapped[TextKey]
    series_id: Mapped[Int256Key]
    amount: Mapped[Amount]
    cost: Mapped[Amount]
    realised: Mapped[Amount]
    premium_paid: Mapped[Amount]
    premium_received: Mapped[Amount]
    fees: Mapped[Amount]
    payout: Mapped[Amount]
    cost_moved: Mapped[Amount]
    unpriced: Mapped[Amount]
    unpriced_ended: Mapped[Amount]


class AccountActivity(Base):
    """What happened to an account, for its history. Removed only with its block.

    `kind` says what the account did, or what was done to it: deposit, withdraw, pay_in, pay_out, write, close, place,
    take_back, net, settle, redeem, transfer_in, transfer_out, buy, sell, bounty, request_deposit, request_redeem,
    deposit_processed, redeem_processed, cancel_deposit, cancel_redeem, claim_shares, claim_assets, share_in,
    share_out, match, cancel_order, cancel_orders. `amount` is WAD contracts or vault shares, `assets` token units of
    `token`, negative where the account owed them; each is null where it does not apply. `part` counts from 0
    within a batch transfer.
    """

    __tablename__ = "account_activity"

    chain_id: Mapped[ChainKey]
    account: Mapped[TextKey]
    block_number: Mapped[Int64Key]
    log_index: Mapped[Int64Key]
    kind: Mapped[TextKey]
    part: Mapped[Int64Key]
    tx_hash: Mapped[String]
    timestamp: Mapped[Int64]
    series_id: Mapped[OptionalAmount]
    book_key: Mapped[OptionalAmount]
    vault: Mapped[OptionalString]
    counterparty: Mapped[OptionalString]
    token: Mapped[OptionalString]
    amount: Mapped[OptionalAmount]
    assets: Mapped[OptionalAmount]
