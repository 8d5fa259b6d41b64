"""`/v1/accounts`."""

from __future__ import annotations

from fastapi import APIRouter

from api.accounts import service
from api.accounts.schemas import Account, History
from api.paging import Cursor, Limit
from api.reader import ReaderDep
from api.schemas import AddressText

router = APIRouter(tags=["accounts"])


@router.get("/accounts/{address}")
async def get_account(reader: ReaderDep, address: AddressText) -> Account:
    """Balances, positions, books, vault shares and requests of an account."""
    return await service.account(reader, address.lower())


@router.get("/accounts/{address}/history")
async def get_history(reader: ReaderDep, address: AddressText, limit: Limit = 50, cursor: Cursor = None) -> History:
    """What happened to an account, newest first."""
    return await service.history(reader, address.lower(), limit, cursor)
