"""What an account or a vault stands to win and lose: greeks, scenarios, tails, worst cases, findings in plain words.

Values are in the market's quote, options alone: free balances and collateral are not options and are left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ml.concentration import Share, concentration
from ml.exposure import Exposure, by_expiry, exposure
from ml.findings import Finding, findings
from ml.holdings import FreeBalance, Holding, VaultRoom
from ml.liquidity import Closable, closables
from ml.market_inputs import MarketInputs
from ml.paths import FilteredDays
from ml.scenarios import Scenario, scenario
from ml.tail import TailRisk, tail_risks
from ml.valuation import MarketState
from ml.worst_loss import WorstCase, worst_cases
from optionix.instruments import Side


@dataclass(frozen=True)
class Around:
    """What is known of the market around an account.

    Attributes
    ----------
    markets : spot and slices by market id.
    decimals : of the settlement asset by (market, side).
    history : filtered days by symbol, of the assets that have enough of them.
    rooms : what vaults can trade.
    interest : open interest by series id.
    inputs : what is known of each market was made of.
    """

    markets: Mapping[int, MarketState]
    decimals: Mapping[tuple[int, Side], int] = field(default_factory=dict)
    history: Mapping[str, FilteredDays] = field(default_factory=dict)
    rooms: Mapping[tuple[int, Side], VaultRoom] = field(default_factory=dict)
    interest: Mapping[int, int] = field(default_factory=dict)
    inputs: Mapping[int, MarketInputs] = field(default_factory=dict)


@dataclass(frozen=True)
class Assessment:
    """All of an account's risk; `tails` is empty where an asset's history is too short for one."""

    exposures: tuple[Exposure, ...]
    scenarios: tuple[Scenario, ...]
    tails: tuple[TailRisk, ...]
    worst_cases: tuple[WorstCase, ...]
    concentration: tuple[Share, ...]
    free: tuple[FreeBalance, ...]
    closable: tuple[Closable, ...]
    findings: tuple[Finding, ...]
    unpriced: tuple[str, ...]
    inputs: tuple[MarketInputs, ...]


def assess(
    holdings: Sequence[Holding],
    around: Around,
    now: int,
    *,
    locked: Mapping[int, int] | None = None,
    free: Sequence[FreeBalance] = (),
) -> Assessment:
    """Value an account's open options now and in every scenario.

    Parameters
    ----------
    holdings : unsettled series, long and short.
    now : market time, seconds.
    locked : collateral (token units) by book key.
    """
    markets = around.markets
    priced = [h for h in holdings if h.market in markets and h.expiry in markets[h.market].slices and h.expiry > now]
    unpriced = tuple(sorted({h.name for h in holdings} - {h.name for h in priced}))
    parts = [exposure(holding, markets[holding.market], now) for holding in priced]
    exposures = by_expiry(parts)
    scenarios = tuple(
        scenario(markets[market], [h for h in priced if h.market == market], now)
        for market in sorted({h.market for h in priced})
    )
    known = all(markets[holding.market].symbol in around.history for holding in priced)
    tails = tuple(tail_risks(priced, markets, around.history, now)) if known else ()
    worst = tuple(worst_cases(holdings, locked or {}, around.decimals))
    shares = tuple(concentration((h, part.symbol, part.vega) for h, part in zip(priced, parts, strict=True)))
    closable = tuple(closables(holdings, around.rooms, around.interest))
    inputs = tuple(around.inputs[market] for market in sorted({h.market for h in holdings} & around.inputs.keys()))
    found = findings(exposures, scenarios, tails, shares, closable, unpriced, now, inputs, history_known=known)
    return Assessment(exposures, scenarios, tails, worst, shares, tuple(free), closable, tuple(found), unpriced, inputs)
