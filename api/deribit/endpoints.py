"""`/api/v2`: JSON-RPC over GET, POST and WebSocket.

Not in the OpenAPI document, which describes `/v1`: see docs/deribit.md.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response, WebSocket

from api.deribit import rpc
from api.deribit.errors import RpcError
from api.deribit.feed import Feed
from api.deribit.methods import answer
from api.deribit.session import Session
from api.deribit.units import dumps
from api.stream.listener import changed_topics
from optionix.chain.networks import network

PREFIX = "/api/v2"
MEDIA_TYPE = "application/json"


@asynccontextmanager
async def following(app: FastAPI) -> AsyncIterator[None]:
    """The feed of all connections, while the application runs."""
    app.state.deribit_feed = Feed(app.state.database)
    changes = changed_topics(app.state.settings.database_url, app.state.chain_id)
    task = asyncio.create_task(app.state.deribit_feed.run(changes))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


router = APIRouter(include_in_schema=False, lifespan=following)


def envelope_of(app: Any) -> rpc.Envelope:
    """The envelope of the network that this API speaks for."""
    return rpc.Envelope(testnet=network(app.state.settings.network).test_net)


@router.get(PREFIX + "/{method:path}")
async def get_call(request: Request, method: str) -> Response:
    """A method in the path, its parameters in the query."""
    started = rpc.now_microseconds()
    return await _answered(request, rpc.Call(method, dict(request.query_params)), started)


@router.post(PREFIX)
@router.post(PREFIX + "/{method:path}")
async def post_call(request: Request, method: str = "") -> Response:
    """A request in the body; a method in the path, if any, has to be the same."""
    started = rpc.now_microseconds()
    try:
        call = rpc.parse(await request.body(), method)
    except rpc.Malformed as refused:
        return _response(envelope_of(request.app).error(refused.error, refused.id, started), refused.error.http_status)
    return await _answered(request, call, started)


@router.websocket("/ws" + PREFIX)
async def connection(socket: WebSocket) -> None:
    """Calls and subscriptions."""
    await socket.accept()
    state = socket.app.state
    await Session(socket, state.database, state.deribit_feed, envelope_of(socket.app)).run()


async def _answered(request: Request, call: rpc.Call, started: int) -> Response:
    envelope = envelope_of(request.app)
    try:
        result = await answer(request.app.state.database, call)
    except RpcError as error:
        return _response(envelope.error(error, call.id, started), error.http_status)
    return _response(envelope.result(result, call.id, started))


def _response(body: dict[str, object], status: int = HTTPStatus.OK) -> Response:
    return Response(dumps(body), status, media_type=MEDIA_TYPE)
