"""Where an account's risk is bunched: shares of its vega by market, expiry, side and strike."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from ml.holdings import Holding
from optionix.instruments import STRIKE_ONE, Side


@dataclass(frozen=True)
class Share:
    """A part of a portfolio and its share of the sum of absolute vegas; `by` is what it was cut by."""

    by: str
    name: str
    share: float


def _market(_: Holding, symbol: str) -> str:
    return symbol


def _expiry(holding: Holding, symbol: str) -> str:
    return f"{symbol} {datetime.fromtimestamp(holding.expiry, UTC):%d %b %Y}"


def _side(holding: Holding, symbol: str) -> str:
    return f"{symbol} {Side(holding.side).name.lower()}s"


def _strike(holding: Holding, symbol: str) -> str:
    return f"{symbol} {holding.strike / STRIKE_ONE:g}"


_CUTS: dict[str, Callable[[Holding, str], str]] = {
    "market": _market,
    "expiry": _expiry,
    "side": _side,
    "strike": _strike,
}


def concentration(vegas: Iterable[tuple[Holding, str, float]]) -> list[Share]:
    """The largest part by each cut.

    Parameters
    ----------
    vegas : holdings with their market's symbol and their vega, signed.
    """
    parts = list(vegas)
    found = []
    for cut, name in _CUTS.items():
        sums: dict[str, float] = {}
        for holding, symbol, vega in parts:
            key = name(holding, symbol)
            # What cancels within a part is no risk of it.
            sums[key] = sums.get(key, 0.0) + vega
        total = sum(abs(vega) for vega in sums.values())
        if total > 0:
            largest = max(sorted(sums), key=lambda key: abs(sums[key]))
            found.append(Share(cut, largest, abs(sums[largest]) / total))
    return found
