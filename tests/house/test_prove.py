"""`make prove` is red whenever a part is, says so for each part, and leaves nothing running."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tools import prove
from tools.prove import Part, main


@pytest.fixture
def parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def part(name: str, program: str, limit_seconds: int = 30) -> Part:
        return Part(name, "a sample", (sys.executable, "-c", program), refused="ERROR:", limit_seconds=limit_seconds)

    monkeypatch.setattr(prove, "LOGS", tmp_path)
    monkeypatch.setattr(
        prove,
        "PARTS",
        (
            part("good", "print('holds')"),
            part("bad", "print('does not hold'); raise SystemExit(3)"),
            part("partial", "print('ERROR: left something out')"),
            part("slow", "import threading; threading.Event().wait()", limit_seconds=1),
        ),
    )


@pytest.mark.usefixtures("parts")
def test_green(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["good"]) == 0
    printed = capsys.readouterr().out
    assert "    holds" in printed
    assert "1 green, 0 red" in printed


@pytest.mark.usefixtures("parts")
def test_one_red_part_is_red_and_the_others_still_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bad", "good"]) == 1
    printed = capsys.readouterr().out
    assert "RED: exited 3" in printed
    assert "does not hold" in printed
    assert "1 green, 1 red" in printed


@pytest.mark.usefixtures("parts")
def test_a_part_without_an_end_is_ended_and_red(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["slow"]) == 1
    assert "RED: ended after 1 s" in capsys.readouterr().out


@pytest.mark.usefixtures("parts")
def test_a_part_that_left_something_out_is_red(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["partial"]) == 1
    assert "RED: says ERROR:" in capsys.readouterr().out


@pytest.mark.usefixtures("parts")
def test_an_unknown_part_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["halting"]) == 2
    assert "no part is called halting; there are good, bad, partial, slow" in capsys.readouterr().err


def test_only_what_is_known_by_its_words_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prove, "LOGS", tmp_path)
    (slither,) = (part for part in prove.PARTS if part.name == "slither")
    guard = (
        "ERROR:ContractSolcParsing:Impossible to generate IR for Exchange._nonReentrantBefore"
        " (node_modules/@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol#61-67):"
    )
    other = guard.replace("_nonReentrantBefore", "_fill")
    for said, refused in ((guard, False), (other, True), (f"{guard}\n{other}", True)):
        command = (sys.executable, "-c", f"print({said!r})")
        part = Part("sample", "a sample", command, refused=slither.refused, known=slither.known)
        assert prove.run(part).refused is refused
