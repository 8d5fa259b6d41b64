"""Which rounds a price feed posts while it replays recorded bars: pure, and the same for the same seed.

A bar tells four prices of its half hour. Between them the price takes a seeded path that starts at the open, touches
the low and the high (the one that lies against the bar's direction first, mostly), ends at the close and never leaves
[low, high]. The feed then follows its own rules on that path, as a Chainlink feed does: a round when the price has
moved by the deviation threshold since the last round, or when the heartbeat has passed, and never two rounds within the
least spacing. Each next round depends on the last one alone, so a replay goes on after any interruption, and a round
that came late shifts only what follows from it.
"""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from optionix.data import BAR_SECONDS, Bars

ANSWER_UNIT = 10**8
"""A feed's answers carry eight decimals."""

_BENDS_PER_LEG = 5
"""Each leg of a bar's path is bent this often, halving: 31 inner points."""


@dataclass(frozen=True)
class FeedRules:
    """When a feed posts.

    Parameters
    ----------
    deviation_bps
        Move since the last round that makes a new one, in 1/10,000 of the last answer.
    heartbeat_seconds
        Longest pause between two rounds.
    spacing_seconds
        Shortest pause between two rounds.
    """

    deviation_bps: int = 10
    heartbeat_seconds: int = 300
    spacing_seconds: int = 30

    def __post_init__(self) -> None:
        if not 0 < self.spacing_seconds <= self.heartbeat_seconds:
            raise ValueError("the least spacing lies above 0 and within the heartbeat")


@dataclass(frozen=True)
class Round:
    """An answer of a feed (1e-8 USD) and its time (Unix seconds)."""

    timestamp: int
    answer: int


class PricePath:
    """The price of an asset at every second of its recorded history.

    Parameters
    ----------
    bars
        The history.
    seed
        Chooses among the paths that fit the bars.
    """

    def __init__(self, bars: Bars, seed: str) -> None:
        if not len(bars):
            raise ValueError(f"no bars of {bars.asset}")
        self.bars = bars
        self.seed = seed
        self._second_by_second = lru_cache(maxsize=8)(self._compute)

    @property
    def start(self) -> int:
        """First second that has a price."""
        return int(self.bars.ts[0])

    @property
    def end(self) -> int:
        """First second past the history."""
        return self.bars.end

    def seconds(self, index: int) -> NDArray[np.int64]:
        """Prices (1e-8 USD) of the 1,800 seconds of bar `index`; the first is its open, the last its close."""
        return self._second_by_second(index)

    def at(self, timestamp: int) -> int:
        """The price (1e-8 USD) at a time; where bars are missing the last close holds.

        Raises
        ------
        ValueError
            The time lies outside the history.
        """
        if not self.start <= timestamp < self.end:
            raise ValueError(f"{timestamp} is outside the history of {self.bars.asset}")
        index = int(np.searchsorted(self.bars.ts, timestamp, side="right")) - 1
        return int(self.seconds(index)[min(timestamp - int(self.bars.ts[index]), BAR_SECONDS - 1)])

    def between(self, first: int, last: int) -> NDArray[np.int64]:
        """Prices (1e-8 USD) of each second from `first` to `last`, both included, cut at the end of the history."""
        last = min(last, self.end - 1)
        pieces: list[NDArray[np.int64]] = []
        index = int(np.searchsorted(self.bars.ts, first, side="right")) - 1
        while first <= last:
            opening = int(self.bars.ts[index])
            following = int(self.bars.ts[index + 1]) if index + 1 < len(self.bars) else self.end
            stop = min(last + 1, following)
            prices = self.seconds(index)
            offsets = np.minimum(np.arange(first, stop) - opening, BAR_SECONDS - 1)
            pieces.append(prices[offsets])
            first, index = stop, index + 1
        return np.concatenate(pieces) if pieces else np.empty(0, np.int64)

    def _compute(self, index: int) -> NDArray[np.int64]:
        bars = self.bars
        opening, high, low, close = (float(column[index]) for column in (bars.open, bars.high, bars.low, bars.close))
        text = f"{self.seed}|{bars.asset}|{int(bars.ts[index])}"
        chance = random.Random(int.from_bytes(hashlib.sha256(text.encode()).digest(), "big"))
        against_first = chance.random() < 0.8
        low_first = (close >= opening) == against_first
        turns = sorted(chance.sample(range(60, BAR_SECONDS - 60, 30), 2))
        extremes = (low, high) if low_first else (high, low)
        knots = [(0, opening), (turns[0], extremes[0]), (turns[1], extremes[1]), (BAR_SECONDS - 1, close)]
        path = [knots[0]]
        for end in knots[1:]:
            path += [*_bend(path[-1], end, (low, high), chance, _BENDS_PER_LEG), end]
        times, prices = zip(*path, strict=True)
        exact: NDArray[np.int64] = np.rint(
            np.interp(np.arange(BAR_SECONDS), times, prices).clip(low, high) * ANSWER_UNIT
        ).astype(np.int64)
        exact.setflags(write=False)
        return exact


def _bend(
    begin: tuple[int, float], end: tuple[int, float], bounds: tuple[float, float], chance: random.Random, depth: int
) -> list[tuple[int, float]]:
    """Inner points of a leg by midpoint displacement, kept within the bar's bounds."""
    if depth == 0 or end[0] - begin[0] < 2:
        return []
    time = (begin[0] + end[0]) // 2
    low, high = bounds
    # The displacement of a Brownian bridge, whose variance over a whole bar is about (range / 1.7)^2.
    scale = (high - low) / 1.7 * (0.25 * (end[0] - begin[0]) / BAR_SECONDS) ** 0.5
    middle = (begin[1] + end[1]) / 2 + scale * chance.gauss(0.0, 1.0)
    point = (time, min(max(middle, low), high))
    return [*_bend(begin, point, bounds, chance, depth - 1), point, *_bend(point, end, bounds, chance, depth - 1)]


def next_round(path: PricePath, last: Round, rules: FeedRules) -> Round | None:
    """The round that follows `last`, or None at the end of the history."""
    first = last.timestamp + rules.spacing_seconds
    latest = last.timestamp + rules.heartbeat_seconds
    if first >= path.end:
        return None
    prices = path.between(first, latest)
    moved = np.abs(prices - last.answer) * 10_000 >= last.answer * rules.deviation_bps
    offset = int(np.argmax(moved)) if moved.any() else len(prices) - 1
    if not moved.any() and first + offset < latest:
        return None  # the history ends before the heartbeat
    return Round(first + offset, int(prices[offset]))
