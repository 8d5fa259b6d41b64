"""Running an audit: questions in batches at one block by its hash, differences counted and kept."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
import structlog

from indexer.audit.checks import Check, all_checks
from indexer.audit.snapshot import FINAL, NEWEST, snapshot
from indexer.block import Block
from indexer.errors import IndexerError
from indexer.postgres import connect, copy_rows
from indexer.progress import Progress
from indexer.setup import ChainSetup
from optionix.chain.abi import AbiError, load_abi
from optionix.chain.errors import ChainError, RpcError
from optionix.chain.rpc import Rpc

_TRIES = 3
_SHOWN = 20
"""Differences that are kept in words; all are counted."""
_REVERTED = 3
"""JSON-RPC's code of a call that the contract refused."""


class BlockGone(IndexerError):
    """The node no longer answers for the audited block: a reorg took it, or its state is no longer kept."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that the tables and the contracts disagree about."""

    kind: str
    subject: str
    tables: Any
    contract: Any


@dataclass(frozen=True, slots=True)
class AuditResult:
    """What an audit found.

    Attributes
    ----------
    checked : values compared, by kind.
    differences : every value that differs.
    """

    chain_id: int
    block: Block
    checked: dict[str, int]
    differences: list[Difference]
    at: datetime

    @property
    def drift(self) -> int:
        """How many values differ."""
        return len(self.differences)

    def drift_by_kind(self) -> dict[str, int]:
        """The drift of each kind, zeros included."""
        found = Counter(difference.kind for difference in self.differences)
        return {kind: found[kind] for kind in self.checked}

    def as_json(self) -> dict[str, Any]:
        """For `--json` and the table."""
        return {
            "chain_id": self.chain_id,
            "block": self.block.number,
            "block_hash": self.block.hash,
            "checked": sum(self.checked.values()),
            "drift": self.drift,
            "by_kind": {
                kind: {"checked": self.checked[kind], "drift": drift} for kind, drift in self.drift_by_kind().items()
            },
            "differences": [
                {"kind": d.kind, "subject": d.subject, "tables": _words(d.tables), "contract": _words(d.contract)}
                for d in self.differences[:_SHOWN]
            ],
            "at": self.at.isoformat(),
        }


async def audit(rpc: Rpc, setup: ChainSetup, conninfo: str, at: int | str = FINAL) -> AuditResult:
    """Compare the tables with the contracts at a block.

    Parameters
    ----------
    at : a block number from the newest final to the newest indexed one, or `finalized`, or `indexed`.

    Raises
    ------
    NoSuchBlock
        When the tables cannot be shown at that block.
    BlockGone
        When the node could not answer for it, in several tries.
    """
    for left in reversed(range(_TRIES)):
        block, checks = await asyncio.to_thread(_questions, setup, conninfo, at)
        try:
            differences = await _compare(rpc, block, checks)
        except BlockGone:
            if not left or isinstance(at, int):
                raise
            continue
        checked = dict(Counter(check.kind for check in checks))
        return AuditResult(setup.chain_id, block, checked, differences, datetime.now(UTC))
    raise AssertionError("the last try returns or raises")


def _questions(setup: ChainSetup, conninfo: str, at: int | str) -> tuple[Block, list[Check]]:
    with snapshot(conninfo, setup.chain_id, at) as tables:
        return tables.block, list(all_checks(tables, setup))


async def _compare(rpc: Rpc, block: Block, checks: list[Check]) -> list[Difference]:
    where = {"blockHash": block.hash}
    calls = [
        ("eth_call", [{"to": check.to, "data": load_abi(check.abi).encode(check.function, *check.args)}, where])
        for check in checks
    ]
    answers = await rpc.try_batch(calls)
    found = []
    for check, answer in zip(checks, answers, strict=True):
        if isinstance(answer, RpcError) and answer.code != _REVERTED:
            raise BlockGone(f"the node cannot answer for block {block.number} any more: {answer}")
        value = _decode(check, answer)
        if not check.agrees(value):
            found.append(Difference(check.kind, check.subject, check.expected, value))
    return found


def _decode(check: Check, answer: str | RpcError) -> Any:
    if isinstance(answer, RpcError):
        return f"refused: {answer.node_message}"
    try:
        return load_abi(check.abi).decode(check.function, answer, len(check.args))
    except AbiError as error:
        return str(error)


def _words(value: Any) -> Any:
    """A value for JSON: numbers as text, for they may be wide."""
    if isinstance(value, dict):
        return {key: _words(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_words(part) for part in value]
    return value if isinstance(value, (str, bool)) or value is None else str(value)


def store(conninfo: str, result: AuditResult) -> None:
    """Keep a result in the table `audit`."""
    row = (
        result.chain_id,
        result.block.number,
        result.block.hash,
        sum(result.checked.values()),
        result.drift,
        result.as_json(),
        result.at.isoformat(),
    )
    with connect(conninfo) as connection:
        columns = ("chain_id", "block_number", "block_hash", "checked", "drift", "detail", "at")
        copy_rows(connection, "audit", columns, [row])


async def _audit_if_it_can(rpc: Rpc, setup: ChainSetup, conninfo: str) -> AuditResult:
    """At the newest final block, or at the newest one where the node has lost older states (as after its restart)."""
    try:
        return await audit(rpc, setup, conninfo, FINAL)
    except BlockGone:
        return await audit(rpc, setup, conninfo, NEWEST)


async def keep_auditing(rpc: Rpc, setup: ChainSetup, conninfo: str, progress: Progress, pause_seconds: float) -> None:
    """Audit while this indexer leads, every `pause_seconds`, until cancelled."""
    log = structlog.get_logger("indexer").bind(network=setup.name)
    while True:
        if progress.phase == "live":
            try:
                result = await _audit_if_it_can(rpc, setup, conninfo)
                await asyncio.to_thread(store, conninfo, result)
            except (IndexerError, ChainError, psycopg.Error) as error:
                log.warning("audit not finished", reason=str(error))
            else:
                progress.audited(result.block.number, result.drift)
                if result.drift:
                    log.error("the tables differ from the contracts", **result.as_json())
                else:
                    log.info("audit", block=result.block.number, checked=sum(result.checked.values()), drift=0)
        await asyncio.sleep(pause_seconds if progress.drift_block is not None else min(pause_seconds, 1.0))
