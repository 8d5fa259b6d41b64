"""How far an indexer is: what `/healthz`, `/metrics` and the logs say."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from prometheus_client import Counter, Gauge, Histogram

from indexer.block import Block
from indexer.tail import Tail
from optionix.telemetry import HealthReport, Status

Phase = Literal["starting", "standby", "building", "backfill", "live", "retrying", "failed"]
_LATE_SECONDS = 5.0
"""Behind the head for longer than this is late."""
_RATE_SECONDS = 10.0
"""Rates are of this last while."""
_LONG_TAIL_SECONDS = 7200
"""A tail of more market time than this says that the chain has stopped to finalise."""

_HEAD = Gauge("optionix_indexer_head_block", "Newest block that the node named", ["network"])
_INDEXED = Gauge("optionix_indexer_indexed_block", "Newest block in the tables", ["network"])
_FINALIZED = Gauge("optionix_indexer_finalized_block", "Newest final block in the tables", ["network"])
_LAG_BLOCKS = Gauge("optionix_indexer_lag_blocks", "Blocks between the head and the tables", ["network"])
_LAG_SECONDS = Gauge("optionix_indexer_lag_seconds", "Wall time since the tables were at the head", ["network"])
_TAIL_BLOCKS = Gauge("optionix_indexer_unfinalized_blocks", "Applied blocks that can still be taken back", ["network"])
_TAIL_SECONDS = Gauge(
    "optionix_indexer_unfinalized_seconds", "Market time from the oldest of these blocks to the newest", ["network"]
)
_RATE = Gauge("optionix_indexer_events_per_second", "Events written in the last ten seconds, a second", ["network"])
_READY = Gauge("optionix_indexer_ready", "1 while the tables are at the head, or another indexer leads", ["network"])
_EVENTS = Counter("optionix_indexer_events", "Events written", ["network"])
_REORGS = Counter("optionix_indexer_reorgs", "Reorgs undone", ["network"])
_RETRIES = Counter("optionix_indexer_retries", "Batches that failed and were tried again", ["network"])
_BATCH = Histogram(
    "optionix_indexer_batch_seconds",
    "From the first question to the commit of a batch",
    ["network"],
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10),
)
_DRIFT = Gauge("optionix_audit_drift", "Values in the tables that differ from the contracts", ["network"])
_DRIFT_BLOCK = Gauge("optionix_audit_block", "Block of the newest audit", ["network"])
_CHECKED = Gauge("optionix_audit_checked", "Values that the newest audit compared", ["network"])
_AUDIT_AGE = Gauge("optionix_audit_age_seconds", "Wall time since the newest audit ended", ["network"])


@dataclass
class Progress:
    """One chain's indexing.

    Attributes
    ----------
    detail : one sentence for people.
    drift : of the newest audit, None before the first; `drift_block` its block, `checked` how many values it compared.
    real_time : whether the chain's time is that of the wall.
    endpoints : tells each endpoint's state.
    """

    network: str
    chain_id: int
    phase: Phase = "starting"
    detail: str = ""
    head: int = 0
    indexed: int = 0
    finalized: int = 0
    timestamp: int = 0
    events: int = 0
    reorgs: int = 0
    retries: int = 0
    subscribed: bool = False
    drift: int | None = None
    drift_block: int | None = None
    checked: int | None = None
    real_time: bool = False
    tail: Tail = field(default_factory=Tail, repr=False)
    _audited_at: float | None = field(default=None, repr=False)
    _written: deque[tuple[float, int]] = field(default_factory=deque, repr=False)
    endpoints: Callable[[], list[dict[str, Any]]] = list
    _behind_since: float | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        for metric in (_EVENTS, _REORGS, _RETRIES):
            metric.labels(self.network)  # shown as zero before the first

    @property
    def lag_blocks(self) -> int:
        """Blocks that the head is ahead of the tables."""
        return max(self.head - self.indexed, 0)

    @property
    def lag_seconds(self) -> float:
        """Wall time since the tables were at the head."""
        return 0.0 if self._behind_since is None else time.monotonic() - self._behind_since

    @property
    def events_per_second(self) -> float:
        """Events written in the last while, a second."""
        since = time.monotonic() - _RATE_SECONDS
        while self._written and self._written[0][0] < since:
            self._written.popleft()
        return sum(events for _, events in self._written) / _RATE_SECONDS

    @property
    def audit_age_seconds(self) -> float | None:
        """Wall time since the newest audit ended; None before the first."""
        return None if self._audited_at is None else time.monotonic() - self._audited_at

    @property
    def ready(self) -> bool:
        """Whether who reads the tables reads the head; a stand-by is as ready as it can be."""
        return self.phase == "standby" or (self.phase == "live" and self.lag_seconds <= _LATE_SECONDS)

    def see(self, head: int, *, exactly: bool = False) -> None:
        """The node named a head; a subscription may name it before or after an answer does."""
        self.head = head if exactly else max(self.head, head)
        self._update()

    def moved(self, indexed: int, finalized: int, timestamp: int, *, events: int = 0, seconds: float = 0.0) -> None:
        """The tables are at a block."""
        self.indexed, self.finalized, self.timestamp = indexed, finalized, timestamp
        self.tail.move(finalized, indexed)
        self.events += events
        if events:
            self._written.append((time.monotonic(), events))
        _EVENTS.labels(self.network).inc(events)
        _BATCH.labels(self.network).observe(seconds)
        self._update()

    def applied(self, blocks: Iterable[Block]) -> None:
        """Blocks near the head were applied, or found applied: call before `moved`."""
        self.tail.add(blocks)

    def reorganised(self) -> None:
        """Blocks were taken back."""
        self.reorgs += 1
        _REORGS.labels(self.network).inc()

    def retrying(self, reason: str) -> None:
        """A batch failed and will be tried again."""
        self.phase, self.detail = "retrying", reason
        self.retries += 1
        _RETRIES.labels(self.network).inc()

    def audited(self, block: int, drift: int, checked: int = 0) -> None:
        """An audit ended."""
        self.drift, self.drift_block, self.checked = drift, block, checked
        self._audited_at = time.monotonic()
        _DRIFT.labels(self.network).set(drift)
        _DRIFT_BLOCK.labels(self.network).set(block)
        _CHECKED.labels(self.network).set(checked)
        _AUDIT_AGE.labels(self.network).set_function(lambda: self.audit_age_seconds or 0.0)

    def _update(self) -> None:
        if self.lag_blocks == 0:
            self._behind_since = None
        elif self._behind_since is None:
            self._behind_since = time.monotonic()
        for gauge, value in (
            (_HEAD, self.head),
            (_INDEXED, self.indexed),
            (_FINALIZED, self.finalized),
            (_LAG_BLOCKS, self.lag_blocks),
            (_LAG_SECONDS, self.lag_seconds),
            (_TAIL_BLOCKS, self.indexed - self.finalized),
            (_TAIL_SECONDS, self.tail.seconds),
        ):
            gauge.labels(self.network).set(value)
        _RATE.labels(self.network).set_function(lambda: self.events_per_second)
        _READY.labels(self.network).set_function(lambda: float(self.ready))

    def report(self) -> HealthReport:
        """For `/healthz` and `/readyz`."""
        self._update()
        figures: dict[str, Any] = {
            "network": self.network,
            "chain_id": self.chain_id,
            "phase": self.phase,
            "head": self.head,
            "indexed": self.indexed,
            "finalized": self.finalized,
            "unfinalized_blocks": self.indexed - self.finalized,
            "unfinalized_seconds": self.tail.seconds,
            "market_time": self.timestamp,
            "lag_blocks": self.lag_blocks,
            "lag_seconds": round(self.lag_seconds, 3),
            "events": self.events,
            "events_per_second": round(self.events_per_second, 1),
            "reorgs": self.reorgs,
            "retries": self.retries,
            "source": "subscription" if self.subscribed else "polling",
            "endpoints": self.endpoints(),
            "drift": self.drift,
            "drift_block": self.drift_block,
            "checked": self.checked,
            "audit_age_seconds": None if self.audit_age_seconds is None else round(self.audit_age_seconds, 1),
        }
        status, detail = self._judged()
        return HealthReport(status, detail, figures, ready=self.ready)

    def _judged(self) -> tuple[Status, str]:
        if self.phase == "failed":
            return "failed", self.detail
        if self.drift:
            return "degraded", f"the audit at block {self.drift_block} found {self.drift} values"
        if self.phase == "live" and self.lag_seconds > _LATE_SECONDS:
            return "degraded", f"{self.lag_blocks} blocks behind the head"
        if self.phase == "live" and self.real_time and self.tail.seconds > _LONG_TAIL_SECONDS:
            return "degraded", f"nothing was final for {self.indexed - self.finalized} blocks, {self.tail.seconds} s"
        if self.phase == "live":
            return "ok", f"at block {self.indexed}"
        if self.phase == "standby":
            return "ok", self.detail
        return "degraded", self.detail or self.phase
