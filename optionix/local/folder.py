"""The data folder: claimed by a marker, held by one supervisor at a time, deleted only when it is ours."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import secrets
import shutil
import uuid
from pathlib import Path
from typing import Any, TextIO

from optionix.errors import UserError
from optionix.local.paths import Layout

_MARK = "optionix data folder"

_PARTIAL = ".partial"

#: What a stack needs to begin with; a few hours of replay take about as much again.
LEAST_FREE_BYTES = 600 * 1024 * 1024


def write_json(path: Path, value: dict[str, Any], *, private: bool = False) -> None:
    """Writes a JSON file as a whole: a reader, or a kill, sees the old one or the new one.

    Raises
    ------
    UserError
        The disk is full, or the folder cannot be written.
    """
    # A name that no other writer has, be it a process or a thread of this one.
    partial = path.with_name(f"{path.name}.{uuid.uuid4().hex}{_PARTIAL}")
    try:
        partial.touch(mode=0o600 if private else 0o644)
        partial.write_text(json.dumps(value, default=str))
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise UserError(f"The disk of {path.parent} is full.", "Free some space and start again.") from error
        raise UserError(f"Cannot write {path}: {error.strerror}.") from error


def read_json(path: Path) -> dict[str, Any]:
    """A JSON file's object, empty when there is no such file."""
    try:
        value: dict[str, Any] = json.loads(path.read_text())
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except ValueError as error:
        raise UserError(f"{path} is damaged ({error}).", "Start over with `optionix up --fresh`.") from error
    return value


def stack_id(layout: Layout) -> str | None:
    """The id that the folder's marker carries, or None when the folder is not ours."""
    marker = read_json(layout.marker)
    return str(marker["id"]) if marker.get("what") == _MARK else None


def claim(layout: Layout) -> str:
    """Makes the folder ours when it is new or empty, and returns its id.

    Raises
    ------
    UserError
        It holds files and no marker of ours, or cannot be written.
    """
    known = stack_id(layout) if layout.data_dir.is_dir() else None
    if known is not None:
        return known
    try:
        layout.data_dir.mkdir(parents=True, exist_ok=True)
        foreign = next(layout.data_dir.iterdir(), None)
    except OSError as error:
        raise UserError(f"Cannot use {layout.data_dir}: {error.strerror}.", "Choose another --data-dir.") from error
    if foreign is not None:
        raise UserError(
            f"{layout.data_dir} holds files that are not a local stack's ({foreign.name}, for one).",
            "Choose another --data-dir.",
        )
    new = uuid.uuid4().hex
    write_json(layout.marker, {"what": _MARK, "id": new, "password": secrets.token_urlsafe(24)}, private=True)
    return new


def password(layout: Layout) -> str:
    """The password of this stack's Postgres and Redis where they listen on ports."""
    return str(read_json(layout.marker)["password"])


def require_space(layout: Layout) -> None:
    """Refuses to start on a disk that is nearly full.

    Raises
    ------
    UserError
        Less than 600 MB are free.
    """
    free = shutil.disk_usage(layout.data_dir).free
    if free < LEAST_FREE_BYTES:
        raise UserError(
            f"Only {free >> 20} MB are free on the disk of {layout.data_dir}, a stack needs {LEAST_FREE_BYTES >> 20}.",
            "Free some space, or choose another --data-dir.",
        )


def empty(layout: Layout) -> None:
    """Deletes what a stack has left in its folder, keeping the marker and the lock.

    Raises
    ------
    UserError
        The folder does not carry our marker.
    """
    if stack_id(layout) is None:
        raise UserError(f"{layout.data_dir} does not carry the marker of a local stack: nothing was deleted.")
    for entry in layout.data_dir.iterdir():
        # A file that is being written has its place a moment later.
        if entry in (layout.marker, layout.lock, layout.logs) or entry.name.endswith(_PARTIAL):
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
    if not layout.run.is_relative_to(layout.data_dir):
        shutil.rmtree(layout.run, ignore_errors=True)


class Lock:
    """Held by the one supervisor of a folder; the kernel lets go of it when that process ends, however it ends."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._file: TextIO | None = None

    def take(self) -> None:
        """Takes the lock.

        Raises
        ------
        UserError
            Another supervisor holds it.
        """
        file = self._layout.lock.open("a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            file.close()
            raise UserError(
                f"A stack is running already in {self._layout.data_dir} (pid {holder}).",
                "See `optionix status`; stop it with `optionix down`.",
            ) from None
        try:
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
        except OSError as error:
            raise UserError(f"Cannot write {self._layout.lock}: {error.strerror}.", "Is the disk full?") from error
        self._file = file

    def release(self) -> None:
        """Lets go of it."""
        if self._file is not None:
            self._file.close()
            self._file = None
