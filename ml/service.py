"""The HTTP interface of the risk service."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import structlog
from fastapi import FastAPI, Query, Request
from fastapi.responses import JSONResponse
from pydantic import ValidationError
from sqlalchemy.exc import OperationalError, ProgrammingError

from ml import answers, schemas
from ml.bars import BadBars
from ml.engine import RiskEngine
from ml.live import Predictions, add_live
from ml.market_data import NotIndexed
from ml.risk_endpoints import BadPortfolio, add_risk
from optionix import __version__
from optionix.telemetry import HealthReport

log = structlog.get_logger("risk")

HorizonList = Annotated[str, Query(pattern=r"^\d{1,4}(,\d{1,4}){0,9}$", description="Days, e.g. 1,7,30")]
MarketList = Annotated[str, Query(pattern=r"^\d{1,9}(,\d{1,9}){0,63}$", description="Market ids, e.g. 1,2")]


def create_app(engine: RiskEngine) -> FastAPI:
    """The application around an engine. Endpoints are plain functions: FastAPI runs them on its threads."""
    live = Predictions(engine)

    @asynccontextmanager
    async def following(app: FastAPI) -> AsyncIterator[None]:
        async with live.running():
            yield

    app = FastAPI(title="Optionix risk service", version=__version__, lifespan=following)

    @app.exception_handler(NotIndexed)
    def not_indexed(request: Request, error: NotIndexed) -> JSONResponse:
        return _problem(404, "not_found", "Not found", str(error))

    @app.exception_handler(BadPortfolio)
    def bad_portfolio(request: Request, error: BadPortfolio) -> JSONResponse:
        return _problem(422, "bad_portfolio", "No such portfolio", str(error))

    @app.exception_handler(BadBars)
    def bad_bars(request: Request, error: BadBars) -> JSONResponse:
        return _problem(503, "not_enough_history", "Not enough history", str(error))

    @app.exception_handler(ValidationError)
    def no_number(request: Request, error: ValidationError) -> JSONResponse:
        log.error("an answer was withheld", path=request.url.path, error=str(error))
        return _problem(503, "no_sound_answer", "No sound answer", "What is indexed now makes no finite answer.")

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

    @app.get("/forecasts/{market}", responses=answers.ERRORS)
    def forecasts(
        market: int,
        horizons: HorizonList = "1,7,30",
    ) -> schemas.Forecasts:
        """Forecasts of realised variance with quantiles."""
        return answers.forecasts(engine, market, answers.days_of(horizons))

    @app.get("/forecasts", responses=answers.ERRORS)
    def many_forecasts(markets: MarketList, horizons: HorizonList = "1,7,30") -> schemas.ManyForecasts:
        """The same of many markets; one that cannot be forecast is named with its reason beside the others."""
        days = answers.days_of(horizons)
        found, problems = answers.each(markets, lambda market: answers.forecasts(engine, market, days))
        return schemas.ManyForecasts(forecasts=found, problems=problems)

    @app.get("/surfaces/{market}", responses=answers.ERRORS)
    def surfaces(market: int) -> schemas.SurfaceAnswer:
        """A slice for each listed expiry, or a refusal with its reasons."""
        return answers.surface(engine, market)

    @app.get("/surfaces", responses=answers.ERRORS)
    def many_surfaces(markets: MarketList) -> schemas.ManySurfaces:
        """The same of many markets."""
        found, problems = answers.each(markets, lambda market: answers.surface(engine, market))
        return schemas.ManySurfaces(surfaces=found, problems=problems)

    @app.get("/regimes/{market}", responses=answers.ERRORS)
    def regimes(market: int) -> schemas.RegimeAnswer:
        """Calm, trending or stressed, and what says so."""
        with answers.ANSWER_SECONDS.labels("regimes").time():
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
            inputs=answers.inputs(engine, seen),
        )

    add_risk(app, engine)
    add_live(app, live)
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
    if refused := engine.refused_model:
        problems.append(f"the trained model on disk is refused, the one before answers: {refused}")
    figures = {
        "market_time": moment.timestamp,
        "markets": len(markets),
        "models": sorted(engine.active()),
        "prior": engine.prior_id,
        "refused_model": refused,
    }
    if problems or not markets:
        return HealthReport("degraded", "; ".join(problems) or "there is no market yet", figures)
    return HealthReport("ok", f"{len(markets)} markets", figures)


def _problem(status: int, code: str, title: str, detail: str) -> JSONResponse:
    body = schemas.Problem(title=title, status=status, detail=detail, code=code)
    return JSONResponse(body.model_dump(), status, media_type="application/problem+json")
