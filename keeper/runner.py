"""Running jobs: who leads, what is due, what was sent, and how it all is."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import psycopg
import structlog
from sqlalchemy.exc import DBAPIError

from keeper import metrics
from keeper.actions import Action, SimulationFailed
from keeper.context import Context
from keeper.jobs import Job
from keeper.jobs.watch import Watch
from keeper.lane import FeeCeiling, Lane
from keeper.leadership import Leadership
from optionix.chain.errors import ChainError
from optionix.telemetry import HealthReport

log = structlog.get_logger("keeper")

MAX_ACTIONS = 40
"""Actions that one run sends at most: other jobs wait for the same key."""
WATCH_SECONDS = 0.5
_EXPECTED_PAUSE = 0.25
_FIRST_PAUSE = 1.0
_LAST_PAUSE = 30.0
_FAILED_SECONDS = 30.0
"""A job that has not run well for so long makes the keeper unhealthy."""
TROUBLE = (ChainError, DBAPIError, psycopg.Error, OSError, TimeoutError)
"""What the world does to a keeper: said, waited out, tried again. Anything else is a defect and ends the process."""


@dataclass
class JobState:
    """How a job fares; wall time by the monotonic clock."""

    leads: bool = False
    last_good: float = field(default_factory=time.monotonic)
    error: str = ""
    runs: int = 0


@dataclass(frozen=True)
class Outcome:
    """What one run did with an action: `sent`, `open`, `planned` (dry run), `waits` or `refused`."""

    job: str
    action: Action
    result: str
    detail: str = ""


class Runner:
    """Runs jobs until stopped.

    Parameters
    ----------
    lane : where actions are sent; nothing is sent with `dry_run`.
    leadership : None runs without asking who leads (a dry run changes nothing).
    """

    def __init__(
        self,
        context: Context,
        lane: Lane,
        leadership: Leadership | None,
        jobs: Sequence[Job],
        *,
        watch: Watch | None = None,
        dry_run: bool = False,
    ) -> None:
        self.context = context
        self.lane = lane
        self.leadership = leadership
        self.watch = watch
        self.jobs = [*jobs, Job("watch", watch.watch, 2.0)] if watch is not None else list(jobs)
        self.dry_run = dry_run
        self.states = {job.name: JobState() for job in self.jobs}
        self._resumed = False
        self._pauses: dict[str, tuple[float, float]] = {}
        self._leading = asyncio.Lock()

    async def run(self, stop: asyncio.Event) -> None:
        """Run every job at its own pace until `stop` is set."""
        tasks = [asyncio.create_task(self._repeat(job, stop), name=job.name) for job in self.jobs]
        tasks.append(asyncio.create_task(self._follow(stop), name="transactions"))
        stopping = asyncio.create_task(stop.wait())
        try:
            done, _ = await asyncio.wait([*tasks, stopping], return_when=asyncio.FIRST_COMPLETED)
            for task in done - {stopping}:
                task.result()
        finally:
            stop.set()
            stopping.cancel()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, stopping, return_exceptions=True)
            if self.leadership is not None:
                await self.leadership.release()

    async def once(self) -> list[Outcome]:
        """Run every job one time in order, and follow what was sent until it is mined or half a minute is over."""
        outcomes: list[Outcome] = []
        for job in self.jobs:
            if await self._leads(job):
                outcomes += await self.step(job)
        until = time.monotonic() + _FAILED_SECONDS
        while not self.dry_run and await self.lane.watch() and time.monotonic() < until:
            await _sleep(asyncio.Event(), 0.05)
        if self.leadership is not None:
            await self.leadership.release()
        return outcomes

    async def step(self, job: Job) -> list[Outcome]:
        """One run of a job: what was due and what became of it."""
        started = time.perf_counter()
        actions = await job.plan(self.context)
        outcomes: list[Outcome] = []
        for action in actions:
            if len(outcomes) == MAX_ACTIONS:
                break
            if self._paused(action):
                continue
            outcomes.append(await self._handle(job, action))
        metrics.RUN_SECONDS.labels(job.name).observe(time.perf_counter() - started)
        return outcomes

    async def _handle(self, job: Job, action: Action) -> Outcome:
        try:
            if self.dry_run:
                gas = await self.lane.simulate(action)
                log.info("would send", job=job.name, action=action.description, gas=gas)
                return Outcome(job.name, action, "planned", f"gas {gas}")
            sent = await self.lane.submit(job.name, action)
        except SimulationFailed as error:
            self._pause(action, fixed=_EXPECTED_PAUSE if error.expected else None)
            metrics.REFUSED.labels(job.name, error.reason.name).inc()
            if error.expected:
                log.debug("not yet", job=job.name, action=action.description, reason=str(error.reason))
                return Outcome(job.name, action, "waits", str(error.reason))
            log.warning("the chain would refuse", job=job.name, action=action.description, reason=str(error.reason))
            return Outcome(job.name, action, "refused", str(error.reason))
        except FeeCeiling as error:
            self._pause(action)
            log.warning("gas is too dear", job=job.name, action=action.description, reason=str(error))
            return Outcome(job.name, action, "refused", str(error))
        self._pauses.pop(action.key, None)
        return Outcome(job.name, action, "open" if sent is None else "sent", sent or "")

    async def _repeat(self, job: Job, stop: asyncio.Event) -> None:
        state = self.states[job.name]
        while not stop.is_set():
            started = time.monotonic()
            try:
                state.leads = await self._leads(job)
                if state.leads:
                    await self.step(job)
                    state.runs += 1
                state.last_good, state.error = time.monotonic(), ""
                metrics.RUNS.labels(job.name, "ok").inc()
            except TROUBLE as error:
                state.error = f"{type(error).__name__}: {error}"
                metrics.RUNS.labels(job.name, "trouble").inc()
                log.warning("a job had trouble", job=job.name, error=state.error)
            metrics.LEADS.labels(job.name).set(state.leads)
            await _sleep(stop, max(0.0, job.every - (time.monotonic() - started)))

    async def _follow(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            if self._resumed and not self.dry_run:
                try:
                    metrics.OPEN.set(await self.lane.watch())
                except TROUBLE as error:
                    log.warning("cannot follow transactions", error=str(error))
            await _sleep(stop, WATCH_SECONDS)

    async def _leads(self, job: Job) -> bool:
        """Whether this process may run a job: it leads the job and owns the key."""
        if self.leadership is None:
            return True
        async with self._leading:
            owns = await self.leadership.holds(f"key {self.lane.address.lower()}")
            if not owns:
                self._resumed = False
                return False
            if not self._resumed:
                count = await self.lane.resume()
                self._resumed = True
                if count:
                    log.info("took up open transactions", count=count)
            return await self.leadership.holds(f"job {job.name}")

    def _paused(self, action: Action) -> bool:
        until, _ = self._pauses.get(action.key, (0.0, 0.0))
        return time.monotonic() < until

    def _pause(self, action: Action, fixed: float | None = None) -> None:
        """Leave a refused action alone for a while, longer each time; an expected refusal only a moment."""
        _, last = self._pauses.get(action.key, (0.0, 0.0))
        pause = fixed or min(max(_FIRST_PAUSE, 2 * last), _LAST_PAUSE)
        if len(self._pauses) > 10_000:
            self._pauses.clear()
        self._pauses[action.key] = time.monotonic() + pause, pause

    def health(self) -> HealthReport:
        """`ok` while every job runs, `degraded` with alerts or without the lead, `failed` when a job cannot run."""
        now = time.monotonic()
        late = {name: state for name, state in self.states.items() if now - state.last_good > _FAILED_SECONDS}
        figures = {
            "jobs": {
                name: {"leads": state.leads, "runs": state.runs, "error": state.error}
                for name, state in self.states.items()
            },
            "alerts": self.watch.alerts if self.watch else {},
        }
        if late:
            detail = "; ".join(f"{name}: {state.error or 'no answer'}" for name, state in late.items())
            return HealthReport("failed", detail, figures)
        troubled = [f"{name}: {state.error}" for name, state in self.states.items() if state.error]
        if troubled:
            return HealthReport("degraded", "; ".join(troubled), figures)
        if self.watch and self.watch.alerts:
            return HealthReport("degraded", "; ".join(f"{k}: {v}" for k, v in self.watch.alerts.items()), figures)
        leading = sum(state.leads for state in self.states.values())
        return HealthReport("ok", f"leads {leading} of {len(self.states)} jobs", figures)


async def _sleep(stop: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
