"""The keeper's own tables: intents and their transactions. All their queries are here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Update, select, update
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from optionix.store.models import KeeperIntent, KeeperTransaction

OPEN = ("sent", "mined")
"""States in which an intent may still change by itself."""


@dataclass(frozen=True)
class Signed:
    """A signed transaction."""

    tx_hash: str
    nonce: int
    max_fee: int
    priority_fee: int
    raw: str


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

    async def write(self, planned: Planned, signed: Signed) -> None:
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
            await session.execute(self._transaction(planned.key, signed))

    async def replace(self, key: str, signed: Signed) -> None:
        """Add a replacement to an intent."""
        async with AsyncSession(self._engine) as session, session.begin():
            await session.execute(self._transaction(key, signed))
            await session.execute(self._update(key).values(updated_at=datetime.now(UTC)))

    async def set_status(
        self,
        key: str,
        status: str,
        *,
        tx_hash: str | None = None,
        mined_block: int | None = None,
        gas_used: int | None = None,
        fee: int | None = None,
    ) -> None:
        """Move an intent on."""
        async with AsyncSession(self._engine) as session, session.begin():
            await session.execute(
                self._update(key).values(
                    status=status,
                    tx_hash=tx_hash,
                    mined_block=mined_block,
                    gas_used=gas_used,
                    fee=fee,
                    updated_at=datetime.now(UTC),
                )
            )

    def _update(self, key: str) -> Update:
        return update(KeeperIntent).where(KeeperIntent.chain_id == self._chain_id, KeeperIntent.key == key)

    def _transaction(self, key: str, signed: Signed) -> Insert:
        return insert(KeeperTransaction).values(
            chain_id=self._chain_id,
            tx_hash=signed.tx_hash,
            key=key,
            nonce=signed.nonce,
            max_fee=signed.max_fee,
            priority_fee=signed.priority_fee,
            raw=signed.raw,
            signed_at=datetime.now(UTC),
        )
