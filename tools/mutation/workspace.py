"""The copy of the tree in which mutants are compiled and run: the checkout itself is never touched."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .schemata import SWITCH, SWITCH_FILE

BUILD_LIMIT_SECONDS = 1200
# A run of tests takes seconds. A mutant that loops for ever is ended by the gas limit long before.
RUN_LIMIT_SECONDS = 180
# Right after a build, forge has been seen to find no tests, once.
ATTEMPTS = 3

# With a filter, forge asks the compiler for every interface again in each run (3 s). Nothing changes between the runs,
# so the answers are kept.
_SOLC = """#!/bin/sh
kept="{folder}"
if [ "$1" = --version ]; then
  [ -e "$kept/version" ] || {{ "{solc}" --version > "$kept/version.$$" && mv "$kept/version.$$" "$kept/version"; }}
  exec cat "$kept/version"
fi
cat > "$kept/$$.question"
name=$(sha256sum < "$kept/$$.question" | cut -c1-64)
if [ ! -e "$kept/$name" ]; then
  "{solc}" "$@" < "$kept/$$.question" > "$kept/$$.answer" || exit 1
  mv "$kept/$$.answer" "$kept/$name"
fi
rm "$kept/$$.question"
exec cat "$kept/$name"
"""

# Tests of gas say nothing here: the switches cost some.
_NO_GAS = ("--no-match-contract", "Gas", "--no-match-test", "CostsLittle|[Gg]as")


class BuildError(Exception):
    """The mutated tree does not compile."""


class RunError(Exception):
    """A run that ended without a verdict of any test: it must not count as a kill."""


@dataclass(frozen=True)
class Run:
    """What one run of tests said.

    Attributes
    ----------
    passed
        How many tests held.
    failed
        The first that did not, with its reason; None where all held.
    timed_out
        The run was ended.
    """

    passed: int
    failed: str | None
    timed_out: bool
    seconds: float

    @property
    def killed(self) -> bool:
        return self.failed is not None or self.timed_out


@dataclass(frozen=True)
class Depth:
    """How long random tests try."""

    fuzz: int
    invariant: int
    steps: int


SHALLOW = Depth(fuzz=24, invariant=4, steps=16)
DEEP = Depth(fuzz=64, invariant=12, steps=32)


class Workspace:
    """A tree of its own under `.build`.

    Parameters
    ----------
    root
        The checkout.
    folder
        Where the copy lies.
    """

    def __init__(self, root: Path, folder: Path) -> None:
        self.root = root
        self.folder = folder

    def prepare(self, carried: Mapping[str, bytes]) -> None:
        """Copies the tree, with `carried` instead of the contracts of those names, and the switch."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for name in ("contracts", "tests/contracts", "tests/vectors"):
            shutil.rmtree(self.folder / name, ignore_errors=True)
            if (self.root / name).exists():
                shutil.copytree(self.root / name, self.folder / name)
        for name in ("foundry.toml", "package.json"):
            shutil.copy2(self.root / name, self.folder / name)
        link = self.folder / "node_modules"
        if not link.exists():
            link.symlink_to((self.root / "node_modules").resolve())
        # What the checkout has compiled already need not be compiled again, where no contract that it uses has changed.
        if not (self.folder / "out").exists() and (self.root / "out").exists():
            shutil.copytree(self.root / "out", self.folder / "out")
            shutil.copytree(self.root / "cache", self.folder / "cache")
        # The runs of a fuzz test are counted here, whatever it asks for itself.
        for path in (self.folder / "tests" / "contracts").rglob("*.sol"):
            text = path.read_text()
            if "forge-config:" in text:
                path.write_text(re.sub(r"forge-config: .*", "", text))
        for name, data in carried.items():
            (self.folder / name).write_bytes(data)
        (self.folder / SWITCH_FILE).write_text(SWITCH)

        kept = self.folder / "answers"
        shutil.rmtree(kept, ignore_errors=True)
        kept.mkdir()
        (self.folder / "tools").mkdir(exist_ok=True)
        shim = self.folder / "tools" / "solc"
        shim.write_text(_SOLC.format(folder=kept, solc=self.root / "tools" / "solc"))
        shim.chmod(0o755)

    def _environment(self, depth: Depth, scratch: Path) -> dict[str, str]:
        # What a fuzz test found against one mutant must not be tried first against the next.
        return {
            **os.environ,
            "NO_COLOR": "1",
            "FOUNDRY_PROFILE": "default",
            "FOUNDRY_FUZZ_RUNS": str(depth.fuzz),
            "FOUNDRY_FUZZ_FAILURE_PERSIST_DIR": str(scratch / "fuzz"),
            "FOUNDRY_INVARIANT_RUNS": str(depth.invariant),
            "FOUNDRY_INVARIANT_DEPTH": str(depth.steps),
            "FOUNDRY_INVARIANT_FAILURE_PERSIST_DIR": str(scratch / "invariant"),
            "FOUNDRY_INVARIANT_SHOW_METRICS": "false",
        }

    def build(self) -> None:
        """Compiles contracts and tests.

        Raises
        ------
        BuildError
            They do not compile.
        """
        code, out, timed_out = _execute(
            ("forge", "build"), self.folder, self._environment(SHALLOW, self.folder / "scratch"), BUILD_LIMIT_SECONDS
        )
        if code != 0 or timed_out:
            raise BuildError(out.decode(errors="replace")[-4000:])

    def run(self, number: int, paths: Sequence[str], depth: Depth, worker: int = 0) -> Run:
        """Runs tests against one mutant, 0 for none, until the first fails.

        Parameters
        ----------
        paths
            Globs below tests/contracts; none means all tests.

        Raises
        ------
        RunError
            No test ran, or forge failed for another reason than a test.
        """
        scratch = self.folder / "scratch" / str(worker)
        chosen = ("--match-path", f"tests/contracts/{{{','.join(paths)}}}") if paths else ()
        command = (
            "forge", "test", "--json", "--fail-fast", "--threads", "1", *chosen, *_NO_GAS,
            "--block-coinbase", f"0x{number:040x}", "--code-size-limit", "1000000",
        )  # fmt: skip
        started = time.monotonic()
        for attempt in range(1, ATTEMPTS + 1):
            shutil.rmtree(scratch, ignore_errors=True)
            code, out, timed_out = _execute(command, self.folder, self._environment(depth, scratch), RUN_LIMIT_SECONDS)
            seconds = time.monotonic() - started
            if timed_out:
                return Run(0, None, True, seconds)
            try:
                return Run(*verdict_of(code, out), False, seconds)
            except RunError as error:
                if attempt == ATTEMPTS:
                    raise RunError(f"mutant {number}, {' '.join(command)}: {error}") from error
        raise AssertionError("unreachable")


