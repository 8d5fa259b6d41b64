"""`/v1/surfaces`, `/v1/settlements`, `/v1/spot`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from api.instruments.endpoints import Interval
from api.paging import Limit
from api.reader import ReaderDep
from api.surfaces import service
from api.surfaces.schemas import Settlements, SpotCandles, Surface

router = APIRouter(tags=["surfaces"])


@router.get("/surfaces/{symbol}")
async def get_surface(reader: ReaderDep, symbol: str) -> Surface:
    """All live slices of a market with the smile that each gives."""
    return await service.surface(reader, symbol)


@router.get("/settlements")
async def get_settlements(reader: ReaderDep, limit: Limit = 50) -> Settlements:
    """Settled expiries, newest first."""
    return await service.settlements(reader, limit)


@router.get("/spot/{symbol}/candles")
async def get_spot_candles(
    reader: ReaderDep, symbol: str, interval: Interval = "1h", limit: Annotated[int, Query(ge=1, le=1000)] = 200
) -> SpotCandles:
    """Candles of a market's feed, oldest first."""
    return await service.spot_candles(reader, symbol, interval, limit)
