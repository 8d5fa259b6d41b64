"""Candles of traded prices."""

from __future__ import annotations

from indexer.derive import rows
from indexer.derive.state import State
from optionix.store.candles import KEPT


def add_trade(state: State, series_id: int, time: int, price: int, amount: int) -> None:
    """Put a trade into the candles of its time.

    Parameters
    ----------
    price : WAD of the settlement asset per contract.
    amount : WAD contracts.
    """
    for seconds in KEPT:
        key = (series_id, seconds, time - time % seconds)
        if state.candle.get(*key) is None:
            candle = state.candle.add(key, rows.Candle(price, price, price, price))
        else:
            candle = state.candle.existing(*key)
            candle.high = max(candle.high, price)
            candle.low = min(candle.low, price)
            candle.close = price
        candle.volume += amount
        candle.trades += 1
