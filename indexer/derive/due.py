"""A trade between its event and its delivery."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Due:
    """What is left to deliver of a trade, with what that comes to in the settlement asset.

    Attributes
    ----------
    for_whom : rows with the column that names who the contracts are delivered to, where the Router bought for somebody
        whom only the delivery tells.
    """

    amount: int
    premium: int
    buyer_fee: int
    seller_fee: int
    for_whom: list[tuple[dict[str, Any], str]] = field(default_factory=list)

    def take(self, amount: int) -> Due:
        """The part of a delivery, rounded down; the last one takes the rest."""
        premium, buyer_fee, seller_fee = (
            value * amount // self.amount for value in (self.premium, self.buyer_fee, self.seller_fee)
        )
        self.amount -= amount
        self.premium -= premium
        self.buyer_fee -= buyer_fee
        self.seller_fee -= seller_fee
        return Due(amount, premium, buyer_fee, seller_fee)
