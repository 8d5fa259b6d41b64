"""Vaults, their shares and the requests of liquidity providers."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

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
    String,
    TextKey,
)


class Vault(Base):
    """A vault's own ledger, as its events tell it.

    Assets are token units of `asset`, shares have `decimals`. `free_assets` is what it owns unlocked in the
    Clearinghouse, `idle_assets = free_assets - pending_assets - claimable_assets` is what belongs to shareholders of
    it, `locked` the collateral of its written series. `short_vega` (WAD) and `base_net_assets` are the cost
    function's state: every trade moves the first, `rebased_block` says when both were marked last.
    `params` and `fees` have the fields of the contract's structs, integers as decimal text.
    `share_price` is what one share was worth to who leaves (WAD of the asset) when an event last said it, in
    `share_price_block`: a re-basing before a block's first trade, a processed redemption, or, with nothing open, a
    processed deposit. Null before the first of them.
    `premium_bought` and `premium_sold` sum what buyers paid and sellers got, `protocol_fees` and `performance_fees`
    what went to the pots.
    """

    __tablename__ = "vault"

    chain_id: Mapped[ChainKey]
    address: Mapped[TextKey]
    market: Mapped[Int64]
    side: Mapped[Int16]
    asset: Mapped[String]
    asset_decimals: Mapped[Int16]
    name: Mapped[String]
    symbol: Mapped[String]
    decimals: Mapped[Int16]
    total_supply: Mapped[Amount]
    free_assets: Mapped[Amount]
    idle_assets: Mapped[Amount]
    locked: Mapped[Amount]
    pending_assets: Mapped[Amount]
    pending_shares: Mapped[Amount]
    claimable_assets: Mapped[Amount]
    claimable_shares: Mapped[Amount]
    short_vega: Mapped[Amount]
    base_net_assets: Mapped[Amount]
    rebased_block: Mapped[OptionalInt64]
    share_price: Mapped[OptionalAmount]
    share_price_block: Mapped[OptionalInt64]
    params: Mapped[dict[str, Any]] = mapped_column(JSONB, nullable=False)
    fees: Mapped[dict[str, Any]] = mapped_column(JSONB, nullable=False)
    trades_paused: Mapped[Flag]
    deposits_paused: Mapped[Flag]
    premium_bought: Mapped[Amount]
    premium_sold: Mapped[Amount]
    protocol_fees: Mapped[Amount]
    performance_fees: Mapped[Amount]


class VaultSeries(Base):
    """A series that a vault has written and not released: WAD contracts and the collateral locked for them.

    A series that was bought back whole or released keeps its row with zeros.
    """

    __tablename__ = "vault_series"

    chain_id: Mapped[ChainKey]
    vault: Mapped[TextKey]
    series_id: Mapped[Int256Key]
    amount: Mapped[Amount]
    collateral: Mapped[Amount]


class VaultHistory(Base):
    """A vault after each block that changed it, in the units of `vault`. Removed only with its block."""

    __tablename__ = "vault_history"

    chain_id: Mapped[ChainKey]
    vault: Mapped[TextKey]
    block_number: Mapped[Int64Key]
    timestamp: Mapped[Int64]
    total_supply: Mapped[Amount]
    idle_assets: Mapped[Amount]
    locked: Mapped[Amount]
    pending_assets: Mapped[Amount]
    pending_shares: Mapped[Amount]
    claimable_assets: Mapped[Amount]
    claimable_shares: Mapped[Amount]
    short_vega: Mapped[Amount]
    base_net_assets: Mapped[Amount]
    share_price: Mapped[OptionalAmount]

    __table_args__ = (Index(None, "chain_id", "vault", "timestamp"),)


class VaultShare(Base):
    """Vault shares of an account. An account that came to zero keeps its row."""

    __tablename__ = "vault_share"

    chain_id: Mapped[ChainKey]
    vault: Mapped[TextKey]
    account: Mapped[TextKey]
    shares: Mapped[Amount]

    __table_args__ = (Index(None, "chain_id", "account"),)


class VaultClaim(Base):
    """What a controller can claim from a vault.

    From deposits: `deposit_shares` for the `deposit_assets` that bought them. From redemptions: `redeem_assets` for
    the `redeem_shares` that they were paid for. `deposit_total` counts the assets, `redeem_total` the shares ever
    processed for the controller.
    """

    __tablename__ = "vault_claim"

    chain_id: Mapped[ChainKey]
    vault: Mapped[TextKey]
    controller: Mapped[TextKey]
    deposit_assets: Mapped[Amount]
    deposit_shares: Mapped[Amount]
    deposit_total: Mapped[Amount]
    redeem_shares: Mapped[Amount]
    redeem_assets: Mapped[Amount]
    redeem_total: Mapped[Amount]


class VaultOperator(Base):
    """Whether an operator may request and claim for a controller (ERC-7540 OperatorSet)."""

    __tablename__ = "vault_operator"

    chain_id: Mapped[ChainKey]
    vault: Mapped[TextKey]
    controller: Mapped[TextKey]
    operator: Mapped[TextKey]
    approved: Mapped[Flag]


class LpRequest(Base):
    """A request to deposit or to redeem.

    `kind` is `deposit` or `redeem`. `requested` counts assets of a deposit and shares of a redemption, `processed` how
    much of it was turned into `received` (shares, or assets), `cancelled` what was given back.
    `status`: `pending` until nothing waits any more, then `processed`; `cancelled` where nothing was processed before
    it was cancelled. Anybody may process it from `ready_at`, seconds. What can be claimed is kept per controller, the
    oldest first: of this request `start + processed - max(start, total - unclaimed)`, not below 0, with the
    controller's `deposit_total` and `deposit_assets` (or `redeem_total` and `redeem_shares`) in `vault_claim`.
    """

    __tablename__ = "lp_request"

    chain_id: Mapped[ChainKey]
    vault: Mapped[TextKey]
    kind: Mapped[TextKey]
    request_id: Mapped[Int256Key]
    controller: Mapped[String]
    owner: Mapped[String]
    sender: Mapped[String]
    requested: Mapped[Amount]
    processed: Mapped[Amount]
    received: Mapped[Amount]
    cancelled: Mapped[Amount]
    start: Mapped[Amount]
    ready_at: Mapped[Int64]
    status: Mapped[String]
    requested_at: Mapped[Int64]
    requested_block: Mapped[Int64]
    updated_at: Mapped[Int64]
    updated_block: Mapped[Int64]

    __table_args__ = (Index(None, "chain_id", "controller"), Index(None, "chain_id", "vault", "status"))
