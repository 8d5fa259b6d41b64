"""`/v1/risk`: what the risk service says, or an honest 503."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request

from api.reader import ReaderDep
from api.valuation.repository import market_by_symbol

router = APIRouter(tags=["risk"])
Symbol = Annotated[str, Path(pattern=r"^[A-Za-z0-9]{1,12}$")]


@router.get("/risk/forecasts/{symbol}")
async def get_forecast(request: Request, reader: ReaderDep, symbol: Symbol) -> dict[str, Any]:
    """Realised-volatility forecasts with quantiles, the model that made them and its inputs."""
    market = await market_by_symbol(reader, symbol)
    return dict(await request.app.state.risk.get(f"/forecasts/{market.market}"))


@router.get("/risk/regimes/{symbol}")
async def get_regime(request: Request, reader: ReaderDep, symbol: Symbol) -> dict[str, Any]:
    """The market's regime with probabilities and drivers."""
    market = await market_by_symbol(reader, symbol)
    return dict(await request.app.state.risk.get(f"/regimes/{market.market}"))
