"""Vaults and their requests."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from api.schemas import Address, Answer, DecimalString, Schema, Timestamp


class OpenSeries(Schema):
    """What a vault is short."""

    name: str
    series_id: str
    amount: DecimalString
    locked: DecimalString
    mark: DecimalString | None


class VaultSummary(Schema):
    """One vault. Assets are of its settlement asset."""

    address: Address
    name: str
    symbol: str
    market: str
    side: Literal["CALL", "PUT"]
    asset: str
    asset_token: Address
    asset_decimals: int
    share_decimals: int
    total_supply: DecimalString
    net_assets: DecimalString | None = Field(description="At the mid mark; null when an open series cannot be priced.")
    value_per_share: DecimalString | None
    idle: DecimalString
    locked: DecimalString
    utilisation: float | None
    short_vega: DecimalString = Field(description="Settlement asset per 1.00 of volatility.")
    pending_assets: DecimalString
    pending_shares: DecimalString
    claimable_assets: DecimalString
    claimable_shares: DecimalString
    premium_collected: DecimalString
    notice_seconds: int | None
    open_series: list[OpenSeries]


class Vaults(Answer):
    """All vaults."""

    vaults: list[VaultSummary]


class VaultDetail(Answer):
    """One vault."""

    vault: VaultSummary


class LpRequest(Schema):
    """A deposit or redemption request."""

    vault: Address
    kind: Literal["deposit", "redeem"]
    request_id: str
    controller: Address
    owner: Address
    assets: DecimalString | None
    shares: DecimalString | None
    claimable: DecimalString = Field(description="Assets' worth that the controller can claim from this vault now.")
    status: Literal["pending", "processed", "claimed", "cancelled"]
    requested_at: Timestamp
    ready_at: Timestamp | None


class LpRequests(Answer):
    """Requests, newest first."""

    requests: list[LpRequest]
