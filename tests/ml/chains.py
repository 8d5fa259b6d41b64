"""A venue's option chain whose truth is known."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from optionix.instruments import Side
from optionix.pricing import black76
from optionix.pricing.ssvi import SsviSlice

MOMENT = pd.Timestamp("2026-03-01 12:00", tz="UTC")
FORWARD = 3000.0
TRUTH = {7: (0.0096, 9.0, -0.2), 30: (0.036, 4.5, -0.25), 120: (0.12, 2.2, -0.3)}
"""theta, phi and rho by days."""


def chain(
    truth: dict[int, tuple[float, float, float]] = TRUTH,
    *,
    mark: bool = True,
    moment: pd.Timestamp = MOMENT,
    forward: float = FORWARD,
) -> pd.DataFrame:
    """A snapshot priced from SSVI slices, as a venue would show it."""
    rows = []
    for days, (theta, phi, rho) in truth.items():
        years = days / 365
        slice_ = SsviSlice(theta, phi, rho)
        for strike in forward * np.exp(np.linspace(-2.2, 2.2, 31) * math.sqrt(theta)):
            volatility = float(np.sqrt(slice_.total_variance(math.log(strike / forward)) / years))
            for side in Side:
                greeks = black76.greeks(forward, strike, volatility, years, side)
                coin = float(greeks.price) / forward
                rows.append(
                    {
                        "ts": moment,
                        "currency": "ETH",
                        "expiry": moment + pd.Timedelta(days=days),
                        "strike": strike,
                        "cp": side.letter,
                        "forward": forward,
                        "time_to_maturity": years,
                        "bid_price": coin * 0.998,
                        "ask_price": coin * 1.002,
                        "mark_iv": volatility if mark else np.nan,
                        "vega": float(greeks.vega) / 100,
                    }
                )
    return pd.DataFrame(rows)
