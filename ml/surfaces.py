"""SSVI slices for the chain, from forecasts of realised variance.

Level: the total variance of an expiry is read off the forecasts' term structure (linear in total variance between the
horizons, tending to the long-run variance beyond 30 days) and raised by a stated premium: writers are paid for the risk
that variance comes out higher.

Shape: phi = eta / sqrt(theta (1 + theta)) with one rho and one eta for the market (Gatheral and Jacquier's power law
with gamma = 1/2). With theta rising, these satisfy the contract's butterfly and calendar conditions as long as
eta^2 (1 + |rho|) <= 4. rho and eta come from the skewness and kurtosis of
standardised daily returns by the smile expansion of Backus, Foresi and Wu (2004), sigma(z) = sigma (1 + s z / 6 +
kappa z^2 / 24), which for this slice gives rho eta = s / 3 and eta^2 (1 - 2 rho^2) = kappa / 3. Such moments of a few
hundred days say little, so they are drawn towards a prior.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ml.bars import BARS_PER_DAY, VarianceSeries
from ml.blend import Evidence, Level, blend
from ml.book_trades import TradeEvidence
from ml.features import ewma
from ml.forecasts import HorizonForecast
from ml.posted import Move, Oracle, moves
from ml.venue import VenueAnswer
from optionix.pricing.reports import YEAR_SECONDS, Check, atm_volatility, check_surface
from optionix.pricing.ssvi import PackedSlice, SliceError, SsviSlice

DAY = 86_400
VARIANCE_PREMIUM = 0.10
"""Implied over expected variance, minus one. Over half a year of BTC the 30-day implied index was in the middle 1.0
times the forecast of the mean; a writer who quotes the expectation itself is not paid for its risk."""
PRIOR_RHO = -0.20
PRIOR_ETA = 0.85
"""Middle of the slices fitted to exchange option chains of ETH and BTC, nearly the same from a day to a year."""
PRIOR_DAYS = 1000.0
"""The prior counts as this many days of returns."""
LONG_RUN_DAYS = 90.0
"""Beyond 30 days forward variance comes back to its long-run level with this time constant."""
MIN_SHAPE_SECONDS = 6 * 3600
"""Within the last six hours phi stays as if six were left: the curve per strike stays put while time runs out."""
MIN_FORWARD_SHARE = 0.3
"""Forward variance between two horizons is at least this share of the nearer horizon's average."""
RHO_LIMIT = 0.6
ETA_LIMITS = (0.40, 1.30)
"""eta^2 (1 + |rho|) stays at or below 1.3^2 1.6 = 2.7, well inside 4."""
JUMP_SIGMAS = 10.0
"""A last bar that moved this many times its expected size is doubted until the next one confirms it."""


@dataclass(frozen=True)
class Shape:
    """rho and eta of a market, and what they were made of."""

    rho: float
    eta: float
    skewness: float
    excess_kurtosis: float
    days: int
    weight: float


@dataclass(frozen=True)
class Slice:
    """A slice of one expiry in contract units.

    Attributes
    ----------
    atm_vol : annual volatility at the money.
    confidence : how far to trust it, 0 to 1, see `ml.blend`.
    weights : of each source in its level; they add up to one.
    move : what the oracle would do with it; None where the oracle is not indexed.
    """

    expiry: int
    packed: PackedSlice
    atm_vol: float
    confidence: float
    weights: dict[str, float] = field(default_factory=dict)
    move: Move | None = None


@dataclass(frozen=True)
class Surface:
    """All slices of a market at one time, or the reasons why they must not be posted.

    Attributes
    ----------
    warnings : what does not forbid the surface and whoever posts it should know: a source that is missing, slices that
        the oracle would clip or refuse.
    """

    slices: tuple[Slice, ...]
    checks: tuple[Check, ...]
    shape: Shape | None
    reasons: tuple[str, ...] = field(default=())
    warnings: tuple[str, ...] = field(default=())
    venue: VenueAnswer | None = None
    trades: TradeEvidence = field(default_factory=TradeEvidence)

    @property
    def confidence(self) -> float:
        """That of its least certain slice; 0 without any."""
        return min((entry.confidence for entry in self.slices), default=0.0)

    @property
    def refused(self) -> bool:
        """Whether this surface must not be posted."""
        return bool(self.reasons)


