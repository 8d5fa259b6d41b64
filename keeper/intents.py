"""The keeper's own tables: intents and their transactions. All their queries are here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, Update, func, select, update
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from optionix.store.models import KeeperIntent, KeeperTransaction

OPEN = ("sent", "mined")
"""States in which an intent may still change by itself."""
FINISHED = ("confirmed", "reverted", "cancelled")
"""States after a transaction was mined deep enough."""


@dataclass(frozen=True)
class Signed:
    """A signed transaction."""

    tx_hash: str
    nonce: int
    max_fee: int
    priority_fee: int
    raw: str


@dataclass(frozen=True)
class MinedReceipt:
    """What of a receipt counts: where it was mined, whether it succeeded, and what was paid in all, wei."""

    block: int
    succeeded: bool
    gas_used: int
    fee: int


@dataclass(frozen=True)
class Planned:
    """An intent before it is written."""

    key: str
    job: str
    description: str
    sender: str
    target: str
    data: str
    gas: int


class Intents:
    """Intents of one sender on one chain."""

    def __init__(self, engine: AsyncEngine, chain_id: int, sender: str) -> None:
        self._engine = engine
        self._chain_id = chain_id
        self._sender = sender.lower()

    async def find(self, key: str) -> KeeperIntent | None:
        """An intent by its key."""
        async with AsyncSession(self._engine) as session:
            return await session.get(KeeperIntent, (self._chain_id, key))

    async def open(self) -> list[KeeperIntent]:
        """Intents that are not finished, by nonce."""
        async with AsyncSession(self._engine) as session:
            found = await session.scalars(
                select(KeeperIntent)
                .where(
                    KeeperIntent.chain_id == self._chain_id,
                    KeeperIntent.sender == self._sender,
                    KeeperIntent.status.in_(OPEN),
                )
                .order_by(KeeperIntent.nonce)
            )
            return list(found)

    async def transactions(self, keys: Sequence[str]) -> dict[str, list[KeeperTransaction]]:
        """Every signed transaction of intents, the newest last."""
        found: dict[str, list[KeeperTransaction]] = {key: [] for key in keys}
        async with AsyncSession(self._engine) as session:
            for row in await session.scalars(
                select(KeeperTransaction)
                .where(KeeperTransaction.chain_id == self._chain_id, KeeperTransaction.key.in_(keys))
                .order_by(KeeperTransaction.signed_at)
            ):
                found[row.key].append(row)
        return found

    async def finished_from(self, nonce: int) -> list[int]:
        """Nonces of finished intents at or above one: where the chain counts fewer, a reorg took them back."""
        async with AsyncSession(self._engine) as session:
            found = await session.scalars(
                select(KeeperIntent.nonce)
                .where(self._finished(), KeeperIntent.nonce >= nonce)
                .order_by(KeeperIntent.nonce)
            )
            return list(found)

    async def reopen(self, nonce: int) -> bool:
        """Open the intent again that was finished with a nonce; whether there is one."""
        async with AsyncSession(self._engine) as session:
            found = await session.scalars(select(KeeperIntent.key).where(self._finished(), KeeperIntent.nonce == nonce))
            keys = list(found)
        for key in keys:
            await self.set_status(key, "sent")
        return bool(keys)

    async def spent(self, seconds: int) -> int:
        """Fees of what was mined within so many seconds of wall time, and the most that what is open may cost; wei."""
        intent, sent = KeeperIntent, KeeperTransaction
        mine = (intent.chain_id == self._chain_id) & (intent.sender == self._sender)
        dearest = (
            select(func.max(sent.max_fee))
            .where(sent.chain_id == intent.chain_id, sent.key == intent.key, sent.nonce == intent.nonce)
            .scalar_subquery()
        )
        since = datetime.now(UTC) - timedelta(seconds=seconds)
        async with AsyncSession(self._engine) as session:
            paid = await session.scalar(
                select(func.sum(sent.fee)).where(
                    sent.chain_id == self._chain_id, sent.sender == self._sender, sent.mined_at >= since
                )
            )
            pledged = await session.scalar(
                select(func.sum(intent.gas * dearest)).where(mine, intent.status.in_(OPEN), intent.fee.is_(None))
            )
        return int(paid or 0) + int(pledged or 0)

    def _finished(self) -> ColumnElement[bool]:
        mine = (KeeperIntent.chain_id == self._chain_id) & (KeeperIntent.sender == self._sender)
        return mine & KeeperIntent.status.in_(FINISHED)

    async def write(self, planned: Planned, signed: Signed, *, cancels: bool = False) -> None:
        """Write an intent with its first transaction, before it is sent; a finished one of the same key begins anew."""
        now = datetime.now(UTC)
        values = {
            "job": planned.job,
            "description": planned.description,
            "sender": self._sender,
            "target": planned.target,
            "data": planned.data,
            "gas": planned.gas,
            "nonce": signed.nonce,
            "status": "sent",
            "updated_at": now,
            "tx_hash": None,
            "mined_block": None,
            "gas_used": None,
            "fee": None,
        }
        statement = insert(KeeperIntent).values(
            chain_id=self._chain_id, key=planned.key, attempts=1, created_at=now, **values
        )
        async with AsyncSession(self._engine) as session, session.begin():
            await session.execute(
                statement.on_conflict_do_update(
                    index_elements=["chain_id", "key"], set_={**values, "attempts": KeeperIntent.attempts + 1}
                )
            )
            await session.execute(self._transaction(planned.key, planned.job, signed, cancels))

    async def replace(self, key: str, job: str, signed: Signed, *, cancels: bool = False) -> None:
        """Add a replacement to an intent; `cancels`: it does nothing but use the nonce."""
        async with AsyncSession(self._engine) as session, session.begin():
            await session.execute(self._transaction(key, job, signed, cancels))
            await session.execute(self._update(key).values(updated_at=datetime.now(UTC)))

    async def set_status(self, key: str, status: str) -> None:
        """Move an intent on that is in no block: what was known of one is taken back."""
        cleared = {"tx_hash": None, "mined_block": None, "gas_used": None, "fee": None}
        sent = KeeperTransaction
        async with AsyncSession(self._engine) as session, session.begin():
            await session.execute(self._update(key).values(status=status, updated_at=datetime.now(UTC), **cleared))
            # A transaction of an attempt that is over was mined for good: that of this one has the intent's nonce.
            nonce = select(KeeperIntent.nonce).where(KeeperIntent.chain_id == self._chain_id, KeeperIntent.key == key)
            await session.execute(
                update(sent)
                .where(sent.chain_id == self._chain_id, sent.key == key, sent.nonce == nonce.scalar_subquery())
                .values(mined_at=None, mined_block=None, succeeded=None, gas_used=None, fee=None)
            )

    async def set_mined(self, key: str, status: str, tx_hash: str, receipt: MinedReceipt) -> None:
        """Move an intent on that is in a block, with what its transaction cost."""
        now, sent = datetime.now(UTC), KeeperTransaction
        cost = {"mined_block": receipt.block, "gas_used": receipt.gas_used, "fee": receipt.fee}
        async with AsyncSession(self._engine) as session, session.begin():
            await session.execute(self._update(key).values(status=status, tx_hash=tx_hash, updated_at=now, **cost))
            await session.execute(
                update(sent)
                .where(sent.chain_id == self._chain_id, sent.tx_hash == tx_hash)
                .values(mined_at=now, succeeded=receipt.succeeded, **cost)
            )

    def _update(self, key: str) -> Update:
        return update(KeeperIntent).where(KeeperIntent.chain_id == self._chain_id, KeeperIntent.key == key)

    def _transaction(self, key: str, job: str, signed: Signed, cancels: bool) -> Insert:
        return insert(KeeperTransaction).values(
            chain_id=self._chain_id,
            tx_hash=signed.tx_hash,
            key=key,
            nonce=signed.nonce,
            max_fee=signed.max_fee,
            priority_fee=signed.priority_fee,
            raw=signed.raw,
            cancels=cancels,
            job=job,
            sender=self._sender,
            signed_at=datetime.now(UTC),
        )
