"""`/v1/markets`."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AfterValidator, WithJsonSchema

from api.markets import service
from api.markets.schemas import Chain, Expiries, Markets
from api.money import WAD_DECIMALS, units
from api.reader import ReaderDep

router = APIRouter(tags=["markets"])

AMOUNT_PATTERN = r"^(?![0.]+$)[0-9]{1,9}(\.[0-9]{1,8})?$"


def _above_zero(text: str) -> str:
    if re.fullmatch(AMOUNT_PATTERN, text) is None:
        raise ValueError("write contracts above 0 and below 1,000,000,000, with at most eight decimals")
    return text


Amount = Annotated[
    str,
    AfterValidator(_above_zero),
    WithJsonSchema({"type": "string", "pattern": AMOUNT_PATTERN}),
    Query(description="Contracts, above zero, at most eight decimals."),
]


def amount_wad(text: Amount) -> int:
    """Contracts as WAD."""
    return units(text, WAD_DECIMALS)


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
