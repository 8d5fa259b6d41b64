"""One supervised process: started, probed, restarted with a growing pause, ended."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from optionix.errors import UserError
from optionix.local import probes
from optionix.local.launch import Launch, last_line, signal_group, stop
from optionix.local.processes import STACK_VARIABLE, Identity
from optionix.telemetry import HealthReport

PROBE_PAUSE_SECONDS = 1.0
#: A restarted part counts as healthy again after it has answered for this long: who looks every few seconds sees it.
PROBATION_SECONDS = 6.0
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0

Say = Callable[[str], None]


@dataclass(frozen=True)
class Part:
    """A part of the stack that runs as a process of its own.

    Parameters
    ----------
    name
        Name in tables, logs and states.
    launch
        Makes its command line.
    probe
        Asks it how it is.
    address
        Where it is reached, for people; no secrets.
    start_seconds
        How long it may take until it answers for the first time.
    """

    name: str
    launch: Callable[[], Launch]
    probe: probes.Probe
    address: str
    start_seconds: float = 60.0


@dataclass
class Child:
    """A part with its process and what is known of its health."""

    part: Part
    log: Path
    stack_id: str
    say: Say
    on_change: Callable[[], None]
    process: subprocess.Popen[bytes] | None = None
    identity: Identity | None = None
    restarts: int = 0
    report: HealthReport = field(default_factory=lambda: HealthReport("failed", "not started"))
    answered: bool = False
    _launch: Launch | None = None
    _started_at: float = 0.0
    _probation_until: float = 0.0
    _pause: float = FIRST_PAUSE_SECONDS
    _restart_at: float | None = None

    @property
    def name(self) -> str:
        """The part's name."""
        return self.part.name

    def start(self) -> None:
        """Starts the process and writes down which it is."""
        wanted = self.part.launch()
        self._launch = replace(wanted, env=wanted.env | {STACK_VARIABLE: self.stack_id})
        self.process = self._launch.start(self.log)
        self.identity = Identity.of(self.process.pid)
        self._started_at = time.monotonic()
        self._restart_at = None
        self.answered = False
        self.report = HealthReport("failed", "starting")
        self.on_change()

    def stop(self) -> None:
        """Ends the process; returns when it is gone."""
        self._restart_at = None
        if self.process is not None and self._launch is not None:
            stop(self.process, self._launch.stop_signal)
        self.process = self.identity = None
        self.report = HealthReport("failed", "stopped")
        self.answered = False
        self.on_change()

    def died(self) -> str | None:
        """How the process ended, in words, once; None while it runs or after it was told."""
        if self.process is None or self.process.poll() is None:
            return None
        code = self.process.returncode
        how = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
        words = f"{how}: {last_line(self.log)}" if code > 0 else how
        signal_group(self.process.pid, signal.SIGKILL)  # what it started itself would keep its ports
        self.process = self.identity = None
        self.answered = False
        self.report = HealthReport("failed", words)
        self.on_change()
        return words

    def schedule_restart(self) -> float:
        """Plans the next start and returns the pause before it, which doubles while the part keeps dying."""
        if time.monotonic() - self._started_at > 60:
            self._pause = FIRST_PAUSE_SECONDS
        pause, self._pause = self._pause, min(2 * self._pause, LONGEST_PAUSE_SECONDS)
        self._restart_at = time.monotonic() + pause
        return pause

    def restart_when_due(self) -> None:
        """Starts the process again when its pause is over."""
        if self._restart_at is None or time.monotonic() < self._restart_at:
            return
        self.restarts += 1
        try:
            self.start()
        except UserError as error:
            self.report = HealthReport("failed", str(error))
            self.schedule_restart()

    @property
    def restarting(self) -> bool:
        """Whether a start is planned."""
        return self._restart_at is not None

    async def watch(self) -> None:
        """Probes the part for ever; what it answers stands in `report`."""
        while True:
            process = self.process
            if process is not None:
                answer = await probes.ask(self.part.probe)
                if self.process is process:
                    self._take(answer)
            await asyncio.sleep(PROBE_PAUSE_SECONDS)

    def _take(self, answer: probes.Answer) -> None:
        now, before, report = time.monotonic(), self.report.status, answer.report
        if answer.came and not self.answered:
            self.answered = True
            if self.restarts:
                self._probation_until = now + PROBATION_SECONDS
        if not self.answered and now - self._started_at < self.part.start_seconds:
            report = HealthReport("failed", "starting")
        if report.status == "ok" and now < self._probation_until:
            report = HealthReport("degraded", "answers again after a restart", report.figures)
        self.report = report
        if self.answered and report.status != before:
            self.say(f"{self.name} is {report.status}{': ' + report.detail if report.detail else ''}")
            self.on_change()
