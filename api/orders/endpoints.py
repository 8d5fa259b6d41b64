"""`/v1/orders` and `/v1/books`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request

from api.openapi import refusals
from api.orders import service
from api.orders.acceptance import Intake
from api.orders.drafts import OrderDraft, OrderTerms, draft
from api.orders.schemas import NewOrder, OrderAnswer, OrderBook, Orders
from api.paging import Limit
from api.reader import ReaderDep
from api.schemas import AddressText

router = APIRouter(tags=["orders"])

OrderHash = Annotated[str, Path(pattern=r"^0x[0-9a-fA-F]{64}$", description="The EIP-712 digest that was signed.")]


@router.post("/orders", responses=refusals(404))
async def post_order(request: Request, reader: ReaderDep, new: NewOrder) -> OrderAnswer:
    """Take a signed order into its book.

    It is checked as the Exchange will check it. Sending the same order again changes nothing and is answered as it
    stands: its hash is its idempotency key. It is taken back on chain, by `cancel` or `cancelBelow`.
    """
    return await Intake(reader, request.app.state.writer, request.app.state.rpc).take(new)


@router.post("/order-drafts", responses=refusals(400, 404))
async def post_draft(reader: ReaderDep, terms: OrderTerms) -> OrderDraft:
    """The typed data of an order to be signed, and how it would stand: sign it, and send both to POST /v1/orders."""
    return await draft(reader, terms)


@router.get("/orders/{order_hash}")
async def get_order(reader: ReaderDep, order_hash: OrderHash) -> OrderAnswer:
    """One order as it stands now, with its signature."""
    return await service.order(reader, order_hash)


@router.get("/orders")
async def get_orders(
    reader: ReaderDep,
    maker: AddressText,
    limit: Limit = 50,
    cursor: Annotated[
        str | None, Query(pattern=service.CURSOR, description="`next_cursor` of the page before.")
    ] = None,
) -> Orders:
    """All orders that a maker sent in, whatever became of them, newest first."""
    return await service.orders_of(reader, maker, limit, cursor)


@router.get("/books/{name}")
async def get_book(reader: ReaderDep, name: str) -> OrderBook:
    """The signed orders of a series that fill now, at what they execute at."""
    return await service.book(reader, name)
