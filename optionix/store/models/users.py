"""Who is signed in, and what they did here. The API alone writes here; nothing of the chain is in these tables."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from sqlalchemy import BigInteger, DateTime, Identity, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from optionix.store.models.base import Base, ChainKey, String, TextKey

Moment = Annotated[datetime, mapped_column(DateTime(timezone=True), nullable=False)]
"""Wall time."""
OptionalMoment = Annotated[datetime | None, mapped_column(DateTime(timezone=True), nullable=True)]


class SignInNonce(Base):
    """A nonce that was given out and not used yet."""

    __tablename__ = "sign_in_nonce"

    chain_id: Mapped[ChainKey]
    nonce: Mapped[TextKey]
    expires_at: Mapped[Moment]

    __table_args__ = (Index(None, "expires_at"),)


class Session(Base):
    """A wallet that signed in somewhere, until it signs out, goes unused or lasts too long."""

    __tablename__ = "session"

    chain_id: Mapped[ChainKey]
    session_id: Mapped[TextKey]
    account: Mapped[String]
    client: Mapped[String]
    created_at: Mapped[Moment]
    last_used_at: Mapped[Moment]
    ends_at: Mapped[Moment]
    ended_at: Mapped[OptionalMoment]

    __table_args__ = (Index(None, "chain_id", "account"),)


class RefreshToken(Base):
    """A refresh token by its SHA-256. It is used once: used again, it was stolen, and its session ends."""

    __tablename__ = "refresh_token"

    chain_id: Mapped[ChainKey]
    token_hash: Mapped[TextKey]
    session_id: Mapped[String]
    expires_at: Mapped[Moment]
    used_at: Mapped[OptionalMoment]

    __table_args__ = (Index(None, "chain_id", "session_id"),)


class ActivityLog(Base):
    """What an account did at the API, for its owner to look through."""

    __tablename__ = "activity_log"

    chain_id: Mapped[ChainKey]
    entry: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    account: Mapped[String]
    at: Mapped[Moment]
    action: Mapped[String]
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB)

    __table_args__ = (Index(None, "chain_id", "account", "entry"),)
