"""What a keeper did and what it came to: actions, fees, bounties by job, from its own tables and the indexed ones."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from optionix.store import models as tables

BOUNTY = "bounty"
PROVER = "settle"
"""The job whose bounty comes later, when anybody collects the fees of what it settled."""
LATE = "unknown"
"""Job of a bounty that another transaction than this keeper's paid for something else than a settlement."""


@dataclass
class JobReport:
    """One job. Fees are wei; income is token units by token address."""

    job: str
    confirmed: int = 0
    reverted: int = 0
    cancelled: int = 0
    replaced: int = 0
    gas_used: int = 0
    fee: int = 0
    income: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def success(self) -> float | None:
        """Share of mined actions that did what they were for; None without any."""
        mined = self.confirmed + self.reverted + self.cancelled
        return self.confirmed / mined if mined else None


@dataclass(frozen=True)
class Report:
    """All jobs of a sender since a time, the dearest first.

    Attributes
    ----------
    first_block : of its first transaction in that time; None where there was none.
    tokens : symbol and decimals by address, of what was earned.
    """

    sender: str
    since: datetime
    first_block: int | None
    jobs: tuple[JobReport, ...]
    tokens: dict[str, tuple[str, int]]


async def report(engine: AsyncEngine, chain_id: int, sender: str, since: datetime) -> Report:
    """Sum up what a sender did since a time (wall time)."""
    sent, account = tables.KeeperTransaction, sender.lower()
    jobs: dict[str, JobReport] = {}
    async with AsyncSession(engine) as session:
        rows = list(
            await session.scalars(
                select(sent).where(sent.chain_id == chain_id, sent.sender == account, sent.mined_at >= since)
            )
        )
        for row in rows:
            _count(jobs.setdefault(row.job, JobReport(row.job)), row)
        first = min((row.mined_block for row in rows if row.mined_block is not None), default=None)
        if first is not None:
            replaced = await session.execute(
                select(sent.job, func.count())
                .where(sent.chain_id == chain_id, sent.sender == account, sent.mined_at.is_(None))
                .where(sent.signed_at >= since)
                .group_by(sent.job)
            )
            for job, count in replaced:
                jobs.setdefault(job, JobReport(job)).replaced = count
            await _add_income(session, chain_id, account, first, {row.tx_hash: row.job for row in rows}, jobs)
        tokens = await session.execute(
            select(tables.Token.address, tables.Token.symbol, tables.Token.decimals).where(
                tables.Token.chain_id == chain_id
            )
        )
        known = {row.address: (row.symbol, row.decimals) for row in tokens}
    return Report(account, since, first, tuple(sorted(jobs.values(), key=lambda job: (-job.fee, job.job))), known)


def _count(job: JobReport, row: tables.KeeperTransaction) -> None:
    if row.cancels:
        job.cancelled += 1
    elif row.succeeded:
        job.confirmed += 1
    else:
        job.reverted += 1
    job.gas_used += row.gas_used or 0
    job.fee += row.fee or 0


async def _add_income(
    session: AsyncSession, chain_id: int, account: str, first: int, by_hash: dict[str, str], jobs: dict[str, JobReport]
) -> None:
    activity = tables.AccountActivity
    rows = await session.scalars(
        select(activity).where(
            activity.chain_id == chain_id,
            activity.account == account,
            activity.kind == BOUNTY,
            activity.block_number >= first,
        )
    )
    for row in rows:
        job = PROVER if row.counterparty is None else by_hash.get(row.tx_hash, LATE)
        if row.token is not None:
            jobs.setdefault(job, JobReport(job)).income[row.token] += row.assets or 0
