"""What a stack needs of the machine before it starts: free ports, Node."""

from __future__ import annotations

import shutil
import socket
import subprocess

from optionix.errors import UserError
from optionix.local.processes import listener

LEAST_NODE = 20


def require_free(ports: dict[str, int], host: str = "127.0.0.1") -> None:
    """Refuses to start when a port is taken.

    Parameters
    ----------
    ports
        What listens where.
    host
        Address that is to be bound.

    Raises
    ------
    UserError
        Names the first port that is taken, what it is for and, where it can be known, who has it.
    """
    for what, port in ports.items():
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            # As servers do: a port whose last connections are still closing is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
                probe.listen(1)
            except OSError as error:
                raise UserError(
                    f"Port {port}, which the {what} needs, is in use{listener(port)}.",
                    "Stop that program, or move the whole stack with --port-base N.",
                ) from error


def require_node() -> None:
    """Refuses to start without Node: the Solidity compiler runs on it.

    Raises
    ------
    UserError
        There is no `node` on PATH, or it is older than 20.
    """
    node = shutil.which("node")
    if node is None:
        raise UserError("Node is missing: there is no `node` on PATH.", f"Install Node {LEAST_NODE} or newer.")
    try:
        answer = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=20, check=True)
        found = answer.stdout.strip()
        major = int(found.lstrip("v").split(".")[0])
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise UserError(f"{node} does not run ({error}).", f"Install Node {LEAST_NODE} or newer.") from error
    if major < LEAST_NODE:
        raise UserError(f"Node {found} is too old.", f"Install Node {LEAST_NODE} or newer.")
