"""A stack that cannot start says why in one line, and touches nothing."""

from __future__ import annotations

import socket
import subprocess
from pathlib import Path

import pytest

from tests.local.running import Stack

pytestmark = pytest.mark.slow


def _refused(result: subprocess.CompletedProcess[str], words: str) -> None:
    assert result.returncode != 0
    assert words in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1, result.stderr


def test_a_port_in_use_is_named(fresh: Stack) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 8545 + fresh.port_base))
        taken.listen()
        result = fresh.command(*fresh.up_words)
    _refused(result, f"Port {8545 + fresh.port_base}, which the local chain needs, is in use by python")


@pytest.mark.parametrize("words", [[], ["--fresh"], ["--fresh", "--detach"]])
def test_a_foreign_folder_is_left_alone(fresh: Stack, words: list[str]) -> None:
    fresh.folder.mkdir()
    (fresh.folder / "thesis.txt").write_text("years of work")
    result = fresh.command(*fresh.up_words, *words)
    _refused(result, "holds files that are not a local stack's (thesis.txt")
    assert [path.name for path in fresh.folder.iterdir()] == ["thesis.txt"]


def test_missing_node_is_one_line(fresh: Stack, tmp_path: Path) -> None:
    _refused(fresh.command(*fresh.up_words, env={"PATH": str(tmp_path)}), "Node is missing")


def test_old_node_is_one_line(fresh: Stack, tmp_path: Path) -> None:
    node = tmp_path / "node"
    node.write_text("#!/bin/sh\necho v18.1.0\n")
    node.chmod(0o755)
    _refused(fresh.command(*fresh.up_words, env={"PATH": f"{tmp_path}:/bin:/usr/bin"}), "Node v18.1.0 is too old")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--from", "soon"], "is not a date"),
        (["--from", "2031-01-01"], "2022-11-01 to 2023-05-31"),
        (["--speed", "0"], "speed"),
        (["--port-base", "-3"], "port_base"),
        (["--without", "web"], "There is no service web"),
    ],
)
def test_an_impossible_setting_is_one_line(fresh: Stack, words: list[str], said: str) -> None:
    _refused(fresh.command(*fresh.up_words, *words), said)


def test_down_and_status_without_a_stack(fresh: Stack) -> None:
    _refused(fresh.command("down"), "There is no local stack")
    code, status = fresh.status()
    assert (code, status["status"]) == (1, "stopped")
