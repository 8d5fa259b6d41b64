"""Markets from its events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from tests.rebuild.replica import NOBODY, Answer, Replica


class MarketsReplica(Replica):
    """Markets, versions of their feeds, listings and settlements."""

    derived: ClassVar[dict[str, str]] = {
        "EXPIRY_TIME_OF_DAY": "a constant",
        "MAX_SERIES": "a constant",
        "isConsumingScheduledOp": "set only within a call of the AccessManager",
        "settlementAsset": "the market's tokens, by side",
        "spot": "the feed's newest round",
    }

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.tokens: dict[int, tuple[str, int, str, int]] = {}
        self.versions: dict[int, list[dict[str, Any]]] = {}
        self.frozen: dict[tuple[int, int], int] = {}
        self.series: set[int] = set()
        self.settled: dict[tuple[int, int], tuple[int, str]] = {}
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
        self.series.add(series)

    def on_settled(self, market: int, expiry: int, price: int, last_round_id: int, settler: str) -> None:
        del last_round_id
        self.settled[market, expiry] = (price, settler)

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
        for (market, expiry), version in self.frozen.items():
            yield "isExpiryListed", (market, expiry), True
            yield "isExpiryListed", (market, expiry + 86_400 * 365), False
            yield "feedConfig", (market, expiry), self.versions[market][version - 1]
            price, settler = self.settled.get((market, expiry), (0, NOBODY))
            yield "settlement", (market, expiry), (price, settler)
            if price:
                yield "settlementPrice", (market, expiry), price
        for series in self.series:
            yield "isListed", (series,), True
            yield "isListed", (series + 1,), series + 1 in self.series
