"""Signing in, staying signed in, signing out."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from api.auth import repository
from api.auth.errors import BadMessage, Unauthorized
from api.auth.message import OLDEST, Place, read
from api.auth.schemas import Export, Log, LogEntry, Sessions, SessionView, SignIn, SignInTerms, Tokens
from api.auth.tokens import ACCESS_SECONDS, AccessTokens, Identity, hash_of, new_refresh_token
from api.errors import BadRequest, Unavailable
from api.writer import Writer
from optionix.chain.errors import ChainError
from optionix.chain.rpc import Rpc
from optionix.chain.signatures import is_signed_by_key, takes_signature
from optionix.store.models import ActivityLog, Session

IDLE = timedelta(days=7)
"""A session that is not refreshed for so long is over."""
LONGEST = timedelta(days=30)
"""After this one signs in again, however busy the session."""
NOBODY = "0x" + "00" * 20
SIGNATURE_GAS = 1_000_000
CLIENT_CHARACTERS = 200
EXPORTED_ENTRIES = 10_000


@dataclass(frozen=True)
class Auth:
    """Sign-in at one place."""

    writer: Writer
    rpc: Rpc
    tokens: AccessTokens
    place: Place

    async def terms(self) -> SignInTerms:
        """A nonce, and what the message around it has to name."""
        now, nonce = _now(), secrets.token_hex(16)
        async with self.writer.transaction() as db:
            await repository.add_nonce(db, self.place.chain_id, nonce, now + OLDEST, now)
        return SignInTerms(
            nonce=nonce,
            expires_at=now + OLDEST,
            domain=self.place.domain,
            uri=self.place.uri,
            chain_id=self.place.chain_id,
        )

    async def verify(self, signed: SignIn, client: str) -> Tokens:
        """Begin a session for who signed.

        Raises
        ------
        BadMessage
            The message is not for this place and time, or its nonce was used.
        Unauthorized
            The account did not sign it.
        Unavailable
            Whether a contract account signed cannot be told now.
        """
        now = _now()
        message = read(signed.message, self.place, now)
        await self._require_signed(message.account, message.digest, bytes.fromhex(signed.signature[2:]))
        chain_id = self.place.chain_id
        async with self.writer.transaction() as db:
            if not await repository.use_nonce(db, chain_id, message.nonce, now):
                raise BadMessage("The nonce was used, has expired, or was not given out here: ask for another.")
            session = Session(
                chain_id=chain_id,
                session_id=uuid.uuid4().hex,
                account=message.account,
                client=client[:CLIENT_CHARACTERS],
                created_at=now,
                last_used_at=now,
                ends_at=now + LONGEST,
            )
            await repository.add_session(db, session)
            await repository.record(db, chain_id, message.account, "sign_in", now, session=session.session_id)
            return await self._pair(db, session, now)

    async def refresh(self, refresh_token: str) -> Tokens:
        """A new pair for a refresh token, which is used up.

        Raises
        ------
        Unauthorized
            It is not known or over; or it was used before: then somebody has a copy, and the session ends for both.
        """
        now, chain_id = _now(), self.place.chain_id
        async with self.writer.transaction() as db:
            token = await repository.refresh_token(db, chain_id, hash_of(refresh_token))
            session = None if token is None else await repository.session(db, chain_id, token.session_id, now)
            if token is None or session is None or token.expires_at <= now:
                raise Unauthorized("The refresh token is not known here or is over: sign in again.")
            if token.used_at is None:
                token.used_at = session.last_used_at = now
                return await self._pair(db, session, now)
            await repository.end_session(db, chain_id, session.session_id, now)
            detail = {"session": session.session_id}
            await repository.record(db, chain_id, session.account, "refresh_token_reused", now, **detail)
        raise Unauthorized("The refresh token was used before, so the session has ended: sign in again.")

    async def identify(self, access_token: str | None) -> Identity:
        """Who sends a request with this token.

        Raises
        ------
        Unauthorized
        """
        if not access_token:
            raise Unauthorized("Sign in, and send the access token as `Authorization: Bearer ..`.")
        identity = self.tokens.read(access_token)
        async with self.writer.transaction() as db:
            if await repository.session(db, self.place.chain_id, identity.session, _now()) is None:
                raise Unauthorized("The session has ended: sign in again.")
        return identity

    async def sign_out(self, identity: Identity, session: str) -> None:
        """End a session of the account, its own or another one.

        Raises
        ------
        BadRequest
            It has no such session.
        """
        now, chain_id = _now(), self.place.chain_id
        async with self.writer.transaction() as db:
            found = await repository.session(db, chain_id, session, now)
            if found is None or found.account != identity.account:
                raise BadRequest("The account has no such session. GET /v1/auth/sessions lists them.")
            await repository.end_session(db, chain_id, session, now)
            await repository.record(db, chain_id, identity.account, "sign_out", now, session=session)

    async def sessions(self, identity: Identity) -> Sessions:
        """Sessions of the account."""
        async with self.writer.transaction() as db:
            found = await repository.sessions(db, self.place.chain_id, identity.account, _now())
        return Sessions(sessions=[_view(each, identity) for each in found])

    async def log(self, identity: Identity, limit: int, cursor: str | None) -> Log:
        """What was done in the account's name."""
        before = None if cursor is None else int(cursor)
        async with self.writer.transaction() as db:
            rows = await repository.log(db, self.place.chain_id, identity.account, limit + 1, before)
        more = str(rows[limit - 1].entry) if len(rows) > limit else None
        return Log(entries=_entries(rows[:limit]), next_cursor=more)

    async def export(self, identity: Identity) -> Export:
        """All that is stored of the account."""
        async with self.writer.transaction() as db:
            found = await repository.sessions(db, self.place.chain_id, identity.account, _now())
            rows = await repository.log(db, self.place.chain_id, identity.account, EXPORTED_ENTRIES)
        sessions = [_view(each, identity) for each in found]
        return Export(account=identity.account, sessions=sessions, log=_entries(rows))

    async def forget(self, identity: Identity) -> None:
        """Delete all that is stored of the account; what is on the chain is everybody's and stays."""
        async with self.writer.transaction() as db:
            await repository.forget(db, self.place.chain_id, identity.account)

    async def _require_signed(self, account: str, digest: bytes, signature: bytes) -> None:
        if is_signed_by_key(account, digest, signature):
            return
        try:
            if await takes_signature(self.rpc, account, digest, signature, asker=NOBODY, gas=SIGNATURE_GAS):
                return
        except ChainError as error:
            raise Unavailable(
                "The signature is not of the account's key, and the chain cannot be asked now whether its contract"
                " takes it. Try again in a moment."
            ) from error
        raise Unauthorized("The signature is not the account's over this message.")

    async def _pair(self, db: AsyncSession, session: Session, now: datetime) -> Tokens:
        token = new_refresh_token()
        ends = min(now + IDLE, session.ends_at)
        await repository.add_refresh_token(db, session.chain_id, hash_of(token), session.session_id, ends)
        identity = Identity(session.account, session.session_id)
        return Tokens(
            access_token=self.tokens.make(identity, now),
            expires_in=ACCESS_SECONDS,
            refresh_token=token,
            account=session.account,
            session=session.session_id,
        )


def _now() -> datetime:
    return datetime.now(UTC)


def _view(session: Session, identity: Identity) -> SessionView:
    return SessionView(
        session=session.session_id,
        account=session.account,
        client=session.client,
        created_at=session.created_at,
        last_used_at=session.last_used_at,
        ends_at=session.ends_at,
        is_current=session.session_id == identity.session,
    )


def _entries(rows: Sequence[ActivityLog]) -> list[LogEntry]:
    return [LogEntry(entry=row.entry, at=row.at, action=row.action, detail=row.detail) for row in rows]
