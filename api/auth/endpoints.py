"""`/v1/auth`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api.auth.schemas import Export, KeySet, Log, Refresh, Sessions, SignIn, SignInTerms, Tokens
from api.auth.service import Auth
from api.auth.tokens import Identity
from api.openapi import refusals
from api.paging import Limit

router = APIRouter(prefix="/auth", tags=["auth"])

_scheme = HTTPBearer(auto_error=False, description="The access token of POST /v1/auth/verify.")


def _auth(request: Request) -> Auth:
    auth: Auth = request.app.state.auth
    return auth


AuthDep = Annotated[Auth, Depends(_auth)]


async def _identity(
    auth: AuthDep, bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_scheme)]
) -> Identity:
    return await auth.identify(bearer.credentials if bearer else None)


SignedIn = Annotated[Identity, Depends(_identity)]
"""Who asks; refuses who is not signed in."""


@router.post("/nonce")
async def post_nonce(auth: AuthDep) -> SignInTerms:
    """A nonce for one sign-in, with what the message (EIP-4361) has to name."""
    return await auth.terms()


@router.post("/verify", responses=refusals(400, 401))
async def post_verify(
    auth: AuthDep, signed: SignIn, user_agent: Annotated[str, Header(include_in_schema=False)] = ""
) -> Tokens:
    """Begin a session for who signed the message, by key or by an ERC-1271 account."""
    return await auth.verify(signed, user_agent)


@router.post("/refresh", responses=refusals(401))
async def post_refresh(auth: AuthDep, refresh: Refresh) -> Tokens:
    """A new pair of tokens. A refresh token that comes a second time ends its session."""
    return await auth.refresh(refresh.refresh_token)


@router.post("/sign-out", status_code=204, responses=refusals(400))
async def post_sign_out(
    auth: AuthDep,
    identity: SignedIn,
    session: Annotated[str | None, Query(description="Another session of the account; this one when absent.")] = None,
) -> Response:
    """End a session at once."""
    await auth.sign_out(identity, session or identity.session)
    return Response(status_code=204)


@router.get("/sessions")
async def get_sessions(auth: AuthDep, identity: SignedIn) -> Sessions:
    """Where the account is signed in."""
    return await auth.sessions(identity)


@router.get("/log")
async def get_log(
    auth: AuthDep,
    identity: SignedIn,
    limit: Limit = 50,
    cursor: Annotated[
        str | None, Query(pattern=r"^[0-9]{1,18}$", description="`next_cursor` of the page before.")
    ] = None,
) -> Log:
    """What was done in the account's name, newest first."""
    return await auth.log(identity, limit, cursor)


@router.get("/data")
async def get_data(auth: AuthDep, identity: SignedIn) -> Export:
    """All that is stored of the account beside the public chain."""
    return await auth.export(identity)


@router.delete("/data", status_code=204)
async def delete_data(auth: AuthDep, identity: SignedIn) -> Response:
    """Delete it: sessions, tokens and log. Signed orders and what is on the chain are public and stay."""
    await auth.forget(identity)
    return Response(status_code=204)


@router.get("/keys")
async def get_keys(request: Request) -> KeySet:
    """Public keys that access tokens are verified with."""
    return KeySet(keys=[key.jwk() for key in request.app.state.token_keys.all().values()])
