"""`/v1/instruments`."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query

from api.instruments import service
from api.instruments.schemas import Candles, Instrument, QuoteView
from api.markets.endpoints import Amount, amount_wad
from api.reader import ReaderDep

router = APIRouter(tags=["instruments"])
Interval = Literal["1m", "5m", "15m", "1h", "4h", "1d"]


@router.get("/instruments/{name}")
async def get_instrument(reader: ReaderDep, name: str) -> Instrument:
    """A series with its static facts and its ticker for one contract."""
    return await service.instrument(reader, name)


@router.get("/instruments/{name}/quote")
async def get_quote(
    reader: ReaderDep, name: str, action: Literal["buy", "sell"] = "buy", amount: Amount = "1"
) -> QuoteView:
    """What the vault asks or pays for an amount, taken apart."""
    return await service.quote(reader, name, action, amount_wad(amount))


@router.get("/instruments/{name}/candles")
async def get_candles(
    reader: ReaderDep, name: str, interval: Interval = "1h", limit: Annotated[int, Query(ge=1, le=1000)] = 200
) -> Candles:
    """Candles of a series' trades, oldest first."""
    return await service.candles(reader, name, interval, limit)
