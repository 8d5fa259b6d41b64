"""Runs the test suites side by side and counts what they say.

Each suite is a test runner of its own kind in a process of its own. Its output goes to
`artifacts/tests/<suite>.log` and is printed when it ends; at the end come each runner's own summary lines and one
plain line, `N passed, N failed`.

The run is red (exit code 1) when a suite exits with an error, counts a failure, ends without having run a test, or
runs past its time; under `CI=true` also when a test was skipped or a suite is absent.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from queue import Queue

ROOT = Path(__file__).resolve().parent.parent
LOGS = ROOT / "artifacts" / "tests"
LIVE_AT_A_TIME = 2
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
CORES_FOR_LIVE_BESIDE_QUICK = 4
# Half of a worker's time it waits for a chain, a database, a process that it started.
PYTHON_WORKERS = CORES + 1
CI = os.environ.get("CI", "").lower() == "true"

_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_PYTEST_LAST = re.compile(r"^=* ?((?:\d+ [a-z]+(?:, )?)+|no tests ran) in [\d.:]+s?.*$")


@dataclass(frozen=True)
class Suite:
    """One test runner.

    Attributes
    ----------
    name
        What `make test-<name>` calls it.
    kind
        Whose summary to read: forge, pytest, vitest or node.
    files
        Glob patterns from the root; the suite is absent while none matches.
    command
        Program and arguments.
    live
        Starts whole markets: such suites run two at a time when the others have ended, so that nothing starves them.
        Where there are four cores, one runs beside the last of the others.
    name_files
        Gives the command each test file by name: node takes every file of a folder for a test.
    limit_seconds
        Ended, and failed, after this long.
    """

    name: str
    kind: str
    files: tuple[str, ...]
    command: tuple[str, ...]
    live: bool = False
    name_files: bool = False
    limit_seconds: int = 900

    def present(self) -> bool:
        """Whether any of its test files is there."""
        return any(next(ROOT.glob(pattern), None) for pattern in self.files)

    def arguments(self) -> list[str]:
        """The command as it is run."""
        found = sorted(str(path.relative_to(ROOT)) for pattern in self.files for path in ROOT.glob(pattern))
        return [*self.command, *(found if self.name_files else ())]


@dataclass
class Outcome:
    """What a suite's run came to."""

    suite: Suite
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0.0
    summary: list[str] = field(default_factory=list)
    complaint: str = ""


# Without ape's own pytest plugin: it compiles and connects at start, which only tests/protocol wants.
_PYTEST = (sys.executable, "-m", "pytest", "-p", "no:ape_test", "-p", "no:cacheprovider", "--color=no")
_ELSEWHERE = ("protocol", "contracts", "web", "e2e", "faults", "demo", "quotes")

SUITES = (
    Suite("forge", "forge", ("tests/contracts/**/*.t.sol",), ("forge", "test")),
    Suite("ape", "pytest", ("tests/protocol/**/test_*.py",), ("ape", "test", "tests/protocol", "--color=no")),
    Suite(
        "python",
        "pytest",
        ("tests/**/test_*.py",),
        (
            *_PYTEST,
            "-n",
            str(PYTHON_WORKERS),
            *("--dist", "loadfile", "--no-loadscope-reorder"),
            *(f"--ignore=tests/{name}" for name in _ELSEWHERE),
            "tests",
        ),
    ),
    Suite("web", "vitest", ("tests/web/**/*.test.ts*",), ("vitest", "run", "--config", "tests/web/vitest.config.ts")),
    # In this order: the first ones run beside the end of the Python suite and must not mind it.
    Suite("faults", "pytest", ("tests/faults/**/test_*.py",), (*_PYTEST, "tests/faults"), live=True),
    Suite("quotes", "pytest", ("tests/quotes/**/test_*.py",), (*_PYTEST, "tests/quotes"), live=True),
    Suite("demo", "pytest", ("tests/demo/**/test_*.py",), (*_PYTEST, "tests/demo"), live=True),
    Suite(
        "browser",
        "node",
        ("tests/e2e/**/*.test.mjs",),
        ("node", "--test", "--test-reporter=tap", "--test-concurrency=1"),
        live=True,
        name_files=True,
    ),
)


