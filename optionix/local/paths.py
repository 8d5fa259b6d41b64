"""Where the local stack keeps its things, and the rules that Unix sockets and foreign users put on those places."""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

#: A Unix socket's path is cut at 108 bytes by the kernel and at 103 on other systems; Postgres adds its own name.
LONGEST_SOCKET_FOLDER = 80


@dataclass(frozen=True)
class Layout:
    """Names inside one data folder.

    Parameters
    ----------
    data_dir
        The data folder.
    """

    data_dir: Path

    @property
    def marker(self) -> Path:
        """The file that says that the folder is ours to delete."""
        return self.data_dir / "optionix-data.json"

    @property
    def addresses(self) -> Path:
        """Where a started stack says what its settings were."""
        return self.data_dir / "addresses.json"

    @property
    def state(self) -> Path:
        """What the supervisor knows: its own process, its children and their health."""
        return self.data_dir / "stack.json"

    @property
    def lock(self) -> Path:
        """Held by the running supervisor."""
        return self.data_dir / "stack.lock"

    @property
    def logs(self) -> Path:
        """One log file for each child."""
        return self.data_dir / "logs"

    @property
    def postgres(self) -> Path:
        """The database cluster, where the user that Postgres runs as can reach it."""
        return self.data_dir / "postgres"

    @property
    def redis(self) -> Path:
        """Redis' own files."""
        return self.data_dir / "redis"

    @property
    def anvil(self) -> Path:
        """The local chain's state."""
        return self.data_dir / "anvil"

    @property
    def deployment(self) -> Path:
        """Addresses of the contracts on the local chain."""
        return self.data_dir / "deployments" / "local.json"

    @property
    def replay(self) -> Path:
        """The replay's speed and pause, kept over a restart."""
        return self.data_dir / "replay.json"

    @property
    def run(self) -> Path:
        """Folder of the sockets: in the data folder, or in the temporary folder where that path is too long."""
        inside = self.data_dir / "run"
        if len(os.fsencode(inside.absolute())) <= LONGEST_SOCKET_FOLDER:
            return inside
        return Path(tempfile.gettempdir()) / f"optionix-{os.getuid()}-{folder_key(self.data_dir)}"

    @property
    def redis_socket(self) -> Path:
        """Redis' Unix socket."""
        return self.run / "redis.sock"


def folder_key(folder: Path) -> str:
    """Twelve hex digits that name a folder by its absolute path."""
    return hashlib.sha256(os.fsencode(folder.absolute())).hexdigest()[:12]


def make_private(folder: Path, *, uid: int | None = None, gid: int | None = None) -> Path:
    """Makes a folder that its owner alone can enter, and refuses one that belongs to somebody else.

    Parameters
    ----------
    folder
        The folder; parents are made too.
    uid, gid
        Owner. The current user by default; only root can name another.

    Raises
    ------
    PermissionError
        The folder exists and is not a plain folder of that owner or of the current user (somebody could have made it
        first in a shared temporary folder).
    """
    owner = os.getuid() if uid is None else uid
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    found = folder.lstat()
    if folder.is_symlink() or found.st_uid not in (owner, os.getuid()):
        raise PermissionError(f"{folder} belongs to somebody else (uid {found.st_uid})")
    if uid is not None and found.st_uid != uid:
        os.chown(folder, uid, -1 if gid is None else gid)
    folder.chmod(0o700)
    return folder
