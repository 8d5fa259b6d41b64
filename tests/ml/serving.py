"""The risk service over real sockets, in a thread of the test's process: it is there at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from ml.engine import RiskEngine
from ml.service import create_app


@contextmanager
def served(engine: RiskEngine) -> Iterator[str]:
    """A uvicorn server around an engine; its address."""
    config = uvicorn.Config(create_app(engine), port=0, log_config=None, access_log=False, timeout_graceful_shutdown=3)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        until = time.monotonic() + 60
        while not server.started:
            assert thread.is_alive() and time.monotonic() < until, "uvicorn does not start"
            time.sleep(0.005)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(60)
