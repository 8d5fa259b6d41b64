"""`/v1/vaults`."""

from __future__ import annotations

from fastapi import APIRouter

from api.reader import ReaderDep
from api.schemas import AddressText
from api.vaults import service
from api.vaults.schemas import LpRequests, VaultDetail, Vaults

router = APIRouter(tags=["vaults"])


@router.get("/vaults")
async def get_vaults(reader: ReaderDep) -> Vaults:
    """All vaults, marked at the answer's block."""
    return await service.list_vaults(reader)


@router.get("/vaults/{address}")
async def get_vault(reader: ReaderDep, address: AddressText) -> VaultDetail:
    """One vault."""
    return await service.vault_detail(reader, address)


@router.get("/vaults/{address}/requests")
async def get_requests(reader: ReaderDep, address: AddressText, account: AddressText | None = None) -> LpRequests:
    """Requests at a vault, newest first."""
    vault = await service.find_vault(reader, address)
    return await service.list_requests(reader, vault.address, account.lower() if account else None)
