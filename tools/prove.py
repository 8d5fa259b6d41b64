"""What takes too long for `make test`: long campaigns, static analysis and coverage, one part after another.

Each part is a command that exits 0 when it has proven its part. Its output goes to `artifacts/prove/<part>.log`; its
last lines are printed when it ends. At the end comes a table with the seconds of each part; the exit code is 1 where a
part is red or ran out of time. `make prove PARTS="slither coverage"` runs some of them.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOGS = ROOT / "artifacts" / "prove"

_BEAT_SECONDS = 30.0


@dataclass(frozen=True)
class Part:
    """One thing to prove.

    Attributes
    ----------
    name
        What `PARTS` calls it, and its log.
    proves
        A line for the table.
    command
        Program and arguments, run in the root.
    refused
        What its output must not say, whatever its exit code: an analysis that left something out.
    known
        Pattern of what is taken out of the output before: what is left out knowingly.
    profile
        The foundry profile, where it has one of its own.
    shown_lines
        How many of its last lines are printed when it is green.
    limit_seconds
        Ended, and red, after this long.
    """

    name: str
    proves: str
    command: tuple[str, ...]
    refused: str | None = None
    known: str | None = None
    profile: str | None = None
    shown_lines: int = 3
    limit_seconds: int = 3600


# slither cannot resolve OpenZeppelin's `using TransientSlot for *` in a contract with certain bases, and leaves the
# three lines of the guard out there. It reads the same three in every other contract that has the guard.
_UNREAD_GUARD = (
    r"ERROR:ContractSolcParsing:Impossible to generate IR for"
    r" \w+\._(?:nonReentrantBefore|nonReentrantAfter|reentrancyGuardEntered) \(node_modules/@openzeppelin/"
)

# A further prover is a further row: a command that exits 0 when all that it looks at holds.
PARTS = (
    Part("solhint", "no warning in contracts/",
         ("solhint", "--max-warnings", "0", "--noPoster", "contracts/**/*.sol"), limit_seconds=300),
    Part("slither", "no finding but those explained where they stand", ("slither", "."),
         refused="ERROR:", known=_UNREAD_GUARD, limit_seconds=900),
    Part("halmos", "access and the book requirement for every argument, where it terminates",
         (sys.executable, "tools/symbolic.py"), profile="symbolic", shown_lines=8, limit_seconds=900),
    # Without a filter: forge compiles only what a filter names, and tests load helpers by name.
    Part("campaigns", "invariants at 1,000 runs of 64 calls, every other fuzz test at 10,000 cases",
         ("forge", "test"), profile="prove", shown_lines=6),
    Part("coverage", "lines and branches of the contracts that tests reach",
         (sys.executable, "tools/coverage.py"), shown_lines=60, limit_seconds=1800),
    Part("mutation", "mutants of the core that the tests kill, and why the others live",
         (sys.executable, "-m", "tools.mutation"), shown_lines=48, limit_seconds=5400),
)  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """How a part ended. `code` None means that its time ran out."""

    part: Part
    code: int | None
    seconds: float
    refused: bool = False

    @property
    def green(self) -> bool:
        return self.code == 0 and not self.refused

    @property
    def word(self) -> str:
        if self.code is None:
            return f"RED: ended after {self.part.limit_seconds} s"
        if self.code == 0 and self.refused:
            return f"RED: says {self.part.refused}"
        return "green" if self.code == 0 else f"RED: exited {self.code}"


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends a part's own process group."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, sign)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
            return


def run(part: Part) -> Outcome:
    """Runs one part to its end, or to the end of its time."""
    started = time.monotonic()
    log = LOGS / f"{part.name}.log"
    environment = {**os.environ, "NO_COLOR": "1", "TERM": "dumb", "PYTHONUNBUFFERED": "1"}
    if part.profile:
        environment["FOUNDRY_PROFILE"] = part.profile
    with log.open("wb") as out:
        process = subprocess.Popen(
            part.command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=out,
            stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        code: int | None = None
        try:
            while (left := part.limit_seconds - (time.monotonic() - started)) > 0:
                try:
                    code = process.wait(min(_BEAT_SECONDS, left))
                    break
                except subprocess.TimeoutExpired:
                    print(f"    {part.name}: {time.monotonic() - started:.0f} s", flush=True)
        finally:
            _end(process)
    said = log.read_text(errors="replace")
    if part.known is not None:
        said = re.sub(part.known, "", said)
    refused = part.refused is not None and part.refused in said
    return Outcome(part, code, time.monotonic() - started, refused)


def main(names: list[str]) -> int:
    """Runs the named parts, or all; returns the exit code."""
    known = {part.name: part for part in PARTS}
    if unknown := [name for name in names if name not in known]:
        print(f"no part is called {', '.join(unknown)}; there are {', '.join(known)}", file=sys.stderr)
        return 2
    wanted = [known[name] for name in names] or list(PARTS)
    LOGS.mkdir(parents=True, exist_ok=True)
    outcomes = []
    for number, part in enumerate(wanted, 1):
        print(f"[{number}/{len(wanted)}] {part.name}: {' '.join(part.command)}", flush=True)
        outcome = run(part)
        outcomes.append(outcome)
        lines = (LOGS / f"{part.name}.log").read_text(errors="replace").splitlines()
        for line in lines[-(part.shown_lines if outcome.green else 60) :]:
            print(f"    {line[:200]}")
        print(f"    {outcome.word} after {outcome.seconds:.0f} s", flush=True)
    print(f"\n{'part':12} {'seconds':>8}  {'':32} proves")
    for outcome in outcomes:
        print(f"{outcome.part.name:12} {outcome.seconds:8.0f}  {outcome.word:32} {outcome.part.proves}")
    red = sum(not outcome.green for outcome in outcomes)
    print(f"{len(outcomes) - red} green, {red} red, {sum(outcome.seconds for outcome in outcomes):.0f} s")
    return 1 if red else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