def count(kind: str, text: str) -> tuple[dict[str, int], list[str]]:
    """Reads a runner's own summary.

    Parameters
    ----------
    kind
        forge, pytest, vitest or node.
    text
        Its whole output.

    Returns
    -------
    Counts under `passed`, `failed` and `skipped`, all 0 where there is no summary, and the lines they were read from.
    """
    lines = [_ANSI.sub("", line).rstrip() for line in text.splitlines()]
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    if kind == "forge":
        for line in reversed(lines):
            if found := re.search(r": (\d+) tests? passed, (\d+) failed, (\d+) skipped", line):
                counts.update(zip(counts, map(int, found.groups()), strict=True))
                return counts, [line]
    elif kind == "pytest":
        for line in reversed(lines):
            if found := _PYTEST_LAST.match(line):
                for number, word in re.findall(r"(\d+) ([a-z]+)", found.group(1)):
                    key = {
                        "errors": "failed",
                        "error": "failed",
                        "xfailed": "passed",
                        "xpassed": "failed",
                    }.get(word, word)
                    if key in counts:
                        counts[key] += int(number)
                return counts, [line]
    elif kind == "vitest":
        for line in reversed(lines):
            if re.match(r"^\s*Tests  ", line):
                for number, word in re.findall(r"(\d+) (passed|failed|skipped|todo)", line):
                    counts["skipped" if word == "todo" else word] += int(number)
                return counts, [line]
    elif kind == "node":
        read = []
        for line in lines:
            if found := re.match(r"^(?:#|ℹ) (pass|fail|cancelled|skipped|todo) (\d+)$", line):
                key = {"pass": "passed", "fail": "failed", "cancelled": "failed"}.get(found.group(1), "skipped")
                counts[key] += int(found.group(2))
                read.append(line)
        return counts, read
    return counts, []


def judge(suite: Suite, code: int | None, text: str, *, ci: bool = CI) -> Outcome:
    """Turns an exit code and an output into an outcome. `code` None means that the time ran out."""
    counts, summary = count(suite.kind, text)
    outcome = Outcome(suite, counts["passed"], counts["failed"], counts["skipped"], summary=summary)
    if code is None:
        outcome.complaint = f"was ended after {suite.limit_seconds} s"
    elif code != 0 and not outcome.failed:
        outcome.complaint = f"exited {code} without counting a failure"
    elif code == 0 and outcome.failed:
        outcome.complaint = "exited 0 in spite of failures"
    elif not outcome.passed and not outcome.failed:
        outcome.complaint = "ran no test"
    elif ci and outcome.skipped:
        outcome.complaint = f"skipped {outcome.skipped}, which CI=true forbids"
    if outcome.complaint and not (code == 0 and outcome.failed):
        outcome.failed += 1
    return outcome


class Runner:
    """Runs suites and keeps their processes, so that an interrupted run leaves none behind."""

    def __init__(self) -> None:
        self._processes: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self._stopping = False
        self.outcomes: list[Outcome] = []

    def run(self, suite: Suite) -> None:
        """Runs one suite to its end and prints its output. Whatever keeps it from that is its failure."""
        try:
            self._run(suite)
        except Exception as error:  # noqa: BLE001 - a suite that nobody counts would be a green one
            with self._lock:
                self.outcomes.append(Outcome(suite, failed=1, complaint=f"could not be run: {error}"))

    def _run(self, suite: Suite) -> None:
        started = time.monotonic()
        log = LOGS / f"{suite.name}.log"
        environment = {
            **os.environ,
            "NO_COLOR": "1",
            "FORCE_COLOR": "0",
            "TERM": "dumb",
            "PYTHONUNBUFFERED": "1",
        }
        with log.open("wb") as out:
            with self._lock:
                if self._stopping:
                    return
                process = subprocess.Popen(
                    suite.arguments(), cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=out,
                    stderr=subprocess.STDOUT, start_new_session=True,
                )  # fmt: skip
                self._processes.add(process)
            code: int | None
            try:
                code = process.wait(suite.limit_seconds)
            except subprocess.TimeoutExpired:
                code = None
            self._end(process)
        text = log.read_text(errors="replace")
        outcome = judge(suite, code, text)
        outcome.seconds = time.monotonic() - started
        with self._lock:
            self.outcomes.append(outcome)
            print(f"\n===== {suite.name}: {' '.join(suite.arguments())}\n{text.rstrip()}", flush=True)

    def stop(self) -> None:
        """Ends whatever still runs."""
        with self._lock:
            self._stopping = True
            processes = list(self._processes)
        for process in processes:
            self._end(process)

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        """Ends what is left of a suite's own process group."""
        for sign, patience in ((signal.SIGTERM, 10.0), (signal.SIGKILL, 5.0)):
            try:
                os.killpg(process.pid, sign)
            except (ProcessLookupError, PermissionError):
                break
            try:
                process.wait(patience)
            except subprocess.TimeoutExpired:
                continue
        with self._lock:
            self._processes.discard(process)