@dataclass(frozen=True)
class TermStructure:
    """Expected total variance as a function of time, rising.

    Parameters
    ----------
    forecasts : by horizon, ascending.
    long_run : annual variance that the far end tends to.
    """

    forecasts: Sequence[HorizonForecast]
    long_run: float

    def total_variance(self, years: float) -> float:
        """Expected realised variance from now over `years`."""
        times = [0.0, *(forecast.days / 365 for forecast in self.forecasts)]
        totals = [0.0]
        for forecast, before, at in zip(self.forecasts, times, times[1:], strict=False):
            # Forecasts are made one by one and need not fit together: a longer horizon must add variance.
            share = totals[-1] / before * (at - before) if before else 0.0
            totals.append(max(forecast.variance, totals[-1] + MIN_FORWARD_SHARE * share))
        if years <= times[-1]:
            return float(np.interp(years, times, totals))
        forward = (totals[-1] - totals[-2]) / (times[-1] - times[-2])
        beyond, constant = years - times[-1], LONG_RUN_DAYS / 365
        decayed = constant * (1 - np.exp(-beyond / constant))
        return float(totals[-1] + self.long_run * beyond + (forward - self.long_run) * decayed)


def fit_shape(series: VarianceSeries) -> Shape:
    """rho and eta from daily returns over the volatility known the day before, drawn towards the prior."""
    levels = ewma(np.maximum(series.variance, 1e-12), 8) * BARS_PER_DAY
    ends = np.flatnonzero(series.end % DAY == 0)
    sums = np.concatenate([[0.0], np.cumsum(series.returns)])
    ends = ends[ends >= 2 * BARS_PER_DAY][-365:]
    returns = sums[ends + 1] - sums[ends + 1 - BARS_PER_DAY]
    standard = returns / np.sqrt(levels[ends - BARS_PER_DAY])
    days = len(standard)
    skewness, kurtosis = 0.0, 0.0
    centred = standard - standard.mean() if days else standard
    spread = float(np.sqrt(np.mean(centred**2))) if days else 0.0
    told = days >= 20 and spread > 0  # a price that never moved has no shape
    if told:
        skewness = float(np.clip(np.mean(centred**3) / spread**3, -1.5, 1.5))
        kurtosis = float(np.clip(np.mean(centred**4) / spread**4 - 3, 0.0, 8.0))
    weight = days / (days + PRIOR_DAYS) if told else 0.0
    slope = weight * skewness / 3 + (1 - weight) * PRIOR_RHO * PRIOR_ETA
    curve = weight * kurtosis / 3 + (1 - weight) * PRIOR_ETA**2 * (1 - 2 * PRIOR_RHO**2)
    # eta^2 - 2 (rho eta)^2 = curve, with rho eta = slope
    eta = float(np.clip(np.sqrt(curve + 2 * slope**2), *ETA_LIMITS))
    rho = float(np.clip(slope / eta, -RHO_LIMIT, RHO_LIMIT))
    return Shape(rho, eta, skewness, kurtosis, days, weight)


