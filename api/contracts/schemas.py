"""Where the contracts are."""

from __future__ import annotations

from typing import Literal

from api.schemas import Schema


class ContractPlace(Schema):
    """A contract's checksummed address."""

    address: str


class VaultPlace(Schema):
    """A vault of one market and side."""

    address: str
    market: int
    side: Literal["CALL", "PUT"]


class TokenPlace(Schema):
    """A token that markets use."""

    symbol: str
    address: str
    decimals: int


class Deployment(Schema):
    """Addresses on one network. `real_time` is false where market time is replayed."""

    network: str
    chain_id: int
    real_time: bool
    contracts: dict[str, ContractPlace]
    vaults: list[VaultPlace]
    tokens: list[TokenPlace]
