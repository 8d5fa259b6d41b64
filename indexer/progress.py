"""How far an indexer is: what `/healthz`, `/metrics` and the logs say."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any, Literal

from prometheus_client import Counter, Gauge, Histogram

from optionix.telemetry import HealthReport

Phase = Literal["starting", "standby", "backfill", "live", "retrying", "failed"]
_LATE_SECONDS = 5.0
"""Behind the head for longer than this is late."""

_HEAD = Gauge("optionix_indexer_head_block", "Newest block that the node named", ["network"])
_INDEXED = Gauge("optionix_indexer_indexed_block", "Newest block in the tables", ["network"])
_FINALIZED = Gauge("optionix_indexer_finalized_block", "Newest final block in the tables", ["network"])
_LAG_BLOCKS = Gauge("optionix_indexer_lag_blocks", "Blocks between the head and the tables", ["network"])
_LAG_SECONDS = Gauge("optionix_indexer_lag_seconds", "Wall time since the tables were at the head", ["network"])
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


@dataclass
class Progress:
    """One chain's indexing.

    Attributes
    ----------
    detail : one sentence for people.
    drift : of the newest audit, None before the first.
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
    _behind_since: float | None = field(default=None, repr=False)

    @property
    def lag_blocks(self) -> int:
        """Blocks that the head is ahead of the tables."""
        return max(self.head - self.indexed, 0)

    @property
    def lag_seconds(self) -> float:
        """Wall time since the tables were at the head."""
        return 0.0 if self._behind_since is None else time.monotonic() - self._behind_since

    def see(self, head: int, *, exactly: bool = False) -> None:
        """The node named a head; a subscription may name it before or after an answer does."""
        self.head = head if exactly else max(self.head, head)
        self._update()

    def moved(self, indexed: int, finalized: int, timestamp: int, *, events: int = 0, seconds: float = 0.0) -> None:
        """The tables are at a block."""
        self.indexed, self.finalized, self.timestamp = indexed, finalized, timestamp
        self.events += events
        _EVENTS.labels(self.network).inc(events)
        _BATCH.labels(self.network).observe(seconds)
        self._update()

    def reorganised(self) -> None:
        """Blocks were taken back."""
        self.reorgs += 1
        _REORGS.labels(self.network).inc()

    def retrying(self, reason: str) -> None:
        """A batch failed and will be tried again."""
        self.phase, self.detail = "retrying", reason
        self.retries += 1
        _RETRIES.labels(self.network).inc()

    def audited(self, block: int, drift: int) -> None:
        """An audit ended."""
        self.drift, self.drift_block = drift, block
        _DRIFT.labels(self.network).set(drift)
        _DRIFT_BLOCK.labels(self.network).set(block)

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
        ):
            gauge.labels(self.network).set(value)

    def report(self) -> HealthReport:
        """For `/healthz`."""
        self._update()
        figures: dict[str, Any] = {
            "network": self.network,
            "chain_id": self.chain_id,
            "phase": self.phase,
            "head": self.head,
            "indexed": self.indexed,
            "finalized": self.finalized,
            "unfinalized_blocks": self.indexed - self.finalized,
            "market_time": self.timestamp,
            "lag_blocks": self.lag_blocks,
            "lag_seconds": round(self.lag_seconds, 3),
            "events": self.events,
            "reorgs": self.reorgs,
            "retries": self.retries,
            "source": "subscription" if self.subscribed else "polling",
            "drift": self.drift,
            "drift_block": self.drift_block,
        }
        if self.phase == "failed":
            return HealthReport("failed", self.detail, figures)
        if self.drift:
            return HealthReport("degraded", f"the audit at block {self.drift_block} found {self.drift} values", figures)
        if self.phase == "live" and self.lag_seconds <= _LATE_SECONDS:
            return HealthReport("ok", f"at block {self.indexed}", figures)
        if self.phase == "live":
            return HealthReport("degraded", f"{self.lag_blocks} blocks behind the head", figures)
        if self.phase == "standby":
            return HealthReport("ok", self.detail, figures)
        return HealthReport("degraded", self.detail or self.phase, figures)
