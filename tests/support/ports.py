"""Ports for a stack of a test's own."""

from __future__ import annotations

import contextlib
import fcntl
import os
import random
import socket
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import IO

STACK_PORTS = (8000, 8010, 8545, *range(9100, 9105), 5433, 6380)
"""All that a stack may listen on at port base 0."""

_LOWEST = 11_000
_held: list[IO[bytes]] = []


def free_base(ports: Iterable[int] = STACK_PORTS) -> int:
    """A port base at which all these ports are free, and that no other test is given while this process lives.

    Two things take a port between here and the start of the program that is to listen on it: a connection that the
    system gives it to, so bases stay below the range of those; and a test in another process, so each port is held by
    a lock on a file, which ends with the process.
    """
    wanted = tuple(ports)
    highest = _first_of_connections() - max(wanted)
    while True:
        base = random.randrange(_LOWEST, highest)
        locks = [taken for port in wanted if (taken := _lock(port + base)) is not None]
        if len(locks) == len(wanted) and all(_is_free(port + base) for port in wanted):
            _held.extend(locks)
            return base
        for lock in locks:
            lock.close()


def _first_of_connections() -> int:
    """The lowest port that the system gives to connections of itself."""
    given = Path("/proc/sys/net/ipv4/ip_local_port_range")
    return int(given.read_text().split()[0]) if given.exists() else 32_768


def _lock(port: int) -> IO[bytes] | None:
    folder = Path(tempfile.gettempdir()) / f"optionix-ports-{os.getuid()}"
    folder.mkdir(exist_ok=True)
    file = (folder / str(port)).open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


def _is_free(port: int) -> bool:
    with contextlib.suppress(OSError), socket.socket() as probe:
        probe.bind(("127.0.0.1", port))
        return True
    return False
