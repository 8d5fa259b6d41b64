"""The HTTP interface of the risk service."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import FastAPI, Query, Request
from fastapi.responses import JSONResponse
from prometheus_client import Counter, Gauge
from sqlalchemy.exc import OperationalError, ProgrammingError

from ml import schemas
from ml.bars import BadBars
from ml.engine import MarketView, RiskEngine
from ml.market_data import NotIndexed
from ml.risk_endpoints import ANSWER_SECONDS, ERRORS, BadPortfolio, add_risk
from ml.surfaces import VARIANCE_PREMIUM
from optionix import __version__
from optionix.telemetry import HealthReport

REFUSED = Counter("optionix_risk_surfaces_refused_total", "Surfaces that were refused", ["symbol"])
BAR_AGE = Gauge("optionix_risk_bar_age_seconds", "Market time since the newest bar closed", ["symbol"])
FORECAST = Gauge("optionix_risk_forecast_volatility", "Forecast of annual volatility", ["symbol", "days"])


def create_app(engine: RiskEngine) -> FastAPI:
    """The application around an engine. Endpoints are plain functions: FastAPI runs them on its threads."""
    app = FastAPI(title="Optionix risk service", version=__version__)

    @app.exception_handler(NotIndexed)
    def not_indexed(request: Request, error: NotIndexed) -> JSONResponse:
        return _problem(404, "not_found", "Not found", str(error))

    @app.exception_handler(BadPortfolio)
    def bad_portfolio(request: Request, error: BadPortfolio) -> JSONResponse:
        return _problem(422, "bad_portfolio", "No such portfolio", str(error))

    @app.exception_handler(BadBars)
    def bad_bars(request: Request, error: BadBars) -> JSONResponse:
        return _problem(503, "not_enough_history", "Not enough history", str(error))

    @app.exception_handler(OperationalError)
    @app.exception_handler(ProgrammingError)
    def no_database(request: Request, error: Exception) -> JSONResponse:
        return _problem(503, "database_unavailable", "Database unavailable", "The indexed tables cannot be read now.")

    @app.get("/healthz")
    def healthz() -> dict[str, Any]:
        """Whether the service can answer."""
        return health(engine).as_json()

    @app.get("/models")
    def models() -> schemas.Models:
        """All records of the registry; `active` ones answer now."""
        active = engine.active()
        return schemas.Models(
            models=[
                schemas.ModelEntry(active=record.id in active, **record.model_dump(mode="python"))
                for record in engine.registry
            ]
        )

    @app.get("/forecasts/{market}", responses=ERRORS)
    def forecasts(
        market: int,
        horizons: Annotated[str, Query(pattern=r"^\d+(,\d+)*$", description="Days, e.g. 1,7,30")] = "1,7,30",
    ) -> schemas.Forecasts:
        """Forecasts of realised variance with quantiles."""
        wanted = {int(part) for part in horizons.split(",")}
        with ANSWER_SECONDS.labels("forecasts").time():
            seen = engine.view(market)
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
            inputs=_inputs(engine, seen),
            degraded=bool(problems) or not all(entry.validated for entry in found),
            problems=problems,
        )

    @app.get("/surfaces/{market}", responses=ERRORS)
    def surfaces(market: int) -> schemas.SurfaceAnswer:
        """A slice for each listed expiry, or a refusal with its reasons."""
        try:
            with ANSWER_SECONDS.labels("surfaces").time():
                seen, surface, spot = engine.surface(market)
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
            )
        if surface.refused:
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
                )
                for entry in surface.slices
            ],
            checks=[schemas.CheckResult.model_validate(check) for check in surface.checks],
            shape=schemas.ShapeAnswer.model_validate(surface.shape) if surface.shape else None,
            variance_premium=VARIANCE_PREMIUM,
            model=schemas.ModelName.model_validate(seen.view.record),
            inputs=_inputs(engine, seen),
            refused=surface.refused,
            reason="; ".join(surface.reasons),
        )

    @app.get("/regimes/{market}", responses=ERRORS)
    def regimes(market: int) -> schemas.RegimeAnswer:
        """Calm, trending or stressed, and what says so."""
        with ANSWER_SECONDS.labels("regimes").time():
            seen, regime = engine.regime(market)
        return schemas.RegimeAnswer(
            market=market,
            symbol=seen.market.symbol,
            as_of=seen.as_of,
            regime=regime.name,
            probabilities=regime.probabilities,
            calibrated=regime.calibrated,
            verdict=regime.verdict,
            outlooks=[schemas.OutlookAnswer.model_validate(outlook) for outlook in regime.outlooks],
            drivers=[schemas.DriverAnswer.model_validate(driver) for driver in regime.drivers],
            inputs=_inputs(engine, seen),
        )

    add_risk(app, engine)
    return app


def health(engine: RiskEngine) -> HealthReport:
    """`ok` when every market has usable input, `degraded` when one has not, `failed` without a database."""
    try:
        moment = engine.data.moment()
        markets = engine.data.markets()
        problems = []
        for market in markets:
            try:
                view = engine.asset_view(market.symbol, moment.timestamp)
            except BadBars as error:
                problems.append(str(error))
            else:
                problems += [f"{market.symbol}: {problem}" for problem in view.problems]
    except NotIndexed as error:
        return HealthReport("degraded", f"waiting for the indexer: {error}")
    except (OperationalError, ProgrammingError):
        return HealthReport("failed", "the indexed tables cannot be read")
    figures = {"market_time": moment.timestamp, "markets": len(markets), "models": sorted(engine.active())}
    if problems or not markets:
        return HealthReport("degraded", "; ".join(problems) or "there is no market yet", figures)
    return HealthReport("ok", f"{len(markets)} markets", figures)


def _inputs(engine: RiskEngine, seen: MarketView) -> schemas.Inputs:
    report = seen.view.report
    BAR_AGE.labels(seen.market.symbol).set(report.age_seconds)
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


def _problem(status: int, code: str, title: str, detail: str) -> JSONResponse:
    body = schemas.Problem(title=title, status=status, detail=detail, code=code)
    return JSONResponse(body.model_dump(), status, media_type="application/problem+json")
