"""Sign-in."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from api.orders.schemas import Signature
from api.schemas import Address, Schema

Token = Annotated[str, Field(min_length=16, max_length=512)]


class SignInTerms(Schema):
    """What a sign-in message (EIP-4361) has to say."""

    nonce: str = Field(description="Good for one sign-in.")
    expires_at: datetime
    domain: str
    uri: str
    chain_id: int
    version: str = "1"


class SignIn(Schema):
    """A signed message."""

    message: str = Field(max_length=2048, description="EIP-4361 text, as it was signed (EIP-191).")
    signature: Signature


class Refresh(Schema):
    """A refresh token for a new pair."""

    refresh_token: Token


class Tokens(Schema):
    """A pair of tokens. The refresh token is used once; the answer to its use has the next."""

    access_token: str = Field(description="Send it as `Authorization: Bearer ..`.")
    token_type: str = "Bearer"
    expires_in: int = Field(description="Seconds.")
    refresh_token: str
    account: Address
    session: str


class SessionView(Schema):
    """A session of the account."""

    session: str
    account: Address
    client: str = Field(description="What the browser or bot called itself.")
    created_at: datetime
    last_used_at: datetime
    ends_at: datetime
    is_current: bool


class Sessions(Schema):
    """Sessions that have not ended, the newest first."""

    sessions: list[SessionView]


class LogEntry(Schema):
    """Something that was done in the account's name at the API."""

    entry: int
    at: datetime
    action: str
    detail: dict[str, Any]


class Log(Schema):
    """Newest first; follow `next_cursor` for older ones."""

    entries: list[LogEntry]
    next_cursor: str | None


class Export(Schema):
    """All that is stored of an account beside the public chain."""

    account: Address
    sessions: list[SessionView]
    log: list[LogEntry]


class KeySet(Schema):
    """Public keys of access tokens (RFC 7517)."""

    keys: list[dict[str, str]]
