"""Nonces, sessions, refresh tokens and the activity log."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from optionix.store.models import ActivityLog, RefreshToken, Session, SignInNonce


async def add_nonce(db: AsyncSession, chain_id: int, nonce: str, expires_at: datetime, now: datetime) -> None:
    """Keep a nonce; those that expired go."""
    await db.execute(delete(SignInNonce).where(SignInNonce.expires_at < now))
    await db.execute(insert(SignInNonce).values(chain_id=chain_id, nonce=nonce, expires_at=expires_at))


async def use_nonce(db: AsyncSession, chain_id: int, nonce: str, now: datetime) -> bool:
    """Whether a nonce was given out and is used for the first time."""
    used = await db.execute(
        delete(SignInNonce)
        .where(SignInNonce.chain_id == chain_id, SignInNonce.nonce == nonce, SignInNonce.expires_at >= now)
        .returning(SignInNonce.nonce)
    )
    return used.first() is not None


async def add_session(db: AsyncSession, session: Session) -> None:
    """A session begins."""
    db.add(session)
    await db.flush()


async def add_refresh_token(
    db: AsyncSession, chain_id: int, token_hash: str, session_id: str, expires_at: datetime
) -> None:
    """The one refresh token that a session can use now."""
    await db.execute(
        insert(RefreshToken).values(
            chain_id=chain_id, token_hash=token_hash, session_id=session_id, expires_at=expires_at
        )
    )


async def refresh_token(db: AsyncSession, chain_id: int, token_hash: str) -> RefreshToken | None:
    """A refresh token, locked: of two uses at once the second sees the first."""
    return (
        await db.scalars(
            select(RefreshToken)
            .where(RefreshToken.chain_id == chain_id, RefreshToken.token_hash == token_hash)
            .with_for_update()
        )
    ).first()


async def session(db: AsyncSession, chain_id: int, session_id: str, now: datetime) -> Session | None:
    """A session that has not ended."""
    return (
        await db.scalars(
            select(Session).where(
                Session.chain_id == chain_id,
                Session.session_id == session_id,
                Session.ended_at.is_(None),
                Session.ends_at > now,
            )
        )
    ).first()


async def sessions(db: AsyncSession, chain_id: int, account: str, now: datetime) -> Sequence[Session]:
    """An account's sessions that have not ended, the newest first."""
    return (
        await db.scalars(
            select(Session)
            .where(
                Session.chain_id == chain_id,
                Session.account == account,
                Session.ended_at.is_(None),
                Session.ends_at > now,
            )
            .order_by(Session.created_at.desc())
        )
    ).all()


async def end_session(db: AsyncSession, chain_id: int, session_id: str, now: datetime) -> None:
    """Nothing of a session is taken from now on."""
    await db.execute(
        update(Session)
        .where(Session.chain_id == chain_id, Session.session_id == session_id, Session.ended_at.is_(None))
        .values(ended_at=now)
    )


async def record(db: AsyncSession, chain_id: int, account: str, action: str, at: datetime, **detail: Any) -> None:
    """Write what was done into the account's log."""
    await db.execute(
        insert(ActivityLog).values(chain_id=chain_id, account=account, at=at, action=action, detail=detail)
    )


async def log(
    db: AsyncSession, chain_id: int, account: str, limit: int, before: int | None = None
) -> Sequence[ActivityLog]:
    """An account's log, newest first."""
    query = select(ActivityLog).where(ActivityLog.chain_id == chain_id, ActivityLog.account == account)
    if before is not None:
        query = query.where(ActivityLog.entry < before)
    return (await db.scalars(query.order_by(ActivityLog.entry.desc()).limit(limit))).all()


async def forget(db: AsyncSession, chain_id: int, account: str) -> None:
    """Delete all that is stored of an account here."""
    of_account = select(Session.session_id).where(Session.chain_id == chain_id, Session.account == account)
    await db.execute(
        delete(RefreshToken).where(RefreshToken.chain_id == chain_id, RefreshToken.session_id.in_(of_account))
    )
    await db.execute(delete(Session).where(Session.chain_id == chain_id, Session.account == account))
    await db.execute(delete(ActivityLog).where(ActivityLog.chain_id == chain_id, ActivityLog.account == account))
