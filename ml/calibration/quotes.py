"""Option quotes of one expiry, made fit for a fit: from a venue's chain to log-moneyness, volatility and weight.

Chain files are Deribit snapshots: coin-settled options, prices in coin, so that a price times the forward is Black-76's
in quote. Every quote that is left out has a reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from optionix.errors import UserError
from optionix.instruments import Side
from optionix.pricing.implied import implied_volatility

Floats = NDArray[np.float64]

REQUIRED = ("ts", "currency", "expiry", "strike", "cp", "forward", "time_to_maturity", "bid_price", "ask_price", "vega")
MIN_QUOTES = 6
"""Fewer do not decide five parameters."""
TICK = 1e-4
"""The venue's smallest price step, in coin."""
MAX_TICK_POINTS = 1.0
"""A quote whose last step is worth more volatility than this says nothing of a smile."""
VOLATILITY_RANGE = (0.02, 5.0)
PARITY_STRIKES = 8
"""The forward is read off so many strikes around the money."""


class BadChain(UserError):
    """A chain file that cannot be read as one."""


@dataclass(frozen=True)
class Quotes:
    """Usable quotes of one snapshot, currency and expiry, ascending by strike; arrays of one length.

    Attributes
    ----------
    timestamp, expiry : seconds.
    years : to expiry, of 365 days.
    forward : the venue's, quote per base.
    parity_forward : implied from calls and puts of one strike; nan where too few have both.
    strike, k : strikes and ln(strike / forward).
    volatility : annual, of the mark, or of the middle of bid and ask where there is no mark.
    vega : the venue's, the weights of errors.
    rejected : how many quotes were left out, by reason.
    """

    currency: str
    timestamp: int
    expiry: int
    years: float
    forward: float
    parity_forward: float
    strike: Floats
    k: Floats
    volatility: Floats
    vega: Floats
    rejected: dict[str, int]

    @property
    def usable(self) -> bool:
        """Whether there are enough quotes for a fit."""
        return len(self.k) >= MIN_QUOTES


def read_chain(path: Path) -> pd.DataFrame:
    """A chain file, CSV or Parquet, ordered.

    Raises
    ------
    BadChain
        When it cannot be read, has no rows, or lacks a column.
    """
    try:
        table = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    except (OSError, ValueError) as error:
        raise BadChain(f"{path} cannot be read: {error}.", "Give a CSV or Parquet file of option quotes.") from error
    return tidy_chain(table, str(path))


def tidy_chain(table: pd.DataFrame, path: str) -> pd.DataFrame:
    """The rows of a chain in order, with times and numbers for what they are.

    Raises
    ------
    BadChain
        When there are no rows, or a column is missing.
    """
    if missing := [name for name in REQUIRED if name not in table.columns]:
        raise BadChain(f"{path} has no column {', '.join(missing)}.", f"A chain has {', '.join(REQUIRED)}.")
    if table.empty:
        raise BadChain(f"{path} has no rows.")
    for name in ("ts", "expiry"):
        try:
            table[name] = pd.to_datetime(table[name], utc=True)
        except (ValueError, TypeError) as error:
            raise BadChain(f"{path}: column {name} is not all times: {error}.") from error
    for name in REQUIRED[3:4] + REQUIRED[5:]:
        table[name] = pd.to_numeric(table[name], errors="coerce")
    return table.sort_values(["ts", "currency", "expiry", "strike", "cp"], kind="stable")


def snapshots(table: pd.DataFrame) -> Iterator[tuple[pd.Timestamp, str, list[Quotes]]]:
    """The expiries of each snapshot and currency, near first."""
    for key, rows in table.groupby(["ts", "currency"], observed=True, sort=True):
        moment, currency = cast("tuple[pd.Timestamp, object]", key)
        by_expiry = (part for _, part in rows.groupby("expiry", sort=True))
        yield moment, str(currency), [_quotes(str(currency), moment, part) for part in by_expiry]


def parity_forward(strike: Floats, call: Floats, put: Floats) -> float:
    """The forward at which coin prices of calls and puts agree: call - put = 1 - K / F; the median around the money.

    Parameters
    ----------
    strike, call, put : quote per base, and middles in coin, of strikes that have both; any order.
    """
    gap = 1.0 - (call - put)
    good = np.isfinite(gap) & (gap > 0)
    if good.sum() < 3:
        return float("nan")
    forwards = strike[good] / gap[good]
    nearest = np.argsort(np.abs(call[good] - put[good]))[:PARITY_STRIKES]
    return float(np.median(forwards[nearest]))


def _quotes(currency: str, moment: pd.Timestamp, rows: pd.DataFrame) -> Quotes:
    """The quotes of one expiry."""
    strike, forward = rows.strike.to_numpy(float), float(rows.forward.median())
    bid, ask, vega = (rows[name].to_numpy(float) for name in ("bid_price", "ask_price", "vega"))
    is_call = (rows.cp.astype(str).str.upper().str[0] == "C").to_numpy()
    years = float(rows.time_to_maturity.median())
    middle = 0.5 * (bid + ask)
    implied = _parity(strike, middle, is_call)
    if not forward > 0:
        forward = implied
    volatility = rows.mark_iv.to_numpy(float) if "mark_iv" in rows else np.full(len(rows), np.nan)
    unmarked = ~np.isfinite(volatility)
    if unmarked.any() and forward > 0 and years > 0:
        sides = np.where(is_call, Side.CALL, Side.PUT)
        found = implied_volatility(middle * forward, forward, strike, years, sides).volatility
        volatility = np.where(unmarked, found, volatility)
    with np.errstate(divide="ignore", invalid="ignore"):
        points = TICK * forward / vega
    # In this order: a quote is counted under the first reason that it meets.
    reasons = (
        ("expired, or without a forward", np.full(len(rows), not (years > 0 and forward > 0))),
        ("not a strike", ~(strike > 0)),
        ("in the money", np.where(is_call, strike < forward, strike >= forward)),
        ("no bid or no ask", ~((bid > 0) & (ask > 0))),
        ("bid above ask", bid > ask),
        ("no volatility", ~np.isfinite(volatility)),
        ("absurd volatility", (volatility < VOLATILITY_RANGE[0]) | (volatility > VOLATILITY_RANGE[1])),
        ("a tick is worth more than a point of volatility", ~(points <= MAX_TICK_POINTS)),
        ("strike quoted twice", pd.Series(strike).where(np.where(is_call, strike >= forward, strike < forward))
            .duplicated().to_numpy()),
    )  # fmt: skip
    left = np.ones(len(rows), dtype=bool)
    rejected: Counter[str] = Counter()
    for reason, hit in reasons:
        count = int((hit & left).sum())
        if count:
            rejected[reason] = count
        left &= ~hit
    return Quotes(
        currency,
        int(moment.timestamp()),
        int(rows.expiry.iloc[0].timestamp()),
        years,
        forward,
        implied,
        strike[left],
        np.log(strike[left] / forward),
        volatility[left],
        vega[left],
        dict(rejected),
    )


def _parity(strike: Floats, middle: Floats, is_call: NDArray[np.bool_]) -> float:
    calls = pd.Series(middle[is_call], index=strike[is_call]).groupby(level=0).first()
    puts = pd.Series(middle[~is_call], index=strike[~is_call]).groupby(level=0).first()
    both = pd.concat([calls, puts], axis=1, keys=["call", "put"]).dropna()
    return parity_forward(both.index.to_numpy(float), both["call"].to_numpy(float), both["put"].to_numpy(float))
