"""Prices made up for tests."""

from __future__ import annotations

import numpy as np

from ml.bars import BAR_SECONDS, Bars

REPLAY_START = 1678060800
"""2023-03-06 00:00 UTC."""


def random_walk(days: int, *, seed: int = 1, start: int = REPLAY_START, volatility: float = 0.6) -> Bars:
    """Bars of a price without memory."""
    count = days * 48
    steps = np.random.default_rng(seed).normal(0, volatility / np.sqrt(365 * 48), count)
    times = start + BAR_SECONDS * np.arange(count, dtype=np.int64)
    return Bars("ETH", times, 1500 * np.exp(np.cumsum(steps)))
