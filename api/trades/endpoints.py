"""`/v1/trades`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from api.openapi import refusals
from api.paging import Cursor, Limit
from api.reader import ReaderDep
from api.schemas import AddressText
from api.trades import service
from api.trades.schemas import Trades

router = APIRouter(tags=["trades"])


@router.get("/trades", responses=refusals(404))
async def get_trades(
    reader: ReaderDep,
    market: Annotated[str | None, Query(description="Base symbol, such as ETH.")] = None,
    series: Annotated[str | None, Query(description="Name, such as ETH-27NOV26-3000-C.")] = None,
    account: AddressText | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Trades:
    """Trades that fit every given filter, newest first."""
    return await service.list_trades(
        reader,
        market=market,
        series=series,
        account=account.lower() if account else None,
        limit=limit,
        cursor=cursor,
    )
