"""The symbolic part of `make prove` is red for a check that was not proven, and its lock installs anywhere."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tools import symbolic

LOCK = (symbolic.ROOT / "tools" / "halmos" / "uv.lock").read_text(encoding="utf-8")
PASSED = "\x1b[32m[PASS]\x1b[0m check_a(uint64) (paths: 3, time: 0.07s, bounds: [])\n"
FAILED = "\x1b[31m[FAIL]\x1b[0m check_b(uint64) (paths: 3, time: 0.07s, bounds: [])\n"
SLOW = "\x1b[33m[TIMEOUT]\x1b[0m check_b(uint64) (paths: 3, time: 0.07s, bounds: [])\n"


def test_only_what_was_proven_counts() -> None:
    assert symbolic.passed(PASSED + FAILED + SLOW) == {"check_a"}


def test_the_checks_are_found_by_name() -> None:
    assert {"check_setTreasury", "check_longsNeedNothing"} <= symbolic.wanted()


@pytest.mark.parametrize(("output", "code"), [(PASSED, 1), (PASSED + FAILED, 1), (PASSED + SLOW, 1)])
def test_a_check_that_is_not_proven_is_red(
    output: str, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "A.t.sol").write_text("function check_a(uint64) {} function check_b(uint64) {}")
    monkeypatch.setattr(symbolic, "FOLDER", tmp_path)
    monkeypatch.setattr(symbolic, "_PROGRAMS", tmp_path)
    program = tmp_path / "halmos"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setattr(symbolic.subprocess, "run", lambda *_, **__: subprocess.CompletedProcess((), 0, stdout=output))
    assert symbolic.main() == code
    assert "not proven: check_b" in capsys.readouterr().out


def test_without_halmos_it_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(symbolic, "_PROGRAMS", tmp_path)
    assert symbolic.main() == 1
    assert "tools/setup audit" in capsys.readouterr().err


def test_its_lock_names_the_public_index_alone() -> None:
    assert set(re.findall(r"https?://([^/\"]+)", LOCK)) == {"pypi.org", "files.pythonhosted.org"}
    assert set(re.findall(r"registry = \"([^\"]+)\"", LOCK)) == {"https://pypi.org/simple"}
