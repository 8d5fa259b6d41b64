"""How a child of the stack is started and ended: its own session, its own log, an owner to run as."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from optionix.errors import UserError

#: Longest that a child has between the polite signal and SIGKILL, seconds.
STOP_SECONDS = 10.0


@dataclass(frozen=True)
class Launch:
    """A command line with what it needs.

    Parameters
    ----------
    name
        Name in logs and tables.
    argv
        Command line; the program by absolute path.
    env
        Added to the environment of this process.
    cwd
        Folder to start in.
    uid, gid
        User to run as; None is the current one.
    stop_signal
        The polite signal.
    """

    name: str
    argv: tuple[str, ...]
    env: dict[str, str] = field(default_factory=dict)
    cwd: Path | None = None
    uid: int | None = None
    gid: int | None = None
    stop_signal: signal.Signals = signal.SIGTERM

    def start(self, log: Path) -> subprocess.Popen[bytes]:
        """Starts the command in a session of its own with both its outputs appended to `log`.

        Raises
        ------
        UserError
            The program is missing or cannot be executed.
        """
        try:
            log.parent.mkdir(parents=True, exist_ok=True)
            with log.open("ab") as out:
                return subprocess.Popen(
                    self.argv,
                    env=os.environ | self.env,
                    cwd=self.cwd,
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    user=self.uid,
                    group=self.gid,
                    extra_groups=[] if self.uid is not None else None,
                )
        except OSError as error:
            raise UserError(f"Cannot start {self.name}: {error}.") from error


def signal_group(pid: int, number: signal.Signals) -> None:
    """Signals the process group that `pid` leads; a group that is gone is fine."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def stop(
    process: subprocess.Popen[bytes], polite: signal.Signals = signal.SIGTERM, seconds: float = STOP_SECONDS
) -> int:
    """Ends a child and everything in its process group, and returns its exit code."""
    if process.poll() is None:
        # Frozen processes take no signal but SIGKILL until they are continued.
        signal_group(process.pid, signal.SIGCONT)
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(polite)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
    signal_group(process.pid, signal.SIGKILL)
    return process.wait()


def wait_until(
    ready: Callable[[], bool], process: subprocess.Popen[bytes], name: str, log: Path, seconds: float
) -> None:
    """Waits for a freshly started child to answer.

    Raises
    ------
    UserError
        It ended instead, or did not answer in time; the last line of its log is told.
    """
    until = time.monotonic() + seconds
    while not ready():
        if process.poll() is not None:
            raise UserError(
                f"{name} ended with code {process.returncode} while starting: {last_line(log)}", f"See {log}."
            )
        if time.monotonic() > until:
            raise UserError(f"{name} did not answer within {seconds:.0f} s: {last_line(log)}", f"See {log}.")
        time.sleep(0.02)


def last_line(log: Path) -> str:
    """The last line of a log that holds something, or a word for none."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 4096))
            lines = [line.strip() for line in file.read().decode(errors="replace").splitlines() if line.strip()]
    except FileNotFoundError:
        lines = []
    return lines[-1][:300] if lines else "(nothing in its log)"
