"""`/v1/status`."""

from __future__ import annotations

from fastapi import APIRouter, Request

from api.reader import ReaderDep
from api.status import service
from api.status.schemas import Status
from optionix.chain.networks import network

router = APIRouter(tags=["status"])


@router.get("/status")
async def get_status(request: Request, reader: ReaderDep) -> Status:
    """Head, lag and drift."""
    return await service.status(reader, network(request.app.state.settings.network))