def verdict_of(code: int, out: bytes) -> tuple[int, str | None]:
    """How many tests passed and the first that failed, where forge's exit code agrees.

    Raises
    ------
    RunError
        No test ran, or forge failed for another reason than a test.
    """
    passed, failed = judge(out)
    if (code == 0) != (failed is None) or (passed == 0 and failed is None):
        raise RunError(f"forge exited {code}, {passed} passed, failed: {failed}")
    return passed, failed


def judge(out: bytes) -> tuple[int, str | None]:
    """How many tests passed and the first that failed, from forge's JSON.

    Raises
    ------
    RunError
        There is no such JSON.
    """
    suites: dict[str, Any] | None = None
    for line in out.splitlines():
        if line.startswith(b"{"):
            with contextlib.suppress(json.JSONDecodeError):
                suites = json.loads(line)
    if suites is None:
        raise RunError(f"forge said nothing about tests: {out[-2000:].decode(errors='replace')}")
    passed, failed = 0, None
    for suite, said in sorted(suites.items()):
        for test, result in said["test_results"].items():
            if result["status"] == "Success":
                passed += 1
            elif result["status"] == "Failure" and failed is None:
                failed = f"{suite.rpartition(':')[2]}.{test.partition('(')[0]}: {result.get('reason') or 'failed'}"
    return passed, failed


def _execute(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], limit_seconds: float
) -> tuple[int, bytes, bool]:
    """Runs a command in a process group of its own, and ends that group where its time is up."""
    with subprocess.Popen(
        command, cwd=folder, env=dict(environment), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, start_new_session=True,
    ) as process:  # fmt: skip
        try:
            out, _ = process.communicate(timeout=limit_seconds)
            return process.returncode, out, False
        except subprocess.TimeoutExpired:
            return -1, b"", True
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
