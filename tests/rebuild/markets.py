"""Markets from its events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from tests.rebuild.replica import NOBODY, Answer, Replica


class MarketsReplica(Replica):
    """Markets, versions of their feeds, listings and settlements."""

    derived: ClassVar[dict[str, str]] = {
        "CHECKPOINT_INTERVAL": "a constant",
        "EXPIRY_TIME_OF_DAY": "a constant",
        "MAX_DAILY_AGE": "a constant",
        "MAX_SERIES": "a constant",
        "isConsumingScheduledOp": "set only within a call of the AccessManager",
        "lastRound": "the feed's rounds",
        "settlementAsset": "the market's tokens, by side",
        "spot": "the feed's newest round",
        "spotTerms": "spot, with settings of the feed",
    }

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.tokens: dict[int, tuple[str, int, str, int]] = {}
        self.versions: dict[int, list[dict[str, Any]]] = {}
        self.frozen: dict[tuple[int, int], int] = {}
        self.series: dict[int, None] = {}
        self.settled: dict[tuple[int, int], tuple[int, str]] = {}
        self.rules: dict[tuple[int, int], int] = {}
        self.checkpoints: dict[tuple[int, int, int], dict[str, int]] = {}
        self.progress: dict[tuple[int, int, int], dict[str, int]] = {}
        self.authority = NOBODY

    def on_authority_updated(self, authority: str) -> None:
        self.authority = authority

    def on_market_added(self, market: int, base: str, base_decimals: int, quote: str, quote_decimals: int) -> None:
        self.tokens[market] = (base, base_decimals, quote, quote_decimals)

    def on_feed_set(self, market: int, version: int, config: dict[str, Any]) -> None:
        versions = self.versions.setdefault(market, [])
        versions.append(config)
        assert len(versions) == version, "versions of a feed count from one"

    def on_expiry_listed(self, market: int, expiry: int, feed_version: int) -> None:
        self.frozen[market, expiry] = feed_version

    def on_series_listed(self, series: int) -> None:
        self.series[series] = None

    def on_checkpointed(self, market: int, feed_version: int, round_id: int, price: int) -> None:
        # The day whose 08:00 is the first at or after the block.
        day = -(-(self.moment - 28_800) // 86_400)
        kept = {"roundId": round_id, "timestamp": self.moment, "price": price}
        self.checkpoints[market, feed_version, day] = kept

    def on_settlement_continued(
        self, market: int, expiry: int, last_round_id: int, next_round_id: int, seconds_left: int, weighted: int
    ) -> None:
        told = {"nextRoundId": next_round_id, "secondsLeft": seconds_left, "weighted": weighted}
        self.progress[market, expiry, last_round_id] = told

    def on_settled(self, market: int, expiry: int, price: int, round_id: int, settler: str, rule: int) -> None:
        del round_id
        self.settled[market, expiry] = (price, settler)
        self.rules[market, expiry] = rule

    def asset(self, market: int, side: int) -> tuple[str, int]:
        """The settlement asset of a side and its decimals."""
        base, base_decimals, quote, quote_decimals = self.tokens[market]
        return (quote, quote_decimals) if side else (base, base_decimals)

    def answers(self) -> Iterator[Answer]:
        yield "authority", (), self.authority
        yield "marketCount", (), len(self.tokens)
        for market, (base, base_decimals, quote, quote_decimals) in self.tokens.items():
            version = len(self.versions[market])
            told = {"base": base, "baseDecimals": base_decimals, "quote": quote, "quoteDecimals": quote_decimals}
            yield "market", (market,), told | {"feedVersion": version}
            for side in (0, 1):
                yield "settlementAsset", (market, side), self.asset(market, side)
            # In the order of listing.
            listed = tuple(expiry for number, expiry in self.frozen if number == market)
            yield "expiryCount", (market,), len(listed)
            yield "expiries", (market, 0, 100), listed
        strikes: dict[int, list[int]] = {}
        for series in self.series:
            strikes.setdefault(series >> 64, []).append(series & 2**64 - 1)
        for key, ladder in strikes.items():
            yield "strikes", (key,), tuple(ladder)
        for (market, expiry), version in self.frozen.items():
            yield "isExpiryListed", (market, expiry), True
            yield "isExpiryListed", (market, expiry + 86_400 * 365), False
            yield "feedConfig", (market, expiry), self.versions[market][version - 1]
            none = {"roundId": 0, "timestamp": 0, "price": 0}
            kept = self.checkpoints.get((market, version, (expiry - 28_800) // 86_400), none)
            yield "lastCheckpoint", (market, expiry), kept
            nothing = {"nextRoundId": 0, "secondsLeft": 0, "weighted": 0}
            yield "settlementProgress", (market, expiry, 1), self.progress.get((market, expiry, 1), nothing)
            price, settler = self.settled.get((market, expiry), (0, NOBODY))
            yield "settlement", (market, expiry), (price, settler)
            if price:
                yield "settlementPrice", (market, expiry), price
                yield "settlementRule", (market, expiry), self.rules[market, expiry]
        for proof, told in self.progress.items():
            yield "settlementProgress", proof, told
        for series in self.series:
            yield "isListed", (series,), True
            yield "isListed", (series + 1,), series + 1 in self.series
