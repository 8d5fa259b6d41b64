"""The test command is red whenever a suite is, and counts what the runners count."""

from __future__ import annotations

import sys
from collections import defaultdict
from pathlib import Path
from queue import Queue
from threading import Event, Thread

import pytest

from tools import run_suites
from tools.run_suites import Runner, Suite, count, judge

FORGE = "Ran 2 test suites in 185ms (194ms CPU time): {} tests passed, {} failed, 0 skipped (7 total tests)"
NODE = "TAP version 13\n# tests 3\n# suites 0\n# pass {}\n# fail {}\n# cancelled 0\n# skipped 0\n# todo 0\n"
PASSING = {
    "forge": FORGE.format(7, 0),
    "pytest": "======= 12 passed, 1 xfailed, 3 warnings in 62.31s (0:01:02) =======",
    "vitest": " Test Files  2 passed (2)\n      Tests  5 passed (5)\n",
    "node": NODE.format(3, 0),
}
FAILING = {
    "forge": FORGE.format(6, 1),
    "pytest": "= 1 failed, 10 passed, 2 errors in 0.42s =",
    "vitest": " Test Files  1 failed (1)\n      Tests  1 failed | 4 passed | 1 skipped (6)\n",
    "node": NODE.format(2, 1),
}
COUNTS = {"forge": (7, 6, 1), "pytest": (13, 10, 3), "vitest": (5, 4, 1), "node": (3, 2, 1)}


def suite(kind: str = "pytest", *command: str, limit_seconds: int = 30) -> Suite:
    return Suite("sample", kind, ("tests",), command, limit_seconds=limit_seconds)


@pytest.mark.parametrize("kind", PASSING)
def test_counts_are_read(kind: str) -> None:
    passed, still_passed, failed = COUNTS[kind]
    assert (count(kind, PASSING[kind])[0]["passed"], count(kind, PASSING[kind])[0]["failed"]) == (passed, 0)
    counts, lines = count(kind, f"\x1b[31m{FAILING[kind]}\x1b[0m\n")
    assert (counts["passed"], counts["failed"]) == (still_passed, failed)
    assert lines


@pytest.mark.parametrize("kind", PASSING)
def test_green_and_red(kind: str) -> None:
    assert judge(suite(kind), 0, PASSING[kind]).failed == 0
    # One of the samples has a skip, which counts as a failure only in CI.
    assert judge(suite(kind), 1, FAILING[kind], ci=False).failed == COUNTS[kind][2]
    # A runner whose exit code hides its failures is not believed, nor one that fails without saying what.
    assert judge(suite(kind), 0, FAILING[kind]).failed > 0
    assert judge(suite(kind), 1, PASSING[kind]).failed == 1
    assert judge(suite(kind), None, PASSING[kind]).failed == 1


@pytest.mark.parametrize("text", ["", "no tests ran in 0.01s", "No tests found in project!"])
def test_an_empty_suite_is_red(text: str) -> None:
    outcome = judge(suite(), 0, text)
    assert (outcome.failed, outcome.complaint) == (1, "ran no test")


def test_a_skip_is_red_in_ci_alone() -> None:
    text = "2 passed, 1 skipped in 0.10s"
    assert judge(suite(), 0, text, ci=False).failed == 0
    assert judge(suite(), 0, text, ci=True).failed == 1


def use(monkeypatch: pytest.MonkeyPatch, folder: Path, *suites: Suite, ci: bool = False) -> None:
    monkeypatch.setattr(run_suites, "ROOT", folder)
    monkeypatch.setattr(run_suites, "LOGS", folder / "logs")
    monkeypatch.setattr(run_suites, "SUITES", suites)
    monkeypatch.setattr(run_suites, "CI", ci)


def says(text: str, code: int = 0) -> tuple[str, ...]:
    return (sys.executable, "-c", f"import sys; print({text!r}); sys.exit({code})")


