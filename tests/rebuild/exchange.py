"""The Exchange and the vaults' pricer from their events."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, ClassVar

from tests.rebuild.replica import NOBODY, Answer, Replica

LOW_128_BITS = (1 << 128) - 1


class ExchangeReplica(Replica):
    """What was filled of each nonce and by which order, what was cancelled, and the fees."""

    derived: ClassVar[dict[str, str]] = {
        "AMOUNT_UNIT": "a constant",
        "CUTOFF_SECONDS": "a constant",
        "clearinghouse": "an immutable of the deployment",
        "eip712Domain": "immutables of the deployment",
        "hashOrder": "a formula",
        "isConsumingScheduledOp": "set only within a call of the AccessManager",
        "priceOf": "a formula over the feed and the slices",
        "remaining": "nonceState, nonceFloor and the order itself",
        "valueOf": "a formula over the feed, the slices and the fees",
        "volatilityOracle": "an immutable of the deployment",
    }

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.filled: dict[tuple[str, int], int] = defaultdict(int)
        self.bound: dict[tuple[str, int], int] = defaultdict(int)
        self.cancelled: set[tuple[str, int]] = set()
        self.floors: dict[str, int] = {}
        self.fees: dict[str, int] = {}
        self.trades: dict[tuple[int, int], tuple[int, int, int]] = {}
        self.traded = self.consumed = 0
        self.authority = NOBODY

    def on_authority_updated(self, authority: str) -> None:
        self.authority = authority

    def on_eip712_domain_changed(self) -> None:
        raise AssertionError("the domain is fixed")

    def on_order_filled(self, maker: str, nonce: int, order_hash: bytes, amount: int, filled: int) -> None:
        self.filled[maker, nonce] += amount
        assert self.filled[maker, nonce] == filled
        low = int.from_bytes(order_hash, "big") & LOW_128_BITS
        assert self.bound.setdefault((maker, nonce), low) == low, "one order a nonce"
        self.consumed += amount

    def on_traded(self, series: int, taker: int, amount: int, premium: int, **_: Any) -> None:
        self.trades[self.place] = (series, amount, premium)
        # A match fills two orders by one trade.
        self.traded += amount if taker else 2 * amount
        assert self.traded == self.consumed

    def on_order_cancelled(self, maker: str, nonce: int) -> None:
        self.cancelled.add((maker, nonce))

    def on_nonce_floor_set(self, maker: str, floor: int) -> None:
        assert floor > self.floors.get(maker, 0)
        self.floors[maker] = floor

    def on_fees_set(self, fees: dict[str, int]) -> None:
        self.fees = fees

    def answers(self) -> Iterator[Answer]:
        yield "authority", (), self.authority
        yield "fees", (), self.fees
        yield "nonceState", (self.address, 0), (0, 0, False)
        yield "nonceFloor", (self.address,), 0
        for order in self.filled.keys() | self.cancelled:
            state = (self.filled.get(order, 0), self.bound.get(order, 0), order in self.cancelled)
            yield "nonceState", order, state
        for maker, floor in self.floors.items():
            yield "nonceFloor", (maker,), floor


class PricerReplica(Replica):
    """Feeds seen unreadable. What it keeps for each vault is told by the vault's own events."""

    derived: ClassVar[dict[str, str]] = {
        "CUTOFF_SECONDS": "a constant",
        "OUTAGE_GAP_SECONDS": "a constant",
        "fees": "told by FeesSet of each vault, whose replica compares it",
        "mark": "a formula over feeds, slices and what a vault holds",
        "markets": "an immutable of the deployment",
        "params": "told by ParamsSet of each vault, whose replica compares it",
        "quoteBuy": "a formula over feeds, slices and what a vault holds",
        "quoteSell": "a formula over feeds, slices and what a vault holds",
        "refuseUnpriced": "a refusal, always",
        "settled": "a formula over the settlement price",
        "volatilityOracle": "an immutable of the deployment",
    }

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.outages: dict[tuple[int, int], tuple[int, int]] = {}

    def on_outage_noted(self, market: int, expiry: int, since: int, seen: int) -> None:
        assert seen in (0, self.moment)
        self.outages[market, expiry] = (since, seen)

    def answers(self) -> Iterator[Answer]:
        yield "outages", (0, 0), (0, 0)
        for key, outage in self.outages.items():
            yield "outages", key, outage
