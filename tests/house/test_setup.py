"""Set-up says in one line what a machine lacks, and does nothing the second time."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BASICS = ("bash", "sh", "env", "dirname", "sed", "cut", "paste", "sha256sum", "rm", "cat", "touch", "mkdir")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of what set-up reads, with a folder `bin` that is the whole PATH."""
    (tmp_path / "tools").mkdir()
    (tmp_path / "bin").mkdir()
    for name in ("tools/setup", "uv.lock", "pyproject.toml", "package.json", "package-lock.json"):
        shutil.copy(ROOT / name, tmp_path / name)
    for name in BASICS:
        found = shutil.which(name)
        assert found, name
        (tmp_path / "bin" / name).symlink_to(found)
    return tmp_path


def program(tree: Path, path: str, text: str) -> Path:
    file = tree / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)
    return file


def set_up(tree: Path, what: str = "run", **environment: str) -> subprocess.CompletedProcess[str]:
    # Run from elsewhere: set-up finds its own tree.
    return subprocess.run(
        (str(tree / "bin" / "bash"), str(tree / "tools" / "setup"), what),
        cwd="/",
        env={"PATH": str(tree / "bin"), "HOME": os.environ.get("HOME", "/"), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def refused(done: subprocess.CompletedProcess[str]) -> str:
    """The one line on standard error of a set-up that did not go through."""
    assert done.returncode != 0
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    return done.stderr.strip()


WRONG = 'case "$1" in --version) echo Python 3.13.0 ;; *) exit 1 ;; esac'
RIGHT = 'case "$1$2" in --version) echo Python 3.12.1 ;; *venv*) exit 1 ;; *) exit 0 ;; esac'


def ready(tree: Path) -> None:
    """Stands a working Python environment in: stamps are compared, then Node is looked at."""
    program(tree, "bin/python3", 'case "$2" in venv) exit 0 ;; *) exit 0 ;; esac')
    program(tree, ".venv/bin/python", "exit 0")
    (tree / ".venv" / "pyvenv.cfg").touch()
    program(tree, ".venv/bin/uv", 'case "$1" in --version) echo uv 0 ;; *) echo synced >> "$0.log" ;; esac')


def test_no_python_at_all(tree: Path) -> None:
    assert "needs Python 3.11 or 3.12 (found: none)" in refused(set_up(tree))


def test_another_python_is_named(tree: Path) -> None:
    program(tree, "bin/python3", WRONG)
    assert "needs Python 3.11 or 3.12 (found: Python 3.13.0)" in refused(set_up(tree))


def test_the_python_asked_for_is_judged(tree: Path) -> None:
    wrong = program(tree, "elsewhere/python", WRONG)
    assert f"PYTHON={wrong} is Python 3.13.0" in refused(set_up(tree, PYTHON=str(wrong)))


def test_no_venv_module(tree: Path) -> None:
    program(tree, "bin/python3", RIGHT)
    assert "no venv module" in refused(set_up(tree))
    assert not (tree / ".venv").exists()


def test_a_foreign_folder_is_not_cleared(tree: Path) -> None:
    program(tree, "bin/python3", "exit 0")
    (tree / ".venv").mkdir()
    (tree / ".venv" / "letter.txt").write_text("mine")
    assert ".venv is no Python environment" in refused(set_up(tree))
    assert (tree / ".venv" / "letter.txt").exists()


def test_no_node(tree: Path) -> None:
    ready(tree)
    assert "needs Node 20 or newer; there is no node on PATH" in refused(set_up(tree))


def test_an_old_node(tree: Path) -> None:
    ready(tree)
    program(tree, "bin/npm", "exit 0")
    program(tree, "bin/node", "echo v18.20.0")
    assert "needs Node 20 or newer; node is v18.20.0" in refused(set_up(tree))


def test_the_second_time_nothing_is_installed(tree: Path) -> None:
    ready(tree)
    program(tree, "bin/npm", 'mkdir -p node_modules; echo "$@" >> npm.log')
    program(tree, "bin/node", 'case "$1" in --version) echo v20.19.0 ;; esac')

    def installed() -> tuple[int, list[str]]:
        synced = (tree / ".venv/bin/uv.log").read_text().splitlines()
        return len(synced), (tree / "npm.log").read_text().splitlines()

    assert set_up(tree).returncode == 0
    assert installed()[0] == 1
    assert "--omit=dev" in installed()[1][0]
    again = set_up(tree)
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    assert installed()[0] == len(installed()[1]) == 1

    assert set_up(tree, "test").returncode == 0
    assert installed()[0] == len(installed()[1]) == 2
    assert "--omit=dev" not in installed()[1][1]
    # What serves the tests serves the market.
    assert set_up(tree).returncode == 0
    assert installed()[0] == 2

    (tree / "uv.lock").write_text((tree / "uv.lock").read_text() + "\n")
    assert set_up(tree).returncode == 0
    assert (installed()[0], len(installed()[1])) == (3, 2)


def test_a_failed_installation_leaves_no_stamp(tree: Path) -> None:
    ready(tree)
    program(tree, ".venv/bin/uv", 'case "$1" in --version) echo uv 0 ;; *) exit 2 ;; esac')
    assert "uv could not install the locked packages" in refused(set_up(tree))
    assert not (tree / ".venv" / "optionix-stamp").exists()
