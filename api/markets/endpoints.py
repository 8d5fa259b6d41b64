"""`/v1/markets`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from api.errors import BadRequest
from api.markets import service
from api.markets.schemas import Chain, Expiries, Markets
from api.money import WAD_DECIMALS, units
from api.reader import ReaderDep

router = APIRouter(tags=["markets"])

LARGEST_AMOUNT = 10**9
AMOUNT_PATTERN = r"^\d{1,10}(\.\d{1,8})?$"
Amount = Annotated[str, Query(pattern=AMOUNT_PATTERN, description="Contracts, at most eight decimals.")]


def amount_wad(text: str) -> int:
    """Contracts as WAD.

    Raises
    ------
    BadRequest
        For zero or an absurd size.
    """
    amount = units(text, WAD_DECIMALS)
    if not 0 < amount <= LARGEST_AMOUNT * 10**WAD_DECIMALS:
        raise BadRequest(f"`amount` must be above 0 and at most {LARGEST_AMOUNT}.")
    return amount


@router.get("/markets")
async def get_markets(reader: ReaderDep) -> Markets:
    """Every market at a glance."""
    return await service.list_markets(reader)


@router.get("/markets/{symbol}/expiries")
async def get_expiries(reader: ReaderDep, symbol: str) -> Expiries:
    """The expiries of a market, nearest first."""
    return await service.list_expiries(reader, symbol)


@router.get("/markets/{symbol}/chain")
async def get_chain(reader: ReaderDep, symbol: str, expiry: Annotated[int, Query(ge=0)], amount: Amount = "1") -> Chain:
    """The option chain of one expiry with the vault's bid and ask for `amount` of each series."""
    return await service.option_chain(reader, symbol, expiry, amount_wad(amount))
