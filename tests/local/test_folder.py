"""The data folder's marker, its room, and whole files."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from optionix.errors import UserError
from optionix.local import folder
from optionix.local.paths import Layout, make_private


def test_a_folder_is_claimed_once_and_keeps_its_id(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "data")
    first = folder.claim(layout)
    assert folder.claim(layout) == first
    assert layout.marker.stat().st_mode & 0o077 == 0


def test_only_a_marked_folder_is_emptied(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UserError, match="marker"):
        folder.empty(layout)
    assert (tmp_path / "mine.txt").exists()


def test_emptying_does_not_follow_links(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").touch()
    layout = Layout(tmp_path / "data")
    folder.claim(layout)
    (layout.data_dir / "link").symlink_to(outside)
    folder.empty(layout)
    assert (outside / "kept").exists()
    assert not (layout.data_dir / "link").is_symlink()
    assert folder.stack_id(layout)


def test_a_nearly_full_disk_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10**12, 10**12, 5 << 20))
    with pytest.raises(UserError, match="Only 5 MB are free"):
        folder.require_space(Layout(tmp_path))


def test_a_full_disk_leaves_the_old_file_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "state.json"
    folder.write_json(path, {"a": 1})

    def full(*_: Any, **__: Any) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(UserError, match="disk .* is full"):
        folder.write_json(path, {"a": 2})
    assert folder.read_json(path) == {"a": 1}
    assert list(tmp_path.iterdir()) == [path]


def test_a_private_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.mkdir()
    (tmp_path / "link").symlink_to(real)
    with pytest.raises(PermissionError):
        make_private(tmp_path / "link")


def test_two_supervisors_cannot_hold_one_folder(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    first, second = folder.Lock(layout), folder.Lock(layout)
    first.take()
    with pytest.raises(UserError, match=f"pid {os.getpid()}"):
        second.take()
    first.release()
    second.take()
    second.release()
