"""How the service answers: forecasts and surfaces as it tells them, what it can refuse with, how long it took."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from prometheus_client import Counter, Gauge, Histogram

from ml import schemas
from ml.bars import BadBars, InputReport
from ml.engine import MarketView, RiskEngine
from ml.market_data import NotIndexed
from ml.provenance import move_of, sources_of
from ml.surfaces import VARIANCE_PREMIUM

ANSWER_SECONDS = Histogram(
    "optionix_risk_answer_seconds", "Time to answer", ["question"], buckets=(0.005, 0.02, 0.05, 0.1, 0.25, 1, 5)
)
ERRORS: dict[int | str, dict[str, Any]] = {404: {"model": schemas.Problem}, 503: {"model": schemas.Problem}}
REFUSED = Counter("optionix_risk_surfaces_refused_total", "Surfaces that were refused", ["symbol"])
BAR_AGE = Gauge("optionix_risk_bar_age_seconds", "Market time since the newest bar closed", ["symbol"])
FORECAST = Gauge("optionix_risk_forecast_volatility", "Forecast of annual volatility", ["symbol", "days"])
Told = TypeVar("Told")


def days_of(text: str) -> set[int]:
    """Days of a list separated by commas."""
    return {int(part) for part in text.split(",")}


def each(markets: str, tell: Callable[[int], Told]) -> tuple[list[Told], list[schemas.MarketProblem]]:
    """Answers for a list of market ids, and the reasons of those that have none."""
    found, problems = [], []
    for market in dict.fromkeys(int(part) for part in markets.split(",")):
        try:
            found.append(tell(market))
        except (NotIndexed, BadBars) as error:
            problems.append(schemas.MarketProblem(market=market, problem=str(error)))
    return found, problems


def forecasts(engine: RiskEngine, market: int, wanted: set[int], seen: MarketView | None = None) -> schemas.Forecasts:
    """Forecasts of a market over the days that are wanted, as it is `seen`, or now.

    Raises
    ------
    NotIndexed
        For a market or days that there are no forecasts of.
    BadBars
        When there are too few bars.
    """
    with ANSWER_SECONDS.labels("forecasts").time():
        seen = seen or engine.view(market)
    found = [entry for entry in seen.view.forecasts if entry.days in wanted]
    missing = wanted - {entry.days for entry in found}
    if missing:
        raise NotIndexed(f"no forecast for {', '.join(map(str, sorted(missing)))} days: there are 1, 7 and 30")
    for entry in found:
        FORECAST.labels(seen.market.symbol, str(entry.days)).set(entry.volatility)
    problems = seen.view.problems
    return schemas.Forecasts(
        market=market,
        symbol=seen.market.symbol,
        as_of=seen.as_of,
        horizons=[schemas.Horizon.model_validate(entry) for entry in found],
        model=schemas.ModelName.model_validate(seen.view.record),
        inputs=inputs(engine, seen),
        degraded=bool(problems) or not all(entry.validated for entry in found),
        problems=problems,
    )


def surface(engine: RiskEngine, market: int, seen: MarketView | None = None) -> schemas.SurfaceAnswer:
    """A slice for each listed expiry, or a refusal with its reasons; NotIndexed where there is no such market."""
    try:
        with ANSWER_SECONDS.labels("surfaces").time():
            seen, built, spot = engine.surface(market, seen)
    except BadBars as error:
        info, moment = engine.data.market(market), engine.data.moment()
        REFUSED.labels(info.symbol).inc()
        return schemas.SurfaceAnswer(
            market=market,
            symbol=info.symbol,
            as_of=moment.timestamp,
            spot=None,
            slices=[],
            checks=[],
            shape=None,
            variance_premium=VARIANCE_PREMIUM,
            model=None,
            inputs=None,
            refused=True,
            reason=str(error),
            confidence=0.0,
            warnings=[],
            sources=None,
        )
    if built.refused:
        REFUSED.labels(seen.market.symbol).inc()
    return schemas.SurfaceAnswer(
        market=market,
        symbol=seen.market.symbol,
        as_of=seen.as_of,
        spot=spot,
        slices=[
            schemas.SliceAnswer(
                expiry=entry.expiry,
                theta=entry.packed.theta,
                phi=entry.packed.phi,
                rho=entry.packed.rho,
                carry=entry.packed.carry,
                atm_vol=entry.atm_vol,
                confidence=entry.confidence,
                weights=entry.weights,
                move=move_of(entry.move),
            )
            for entry in built.slices
        ],
        checks=[schemas.CheckResult.model_validate(check) for check in built.checks],
        shape=schemas.ShapeAnswer.model_validate(built.shape) if built.shape else None,
        variance_premium=VARIANCE_PREMIUM,
        model=schemas.ModelName.model_validate(seen.view.record),
        inputs=inputs(engine, seen),
        refused=built.refused,
        reason="; ".join(built.reasons),
        confidence=built.confidence,
        warnings=list(built.warnings),
        sources=sources_of(built, seen.as_of),
    )


def inputs(engine: RiskEngine, seen: MarketView) -> schemas.Inputs:
    """What an answer about a market was made of."""
    BAR_AGE.labels(seen.market.symbol).set(seen.view.report.age_seconds)
    return bars_used(engine, seen.view.report)


def bars_used(engine: RiskEngine, report: InputReport) -> schemas.Inputs:
    """Where bars came from, how many there are, and what is wrong with them."""
    return schemas.Inputs(
        source=engine.source.name,
        bars=report.bars,
        first_bar=report.first_bar,
        last_bar=report.last_bar,
        gaps=report.gaps,
        recent_gaps=report.recent_gaps,
        duplicates=report.duplicates,
        bad_ticks=report.bad_ticks,
        age_seconds=report.age_seconds,
        stale=report.stale,
        gappy=report.gappy,
    )
