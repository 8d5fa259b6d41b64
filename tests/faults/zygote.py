"""Forks indexers out of one interpreter that has everything imported: started in no time, they can be killed often.

A line of JSON on stdin, `{"environment": {...}, "log": "..."}`, starts one; its process id is answered in a line. Each
is a process of its own that runs what `python -m indexer` runs.
"""

from __future__ import annotations

import json
import os
import signal
import sys

from indexer.__main__ import run
from optionix.service import main


def start(environment: dict[str, str], log: str) -> int:
    """Fork an indexer; its process id."""
    sys.stdout.flush()
    child = os.fork()
    if child:
        return child
    written = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for stream in (0, 1, 2):
        os.dup2(written, stream)
    os.environ.update(environment)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    try:
        os._exit(main("indexer", run))
    finally:
        os._exit(70)


if __name__ == "__main__":
    # Whoever reads the process ids waits for the ends by asking whether they are alive: nobody is kept as a zombie.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        wanted = json.loads(line)
        print(start(wanted["environment"], wanted["log"]), flush=True)
