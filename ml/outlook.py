"""A market's regime now: the outlook of each horizon, and the signals behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ml.bars import BARS_PER_DAY, BARS_PER_YEAR, VarianceSeries
from ml.features import Features, make_features, trailing_mean
from ml.forecasts import HorizonForecast
from ml.regimes import REGIMES, predict, setting
from ml.registry import RegimeChoice


@dataclass(frozen=True)
class Driver:
    """One input of a regime and what it was."""

    name: str
    value: float
    meaning: str


@dataclass(frozen=True)
class Outlook:
    """The regime over one horizon.

    Attributes
    ----------
    probabilities : by regime.
    skill : whether such probabilities beat both plain forecasts in walk-forward validation.
    verdict : that in words; begins with `no skill` when they did not.
    """

    days: int
    probabilities: dict[str, float]
    skill: bool
    verdict: str


@dataclass(frozen=True)
class Regime:
    """The likeliest regime of the nearest horizon, the outlook of every horizon, and what drove them.

    `calibrated` says that the probabilities beat both plain forecasts; otherwise they are not to be acted on.
    """

    name: str
    probabilities: dict[str, float]
    drivers: tuple[Driver, ...]
    calibrated: bool = False
    verdict: str = "no skill: nothing was judged yet"
    outlooks: tuple[Outlook, ...] = ()


def classify(
    series: VarianceSeries, forecasts: Sequence[HorizonForecast] = (), choices: Sequence[RegimeChoice] = ()
) -> Regime:
    """The regime at the end of a series.

    Without choices the probabilities are shares of plain scores, and the verdict is `no skill`.
    """
    features = make_features(series)
    last = np.array([len(series) - 1], dtype=np.int64)
    by_days = {forecast.days: forecast for forecast in forecasts}
    outlooks = []
    for choice in choices:
        if choice.days in by_days:
            per_bar = np.array([by_days[choice.days].variance / choice.days / BARS_PER_DAY])
            seen = setting(series, features, last, per_bar, choice.days)
            shares = dict(zip(REGIMES, predict(choice.parameters, seen.design)[0].round(4).tolist(), strict=True))
            outlooks.append(Outlook(choice.days, shares, choice.skill, choice.verdict))
    drivers = _drivers(series, features, forecasts)
    if not outlooks:
        shares = _plain_shares(drivers)
        return Regime(max(shares, key=shares.__getitem__), shares, drivers)
    first = min(outlooks, key=lambda outlook: outlook.days)
    name = max(first.probabilities, key=first.probabilities.__getitem__)
    return Regime(name, first.probabilities, drivers, first.skill, first.verdict, tuple(outlooks))


def _drivers(series: VarianceSeries, features: Features, forecasts: Sequence[HorizonForecast]) -> tuple[Driver, ...]:
    """The signals behind a regime: volatility and its rank, momentum, term structure and skew."""
    daily = trailing_mean(series.variance, 1)[-BARS_PER_YEAR:]
    latest = float(daily[-1])
    drivers = [
        Driver("volatility_1d", float(np.sqrt(latest * BARS_PER_YEAR)), "annual volatility of the last day"),
        Driver("volatility_rank", float(np.mean(daily <= latest)), "share of the year's days no more volatile"),
        Driver("momentum_7d", _moved(series, 7), "last week's log return over its own realised volatility"),
        Driver("momentum_30d", _moved(series, 30), "last month's log return over its own realised volatility"),
        Driver(
            "downside_7d",
            float(features["downside"][-1]),
            "skew: share of the last week's variance that came from falls, a half where neither side leads",
        ),
        Driver("activity_1d", float(features["activity_1"][-1]), "logarithm of the day's volume over the month's"),
    ]
    if len(forecasts) > 1:
        near, far = min(forecasts, key=lambda one: one.days), max(forecasts, key=lambda one: one.days)
        meaning = f"term structure: forecast volatility of {near.days} over {far.days} days; above one, stress is near"
        drivers.append(Driver("term_structure", near.volatility / far.volatility, meaning))
    return tuple(drivers)


def _moved(series: VarianceSeries, days: int) -> float:
    window = days * BARS_PER_DAY
    realised = float(np.sqrt(np.sum(series.variance[-window:])))
    return float(np.sum(series.returns[-window:])) / realised if realised > 0 else 0.0


def _plain_shares(drivers: Sequence[Driver]) -> dict[str, float]:
    """Shares of scores where there is nothing better: rank of volatility against size of the trend."""
    value = {driver.name: driver.value for driver in drivers}
    rank, trend = value["volatility_rank"], abs(value["momentum_7d"])
    scores = np.array([3 * (0.6 - rank), 3 * (trend / 1.6 - 0.75), 6 * (rank - 0.75)])
    shares = np.exp(scores - scores.max())
    return dict(zip(REGIMES, (shares / shares.sum()).round(4).tolist(), strict=True))
