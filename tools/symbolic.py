"""Runs halmos over tests/contracts/symbolic: red where anything fails, runs out of time, or nothing was run.

halmos comes from an environment of its own (`tools/setup audit`) and brings its solver. The foundry profile `symbolic`
compiles those tests alone.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "tests" / "contracts" / "symbolic"
OUT = ".build/symbolic/out"
_PROGRAMS = ROOT / "tools" / "halmos" / ".venv" / "bin"
_CHECK = re.compile(r"\bfunction (check_\w+)\(")
_PASSED = re.compile(r"\[PASS\]\S* (check_\w+)\(")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
# Loops run over legs, at most three, and over a constructor's strings.
_OPTIONS = ("--loop", "6", "--solver-timeout-assertion", "120s", "--no-status", "--forge-build-out", OUT)


def wanted() -> set[str]:
    """Every check by name."""
    return {name for path in FOLDER.glob("*.t.sol") for name in _CHECK.findall(path.read_text(encoding="utf-8"))}


def contracts() -> list[str]:
    """Their contracts: what an earlier compilation left behind is not run."""
    sources = [path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.t.sol"))]
    return [name for source in sources for name in re.findall(r"^contract (\w+)", source, re.MULTILINE)]


def passed(output: str) -> set[str]:
    """The checks that halmos says it has proven."""
    return set(_PASSED.findall(_COLOUR.sub("", output)))


def main() -> int:
    """Runs all checks; the exit code is 0 when each was proven."""
    halmos = _PROGRAMS / "halmos"
    if not halmos.exists():
        print("halmos is not installed: `tools/setup audit` installs it", file=sys.stderr)
        return 1
    environment = {**os.environ, "FOUNDRY_PROFILE": "symbolic", "PATH": f"{_PROGRAMS}:{os.environ['PATH']}"}
    done = subprocess.run(
        (str(halmos), "--root", ".", "--match-contract", f"^({'|'.join(contracts())})$", *_OPTIONS),
        cwd=ROOT, env=environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    print(done.stdout)
    missing = sorted(wanted() - passed(done.stdout))
    if missing:
        print(f"not proven: {', '.join(missing)}")
    print(f"{len(wanted()) - len(missing)} of {len(wanted())} checks proven")
    return 1 if missing or done.returncode else 0


if __name__ == "__main__":
    sys.exit(main())