def test_the_last_line_counts_all_suites(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "here").touch()
    first = Suite("first", "pytest", ("here",), says("3 passed in 0.1s"))
    second = Suite("second", "forge", ("here",), says(FORGE.format(6, 1), 1), live=True)
    absent = Suite("absent", "pytest", ("nowhere",), says("9 passed in 0.1s"))
    use(monkeypatch, tmp_path, first, second, absent)
    assert run_suites.main([]) == 1
    lines = capfd.readouterr().out.splitlines()
    assert lines[-1] == "9 passed, 1 failed"
    assert any(line.startswith("absent") for line in lines)
    assert run_suites.main(["first"]) == 0
    assert capfd.readouterr().out.splitlines()[-1] == "3 passed, 0 failed"


def test_an_absent_suite_is_red_in_ci(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").touch()
    here = Suite("first", "pytest", ("here",), says("3 passed in 0.1s"))
    use(monkeypatch, tmp_path, here, Suite("absent", "pytest", ("nowhere",), ()), ci=True)
    assert run_suites.main([]) == 1
    assert run_suites.main(["first"]) == 0


def test_nothing_to_run_is_red(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, tmp_path, Suite("absent", "pytest", ("nowhere",), ()))
    assert run_suites.main([]) == 1


def test_a_suite_that_hangs_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "here").touch()
    sleeper = (sys.executable, "-c", "import time; time.sleep(600)")
    use(monkeypatch, tmp_path, Suite("hangs", "pytest", ("here",), sleeper, limit_seconds=1))
    assert run_suites.main([]) == 1
    assert "was ended after 1 s" in capfd.readouterr().out


def test_a_suite_that_cannot_start_is_red(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "here").touch()
    here = Suite("first", "pytest", ("here",), says("3 passed in 0.1s"))
    use(monkeypatch, tmp_path, here, Suite("gone", "pytest", ("here",), ("/nowhere/runner",)))
    assert run_suites.main([]) == 1
    out = capfd.readouterr().out
    assert "could not be run" in out and "/nowhere/runner" in out
    assert out.splitlines()[-1] == "3 passed, 1 failed"


class Recorder(Runner):
    """Holds each suite until it is let go, and writes down when which one starts."""

    def __init__(self) -> None:
        super().__init__()
        self.started: Queue[str] = Queue()
        self.gates: defaultdict[str, Event] = defaultdict(Event)

    def run(self, suite: Suite) -> None:
        self.started.put(suite.name)
        assert self.gates[suite.name].wait(20)

    def starts(self, count: int) -> set[str]:
        """The next so many that start."""
        return {self.started.get(timeout=20) for _ in range(count)}


@pytest.mark.parametrize(("cores", "beside"), [(2, set()), (4, {"c"})])
def test_live_suites_leave_room_for_the_quick_ones(
    monkeypatch: pytest.MonkeyPatch, cores: int, beside: set[str]
) -> None:
    monkeypatch.setattr(run_suites, "CORES", cores)
    suites = [Suite(name, "pytest", (), (), live=name in "cdef") for name in "abcdef"]
    recorder = Recorder()
    whole = Thread(target=run_suites.run_all, args=(recorder, suites), daemon=True)
    whole.start()
    assert recorder.starts(2) == {"a", "b"}
    assert [run_suites.most_live(left) for left in (2, 1, 0)] == [0, len(beside), 2]
    # One quick suite is left: a live one beside it where there are cores, and never two.
    recorder.gates["a"].set()
    assert recorder.starts(len(beside)) == beside
    assert recorder.started.empty()
    recorder.gates["b"].set()
    assert recorder.starts(2 - len(beside)) == {"c", "d"} - beside
    recorder.gates["c"].set()
    assert recorder.starts(1) == {"e"}
    assert recorder.started.empty()
    for name in "def":
        recorder.gates[name].set()
    assert recorder.starts(1) == {"f"}
    whole.join(20)
    assert not whole.is_alive()


def test_an_unknown_suite_is_named(capfd: pytest.CaptureFixture[str]) -> None:
    assert run_suites.main(["fogre"]) == 2
    assert "no suite is called fogre" in capfd.readouterr().err
