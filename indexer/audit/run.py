"""Running an audit: questions in batches at one block by its hash, differences counted and kept."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
import structlog

from indexer.audit.checks import STORAGE, Check, all_checks
from indexer.audit.snapshot import FINAL, NEWEST, snapshot, unheard_of
from indexer.audit.sums import Sum, all_sums
from indexer.block import Block
from indexer.errors import IndexerError
from indexer.postgres import connect, copy_rows
from indexer.progress import Progress
from indexer.setup import ChainSetup
from optionix.chain.abi import AbiError, load_abi
from optionix.chain.errors import ChainError, RpcError
from optionix.chain.multicall import REVERTED, read_many
from optionix.chain.rpc import Rpc

_TRIES = 3
_SHOWN = 20
"""Differences that are kept in words; all are counted."""


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
        block, checks, sums = await asyncio.to_thread(_questions, setup, conninfo, at)
        try:
            checks = await _without_the_unborn(rpc, setup, conninfo, block, checks)
            differences = await _compare(rpc, block, checks)
        except BlockGone:
            if not left or isinstance(at, int):
                raise
            continue
        differences += [Difference(s.kind, s.subject, s.expected, s.found) for s in sums if s.expected != s.found]
        checked = dict(Counter(check.kind for check in checks) + Counter(each.kind for each in sums))
        return AuditResult(setup.chain_id, block, checked, differences, datetime.now(UTC))
    raise AssertionError("the last try returns or raises")


def _questions(setup: ChainSetup, conninfo: str, at: int | str) -> tuple[Block, list[Check], list[Sum]]:
    with snapshot(conninfo, setup.chain_id, at) as tables:
        try:
            return tables.block, list(all_checks(tables, setup)), list(all_sums(tables))
        except LookupError as error:
            # Nothing can be asked where a row is lost that says what to ask: that is a difference too.
            return tables.block, [], [Sum("tables", "rows that name one another", "all there", f"no row for {error}")]


async def _without_the_unborn(
    rpc: Rpc, setup: ChainSetup, conninfo: str, block: Block, checks: list[Check]
) -> list[Check]:
    """Leave out the contracts that were made after the block: without code there, and never heard of until then."""
    contracts = sorted({check.to for check in checks})
    codes = await rpc.try_batch([("eth_getCode", [address, {"blockHash": block.hash}]) for address in contracts])
    _require_answers(block, codes)
    bare = [address for address, code in zip(contracts, codes, strict=True) if code == "0x"]
    watched = {address: setup.contracts[address] for address in bare if address in setup.contracts}
    unborn = await asyncio.to_thread(unheard_of, conninfo, setup.chain_id, watched, block) if watched else set()
    return [check for check in checks if check.to not in unborn]


async def _compare(rpc: Rpc, block: Block, checks: list[Check]) -> list[Difference]:
    where = {"blockHash": block.hash}
    views = [check for check in checks if check.function != STORAGE]
    slots = [check for check in checks if check.function == STORAGE]
    calls = [(check.to, load_abi(check.abi).encode(check.function, *check.args)) for check in views]
    answers = await read_many(rpc, calls, where)
    answers += await rpc.try_batch([("eth_getStorageAt", [check.to, hex(*check.args), where]) for check in slots])
    _require_answers(block, answers)
    found = []
    for check, answer in zip((*views, *slots), answers, strict=True):
        value = _decode(check, answer)
        if not check.agrees(value):
            found.append(Difference(check.kind, check.subject, check.expected, value))
    return found


def _require_answers(block: Block, answers: list[Any]) -> None:
    for answer in answers:
        if isinstance(answer, RpcError) and answer.code != REVERTED:
            raise BlockGone(f"the node cannot answer for block {block.number} any more: {answer}")


def _decode(check: Check, answer: str | RpcError) -> Any:
    if isinstance(answer, RpcError):
        return f"refused: {answer.node_message}"
    if check.function == STORAGE:
        return int(answer, 16)
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


async def keep_auditing(
    preferred: Callable[[], Rpc], setup: ChainSetup, conninfo: str, progress: Progress, pause_seconds: float
) -> None:
    """Audit while this indexer leads, every `pause_seconds`, until cancelled.

    Parameters
    ----------
    preferred : the endpoint to ask at the time, or an error where there is none that is trusted.
    """
    log = structlog.get_logger("indexer").bind(network=setup.name)
    while True:
        if progress.phase == "live":
            try:
                result = await _audit_if_it_can(preferred(), setup, conninfo)
                await asyncio.to_thread(store, conninfo, result)
            except (IndexerError, ChainError, psycopg.Error) as error:
                log.warning("audit not finished", reason=str(error))
            else:
                progress.audited(result.block.number, result.drift, sum(result.checked.values()))
                if result.drift:
                    log.error("the tables differ from the contracts", **result.as_json())
                else:
                    log.info("audit", block=result.block.number, checked=sum(result.checked.values()), drift=0)
        await asyncio.sleep(pause_seconds if progress.drift_block is not None else min(pause_seconds, 1.0))
