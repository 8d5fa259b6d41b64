"""Ports for a stack of a test's own."""

from __future__ import annotations

import contextlib
import random
import socket

STACK_PORTS = (8000, 8010, 8545, *range(9100, 9105), 5433, 6380)
"""All that a stack may listen on at port base 0."""


def free_base() -> int:
    """A port base at which every port of a stack is free now; drawn, so that suites side by side do not meet."""
    while True:
        base = random.randrange(11_000, 50_000)
        with contextlib.suppress(OSError), contextlib.ExitStack() as held:
            for port in STACK_PORTS:
                probe = held.enter_context(socket.socket())
                probe.bind(("127.0.0.1", port + base))
            return base
