"""The volatility oracle from its events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from tests.rebuild.replica import NOBODY, Answer, Replica

NO_SLICE = {"theta": 0, "phi": 0, "rho": 0, "carry": 0, "timestamp": 0}


class OracleReplica(Replica):
    """Slices, halts, signers and bounds."""

    derived: ClassVar[dict[str, str]] = {
        "LOCAL_CHAIN_ID": "a constant",
        "MAX_HALTS": "a constant",
        "MAX_SIGNERS": "a constant",
        "bindingExpiries": "the newest slices that are fresh and unclipped",
        "eip712Domain": "immutables of the deployment",
        "freshSlices": "slice and previousSlice, refused when stale",
        "hashReport": "a formula",
        "isConsumingScheduledOp": "set only within a call of the AccessManager",
        "markets": "an immutable of the deployment",
        "movesPerDay": "two of the bounds in one",
        "tradableSlices": "freshSlices and movesPerDay, refused when halted",
    }

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.newest: dict[tuple[int, int], dict[str, int]] = {}
        self.previous: dict[tuple[int, int], dict[str, int]] = {}
        self.until: dict[tuple[int, int], int] = {}
        self.anchors: dict[int, int] = {}
        self.signers: tuple[str, ...] = ()
        self.former: set[str] = set()
        self.threshold = 0
        self.bounds: dict[str, int] = {}
        self.authority = NOBODY

    def on_authority_updated(self, authority: str) -> None:
        self.authority = authority

    def on_eip712_domain_changed(self) -> None:
        raise AssertionError("the domain is fixed")

    def on_slice_posted(self, market: int, expiry: int, clipped: bool, **values: int) -> None:
        del clipped  # the halt that it means has an event of its own
        if (market, expiry) in self.newest:
            self.previous[market, expiry] = self.newest[market, expiry]
        self.newest[market, expiry] = values

    def on_surface_posted(self, **told: Any) -> None:
        assert any(slice_["timestamp"] == told["timestamp"] for slice_ in self.newest.values())

    def on_expiry_halted(self, market: int, expiry: int, until: int, by: str) -> None:
        del by
        self.until[market, expiry] = until

    def on_expiry_resumed(self, market: int, expiry: int) -> None:
        self.until[market, expiry] = 0

    def on_signers_set(self, signers: tuple[str, ...], threshold: int) -> None:
        self.former |= set(self.signers)
        self.signers, self.threshold = signers, threshold

    def on_anchor_set(self, market: int, volatility: int) -> None:
        self.anchors[market] = volatility

    def on_bounds_set(self, heartbeat: int, volatility_per_day: int, carry_per_day: int, max_move_seconds: int) -> None:
        self.bounds = {
            "heartbeat": heartbeat,
            "volatilityPerDay": volatility_per_day,
            "carryPerDay": carry_per_day,
            "maxMoveSeconds": max_move_seconds,
        }

    def answers(self) -> Iterator[Answer]:
        yield "authority", (), self.authority
        yield "signers", (), self.signers
        yield "threshold", (), self.threshold
        for bound, value in self.bounds.items():
            yield bound, (), value
        for market, volatility in self.anchors.items():
            yield "anchor", (market,), volatility
        for account in self.former | set(self.signers):
            yield "isSigner", (account,), account in self.signers
        for (market, expiry), slice_ in self.newest.items():
            yield "slice", (market, expiry), slice_
            yield "previousSlice", (market, expiry), self.previous.get((market, expiry), NO_SLICE)
            yield "isHalted", (market, expiry), self.until.get((market, expiry), 0) > self.time