def build_surface(
    expiries: Sequence[int],
    as_of: int,
    term: TermStructure,
    shape: Shape,
    *,
    problems: Sequence[str] = (),
    evidence: Evidence | None = None,
    oracle: Oracle | None = None,
) -> Surface:
    """A slice for each expiry, checked; refused with the reasons where anything is doubtful.

    Parameters
    ----------
    expiries : seconds; those not after `as_of` are left out.
    as_of : time of the report, seconds of market time.
    problems : what is already known to be wrong with the input.
    evidence : what there is besides the forecasts.
    oracle : what is on the chain, for each slice to be compared with.
    """
    evidence = evidence or Evidence()
    reasons = list(problems)
    levels = [_level(expiry, as_of, term) for expiry in sorted(set(expiries)) if expiry > as_of]
    blended = blend(levels, as_of, shape.rho, shape.eta, evidence)
    reasons += blended.reasons
    rho = float(np.clip(blended.rho, -RHO_LIMIT, RHO_LIMIT))
    eta = float(np.clip(blended.eta, *ETA_LIMITS))
    packed: dict[int, PackedSlice] = {}
    for level in blended.levels:
        try:
            phi = eta / float(np.sqrt(level.shaped * (1 + level.shaped)))
            entry = SsviSlice(level.theta, phi, rho, 0.0, as_of).pack()
            if not entry.theta or not entry.phi:
                raise ValueError(f"theta {level.theta:g} and phi {phi:g} are no slice")
        except (SliceError, ValueError, OverflowError, ZeroDivisionError) as error:
            reasons.append(f"expiry {level.expiry}: {error}")
            continue
        packed[level.expiry] = entry
    checks = check_surface(packed)
    reasons += [f"{check.name}: {check.detail}" for check in checks if not check.ok]
    on_chain = moves(oracle, packed, as_of) if oracle else {}
    slices = tuple(
        Slice(
            expiry,
            entry,
            atm_volatility(entry, expiry),
            blended.confidence[expiry],
            blended.weights[expiry],
            on_chain.get(expiry),
        )
        for expiry, entry in packed.items()
    )
    warnings = [
        *blended.warnings,
        *(f"expiry {expiry} {move.problem}" for expiry, move in on_chain.items() if move.problem),
    ]
    made_of = Shape(rho, eta, shape.skewness, shape.excess_kurtosis, shape.days, shape.weight)
    return Surface(slices, tuple(checks), made_of, tuple(reasons), tuple(warnings), evidence.venue, blended.trades)


def _level(expiry: int, as_of: int, term: TermStructure) -> Level:
    """What the forecasts say of an expiry."""
    years = (expiry - as_of) / YEAR_SECONDS
    theta = (1 + VARIANCE_PREMIUM) * term.total_variance(years)
    shaped = (1 + VARIANCE_PREMIUM) * term.total_variance(max(years, MIN_SHAPE_SECONDS / YEAR_SECONDS))
    return Level(expiry, theta, shaped, confidence(term, years))


def confidence(term: TermStructure, years: float) -> float:
    """How narrow the forecast is: 1 / (1 + half the log range of its 10 to 90 % quantiles); half if unvalidated."""
    nearest = min(term.forecasts, key=lambda forecast: abs(forecast.days / 365 - years))
    if not 0 < nearest.q10 <= nearest.q90 < np.inf:
        return 0.0
    spread = float(np.log(nearest.q90 / nearest.q10)) / 2
    return round((1.0 if nearest.validated else 0.5) / (1 + spread), 4)


def jump_problem(series: VarianceSeries) -> str | None:
    """Words about a last bar that moved too far to be believed at once; None when it did not."""
    if len(series) < 2 * BARS_PER_DAY:
        return None
    expected = float(np.sqrt(ewma(np.maximum(series.variance[:-1], 1e-12), 1)[-1]))
    size = abs(float(series.returns[-1])) / expected
    if size <= JUMP_SIGMAS:
        return None
    return f"jump: the last bar moved {series.returns[-1]:+.2%}, {size:.1f} times its expected size"


def flat_problem(series: VarianceSeries) -> str | None:
    """Words about a price that has not moved for a day: a feed that repeats itself; None where it has."""
    if len(series) < BARS_PER_DAY or np.any(series.variance[-BARS_PER_DAY:] > 0):
        return None
    return f"flat: the price has not moved for {BARS_PER_DAY} bars"
