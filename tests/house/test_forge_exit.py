"""A failing forge suite gives a failing exit code: npm's wrapper does not, the native program first on PATH does."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NATIVE = ROOT / "node_modules" / ".native" / "forge"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "foundry.toml").write_text(
        f'[profile.default]\nsrc = "src"\ntest = "test"\nsolc = "{ROOT / "tools" / "solc"}"\noffline = true\n'
    )
    (tmp_path / "test").mkdir()
    return tmp_path


def forge_test(project: Path, outcome: str) -> subprocess.CompletedProcess[str]:
    (project / "test" / "Outcome.t.sol").write_text(
        "// SPDX-License-Identifier: MIT\npragma solidity ^0.8.30;\n"
        f"contract OutcomeTest {{ function test_outcome() external pure {{ require({outcome}); }} }}\n"
    )
    environment = {**os.environ, "FOUNDRY_PROFILE": "default", "NO_COLOR": "1"}
    return subprocess.run(
        (str(NATIVE), "test", "--root", str(project)),
        capture_output=True,
        text=True,
        env=environment,
        timeout=120,
        check=False,
    )


def test_a_passing_suite_exits_0(project: Path) -> None:
    done = forge_test(project, "true")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 tests passed, 0 failed" in done.stdout


def test_a_failing_suite_exits_1(project: Path) -> None:
    done = forge_test(project, "false")
    assert done.returncode == 1
    assert "0 tests passed, 1 failed" in done.stdout


def test_make_finds_the_native_program_first() -> None:
    rule = "which-forge: ; @command -v forge"
    environment = {**os.environ, "MAKEFLAGS": ""}
    done = subprocess.run(
        ("make", "--no-print-directory", "-f", "Makefile", "--eval", rule, "which-forge"),
        cwd=ROOT,
        capture_output=True,
        text=True,
        env=environment,
        timeout=30,
        check=False,
    )
    assert done.stdout.strip() == str(NATIVE), done.stderr
