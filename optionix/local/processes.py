"""Which process is which: a pid with its start, so that nothing is ever done to a stranger that got the same pid."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

STACK_VARIABLE = "OPTIONIX_STACK"
"""Environment variable that every child carries; its value is the id of the data folder that it belongs to."""


@dataclass(frozen=True)
class Identity:
    """A process of this machine since its last boot.

    Parameters
    ----------
    pid
        Process id.
    started
        When it began, in the kernel's own words where there are any: two processes never share both.
    """

    pid: int
    started: str

    @classmethod
    def of(cls, pid: int) -> Identity | None:
        """The identity of a living process, or None when there is none (a zombie is none)."""
        try:
            process = psutil.Process(pid)
            if process.status() == psutil.STATUS_ZOMBIE:
                return None
            return cls(pid, _started(process))
        except (psutil.Error, OSError):
            return None

    def alive(self) -> bool:
        """Whether that very process still runs."""
        return Identity.of(self.pid) == self


def _started(process: psutil.Process) -> str:
    try:
        # The clock that psutil adds can be set; ticks since boot cannot. The 22nd field follows the name in brackets.
        ticks = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[19]
        return f"{Path('/proc/sys/kernel/random/boot_id').read_text().strip()}/{ticks}"
    except FileNotFoundError:
        if not process.is_running():
            raise psutil.NoSuchProcess(process.pid) from None
        return f"{process.create_time():.2f}"


def find_children(recorded: list[Identity], stack_id: str) -> list[Identity]:
    """The living processes of a stack: those that were recorded, and any that carries the stack's id.

    The second kind are those that were started in the instant before a kill, and what children started themselves.
    """
    found = {identity.pid: identity for identity in recorded if identity.alive()}
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.pid == os.getpid() or process.environ().get(STACK_VARIABLE) != stack_id:
                continue
            identity = Identity.of(process.pid)
            if identity is not None:
                found.setdefault(identity.pid, identity)
    return list(found.values())


def end(processes: list[Identity], seconds: float = 10.0) -> None:
    """Ends processes that are not our children: politely, then by SIGKILL to them and the groups they lead."""

    def tell(identity: Identity, number: signal.Signals) -> None:
        if identity.alive():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(identity.pid, number)

    for identity in processes:
        tell(identity, signal.SIGCONT)
        # SIGINT is Postgres' fast shutdown; to its SIGTERM it waits for every session to end by itself.
        tell(identity, signal.SIGINT if _is_postmaster(identity.pid) else signal.SIGTERM)
    until = time.monotonic() + seconds
    while time.monotonic() < until and any(identity.alive() for identity in processes):
        time.sleep(0.05)
    for identity in processes:
        if identity.alive():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                if os.getpgid(identity.pid) == identity.pid:
                    os.killpg(identity.pid, signal.SIGKILL)
            tell(identity, signal.SIGKILL)
    until = time.monotonic() + seconds
    while time.monotonic() < until and any(identity.alive() for identity in processes):
        time.sleep(0.02)


def _is_postmaster(pid: int) -> bool:
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        parent = process.parent()
        return process.name() == "postgres" and (parent is None or parent.name() != "postgres")
    return False


def listener(port: int) -> str:
    """Who listens on a loopback port, in words: ` by NAME (pid N)`, or nothing when it cannot be known."""
    with contextlib.suppress(psutil.Error, OSError):
        for connection in psutil.net_connections("tcp"):
            listens = connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == port
            if listens and connection.pid is not None:
                return f" by {psutil.Process(connection.pid).name()} (pid {connection.pid})"
    return ""
