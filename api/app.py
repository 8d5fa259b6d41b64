"""Puts the API together: routers, middleware, the stream, the page's files."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import orjson
from fastapi import FastAPI
from fastapi.responses import JSONResponse
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware

import optionix
from api import errors, openapi, page
from api.accounts import endpoints as accounts
from api.auth import endpoints as auth
from api.auth.message import Place
from api.auth.service import Auth
from api.auth.tokens import AccessTokens
from api.contracts import endpoints as contracts
from api.deribit import endpoints as deribit
from api.instruments import endpoints as instruments
from api.markets import endpoints as markets
from api.middleware.envelope import Envelope
from api.middleware.limits import BodyLimit
from api.orders import endpoints as orders
from api.reader import Database
from api.risk import endpoints as risk
from api.risk.client import RiskClient
from api.status import endpoints as status
from api.stream import channels
from api.stream import endpoints as stream
from api.stream.hub import Hub
from api.stream.listener import changed_topics
from api.stream.publisher import Publisher
from api.surfaces import endpoints as surfaces
from api.trades import endpoints as trades
from api.vaults import endpoints as vaults
from api.writer import Writer
from optionix import token_keys
from optionix.chain.networks import network
from optionix.chain.rpc import Rpc
from optionix.settings import Settings

ROUTERS = (status, markets, instruments, orders, trades, surfaces, vaults, accounts, contracts, risk, auth)
COMPRESS_FROM_BYTES = 1024
RPC_SECONDS = 3.0
"""The chain is asked for signatures of contract accounts alone."""


class OrjsonResponse(JSONResponse):
    """JSON by orjson; refuses what JSON cannot say instead of writing NaN."""

    media_type = "application/json"

    def render(self, content: object) -> bytes:
        return orjson.dumps(content)


def create_app(settings: Settings, page_folder: Path | None = None) -> FastAPI:
    """The application.

    Parameters
    ----------
    settings
        Where Postgres and the risk service are, and which network this API speaks for.
    page_folder
        The built page; served at ``/`` when it exists.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        database = Database(settings.database_url, app.state.chain_id)
        hub = Hub()
        publisher = Publisher(hub, database, channels.kinds())
        app.state.database = database
        app.state.writer = Writer(settings.database_url, app.state.chain_id)
        app.state.rpc = Rpc(settings.rpc_url, timeout=RPC_SECONDS)
        app.state.auth = _auth(settings, app)
        app.state.hub = hub
        app.state.publisher = publisher
        app.state.risk = RiskClient(settings.risk_url)
        following = asyncio.create_task(publisher.run(changed_topics(settings.database_url, app.state.chain_id)))
        try:
            yield
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
            await app.state.risk.close()
            await app.state.rpc.close()
            await app.state.writer.close()
            await database.close()

    app = FastAPI(
        title="Optionix",
        version=optionix.__version__,
        description=(
            "Market data, vaults and accounts of the Optionix options exchange. Money and amounts are exact decimal "
            "strings; every answer names the block that it was read at."
        ),
        lifespan=lifespan,
        default_response_class=OrjsonResponse,
        generate_unique_id_function=openapi.operation_id,
    )
    app.state.settings = settings
    app.state.chain_id = network(settings.network).chain_id
    errors.install(app)
    openapi.install(app)
    for router in ROUTERS:
        app.include_router(router.router, prefix="/v1")
    app.include_router(stream.router)
    app.include_router(deribit.router)
    app.add_middleware(CORSMiddleware, allow_origins=settings.cors_list, allow_methods=["GET", "POST", "DELETE"])
    app.add_middleware(GZipMiddleware, minimum_size=COMPRESS_FROM_BYTES)
    app.add_middleware(BodyLimit)
    app.add_middleware(Envelope)
    if page_folder is not None and page_folder.is_dir():
        page.mount(app, page_folder)
    return app


def _auth(settings: Settings, app: FastAPI) -> Auth:
    """Sign-in, with a key of its own on the local network, where nobody else's tokens count."""
    folder = settings.token_keys_folder
    if network(settings.network).is_local and not any(folder.glob("*.pem")):
        token_keys.rotate(folder)
    app.state.token_keys = token_keys.TokenKeys(folder)
    domain = settings.sign_in_domain or urlsplit(settings.api_url).netloc
    # A domain that is named is one of the public web.
    scheme = "https" if settings.sign_in_domain else urlsplit(settings.api_url).scheme
    place = Place(domain, f"{scheme}://{domain}", app.state.chain_id)
    tokens = AccessTokens(app.state.token_keys, place.domain, place.chain_id)
    return Auth(app.state.writer, app.state.rpc, tokens, place)
