"""What an owner should know of an account, in plain words, the gravest first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ml.concentration import Share
from ml.exposure import Exposure
from ml.liquidity import Closable
from ml.market_inputs import MarketInputs
from ml.scenarios import Scenario
from ml.tail import TailRisk

SOON_SECONDS = 86_400
CONCENTRATED = 0.8
FEW_DAYS = 250
"""A one-in-a-hundred loss drawn from fewer days is a rough one."""
_ORDER = {"critical": 0, "warning": 1, "info": 2}
_WAD = 10**18


@dataclass(frozen=True)
class Finding:
    """Something that an owner should know; `severity` is info, warning or critical."""

    severity: str
    text: str


def findings(
    exposures: Sequence[Exposure],
    scenarios: Sequence[Scenario],
    tails: Sequence[TailRisk],
    shares: Sequence[Share],
    closable: Sequence[Closable],
    unpriced: Sequence[str],
    now: int,
    inputs: Sequence[MarketInputs] = (),
    *,
    history_known: bool,
) -> list[Finding]:
    """All findings, the gravest first."""
    if not exposures and not unpriced:
        return [Finding("info", "There are no open options.")]
    found = [
        *_pricing(unpriced),
        *_inputs(inputs),
        *_scenarios(scenarios),
        *_tails(tails, history_known=history_known),
        *_soon(exposures, now),
        *_bunched(shares, len(exposures)),
        *_stuck(closable),
    ]
    return sorted(found, key=lambda finding: _ORDER[finding.severity])


def _pricing(unpriced: Sequence[str]) -> Iterator[Finding]:
    if unpriced:
        yield Finding("warning", f"No volatility slice prices {', '.join(unpriced)}: they are in no figure here.")


def _inputs(inputs: Sequence[MarketInputs]) -> Iterator[Finding]:
    for entry in inputs:
        for problem in entry.problems:
            yield Finding("warning", f"{entry.symbol}: {problem}.")


def _scenarios(scenarios: Sequence[Scenario]) -> Iterator[Finding]:
    for scenario in scenarios:
        worst = scenario.binding
        if worst.counted < 0:
            counted = "" if worst.share == 1 else f", of which {-worst.counted:,.2f} counts"
            yield Finding(
                "info" if worst.share == 1 else "warning",
                f"The worst of the scenarios for {scenario.symbol} loses {-worst.change:,.2f} in quote{counted}: "
                f"spot {worst.spot_move:+.0%}, volatility {worst.volatility_move:+.0%}.",
            )


def _tails(tails: Sequence[TailRisk], *, history_known: bool) -> Iterator[Finding]:
    if not history_known:
        yield Finding("warning", "The history is too short for a value at risk.")
    for each in tails:
        if each.days == 1 and each.level == 0.99 and each.value_at_risk > 0:
            rough = f" From {each.history_days} days only: take it as rough." if each.history_days < FEW_DAYS else ""
            yield Finding(
                "info",
                f"One day in a hundred loses more than {each.value_at_risk:,.2f} in quote, and then "
                f"{each.expected_shortfall:,.2f} on average.{rough}",
            )


def _soon(exposures: Sequence[Exposure], now: int) -> Iterator[Finding]:
    for entry in exposures:
        hours = (entry.expiry - now) / 3600
        if entry.expiry - now <= SOON_SECONDS and entry.gamma < 0:
            yield Finding(
                "critical" if hours <= 4 else "warning",
                f"Short gamma of {entry.symbol} expires in {hours:.1f} hours: each 1 in the spot changes the delta "
                f"by {abs(entry.gamma):.4f}.",
            )


def _bunched(shares: Sequence[Share], expiries: int) -> Iterator[Finding]:
    for share in shares:
        if share.by == "expiry" and expiries > 1 and share.share > CONCENTRATED:
            yield Finding("info", f"{share.share:.0%} of all vega lies in one expiry: {share.name}.")


def _stuck(closable: Sequence[Closable]) -> Iterator[Finding]:
    for entry in closable:
        left = abs(entry.amount) - entry.closable
        if left > 0:
            kind = "held" if entry.amount > 0 else "written"
            yield Finding(
                "info" if entry.amount > 0 else "warning",
                f"The vault could take over {entry.closable / _WAD:g} of {abs(entry.amount) / _WAD:g} contracts {kind} "
                f"in {entry.name} now; the rest would need signed orders.",
            )