def most_live(quick_left: int) -> int:
    """How many live suites may run while so many of the quick ones have not ended."""
    if quick_left == 0:
        return LIVE_AT_A_TIME
    return 1 if quick_left == 1 and CORES >= CORES_FOR_LIVE_BESIDE_QUICK else 0


def run_all(runner: Runner, suites: list[Suite]) -> None:
    """Runs the quick suites side by side, and the live ones in their order as room is made for them."""
    ended: Queue[Suite] = Queue()

    def work(suite: Suite) -> None:
        try:
            runner.run(suite)
        finally:
            ended.put(suite)

    def start(suite: Suite) -> None:
        # Daemons: an interrupted run stops their suites and does not wait for them.
        threading.Thread(target=work, args=(suite,), daemon=True).start()

    waiting = deque(suite for suite in suites if suite.live)
    running = [suite for suite in suites if not suite.live]
    for suite in running:
        start(suite)
    while running or waiting:
        live = sum(suite.live for suite in running)
        if waiting and live < most_live(len(running) - live):
            running.append(waiting.popleft())
            start(running[-1])
        else:
            running.remove(ended.get())


def prepare() -> None:
    """Compiles the contracts once, so that suites which read `out/` find it, and no two compile at the same time."""
    if any((ROOT / "contracts").rglob("*.sol")):
        built = subprocess.run(
            ("forge", "build", "--quiet"), cwd=ROOT, stdin=subprocess.DEVNULL, timeout=900, check=False
        )
        if built.returncode != 0:
            sys.exit("the contracts do not compile (see above)\n0 passed, 1 failed")


def main(names: list[str]) -> int:
    """Runs the named suites, or all; returns the exit code."""
    known = {suite.name: suite for suite in SUITES}
    if unknown := [name for name in names if name not in known]:
        print(f"no suite is called {', '.join(unknown)}; there are {', '.join(known)}", file=sys.stderr)
        return 2
    wanted = [known[name] for name in names] if names else list(SUITES)
    present = [suite for suite in wanted if suite.present()]
    absent = [suite for suite in wanted if not suite.present()]
    LOGS.mkdir(parents=True, exist_ok=True)
    if any(suite.name in ("forge", "ape", "python") for suite in present):
        prepare()
    runner = Runner()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        run_all(runner, present)
    finally:
        runner.stop()

    print("\n===== summaries")
    for outcome in runner.outcomes:
        for line in outcome.summary or ["(no summary)"]:
            print(f"{outcome.suite.name:8} {line.strip(' =')}")
        if outcome.complaint:
            print(f"{outcome.suite.name:8} RED: {outcome.complaint}")
    for outcome in runner.outcomes:
        counts = f"{outcome.passed} passed, {outcome.failed} failed, {outcome.skipped} skipped"
        print(f"{outcome.suite.name:8} {counts}, {outcome.seconds:.0f} s")
    for suite in absent:
        print(f"{suite.name:8} absent: nothing matches {', '.join(suite.files)}{' (red under CI=true)' if CI else ''}")
    passed = sum(outcome.passed for outcome in runner.outcomes)
    failed = sum(outcome.failed for outcome in runner.outcomes) + (len(absent) if CI else 0)
    if not present and not failed:
        print("no suite was run", file=sys.stderr)
        failed = 1
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
