"""The long run of the fault harness: processes killed, chains reorganised, endpoints that fail and lie, servers killed.

`make test` runs a short form, with one fault of each class. Here all are tried, repeated as often as is asked for,
after each fault the tables are compared row by row with a fresh index of the winning chain and with what `eth_getLogs`
alone tells, and the last line of the output is a summary as JSON. Everything is drawn from a seed, which is printed:
the same seed is the same run.
`make faults ARGS="--kills 10 --seed 7"` runs less, or the same again.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import secrets
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LOGS = ROOT / "artifacts" / "faults"
_BEAT_SECONDS = 10.0
_LIMIT_SECONDS = 7200
_COUNTED = re.compile(r"(\d+) (passed|failed|error|errors|skipped)")
LANES = (
    ("reorgs", ("tests/faults/test_reorgs.py",)),
    ("kills", ("tests/faults/test_kills.py", "tests/faults/test_indexer.py", "tests/faults/test_networks.py")),
    ("endpoints", ("tests/faults/test_endpoints.py", "tests/faults/test_one_of_ten_thousand.py")),
)
"""What runs side by side, each with a chain and a Postgres of its own."""
SUMS = ("kills", "reorgs", "faults", "postgres_kills", "read_only", "full_disks", "checks", "facts")


@dataclass
class Lane:
    """Tests that run after one another."""

    name: str
    process: subprocess.Popen[bytes]

    @property
    def log(self) -> Path:
        """What its tests print."""
        return LOGS / f"{self.name}.log"

    def counts(self) -> dict[str, int]:
        """How many tests passed, failed, were skipped."""
        last = self.log.read_text(errors="replace").strip().splitlines()[-1:]
        found = {word.rstrip("s"): int(number) for number, word in _COUNTED.findall(last[0] if last else "")}
        return {word: found.get(word, 0) for word in ("passed", "failed", "error", "skipped")}


def parse(arguments: list[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--kills", type=int, default=100, metavar="N", help="processes killed (100)")
    parser.add_argument("--reorgs", type=int, default=200, metavar="N", help="reorgs, at least (200)")
    parser.add_argument("--repeats", type=int, default=3, metavar="N", help="times that each other fault is tried (3)")
    parser.add_argument("--seed", type=int, default=None, metavar="N", help="draws everything; a new one by default")
    parser.add_argument("--json", action="store_true", help="print nothing but the summary")
    return parser.parse_args(arguments)


def start(name: str, files: tuple[str, ...], wanted: argparse.Namespace, summary: Path) -> Lane:
    """Start a lane."""
    environment = {
        **os.environ,
        "PYTHONUNBUFFERED": "1",
        "OPTIONIX_FAULT_EVERY": "1",
        "OPTIONIX_FAULT_KILLS": str(wanted.kills),
        "OPTIONIX_FAULT_REORGS": str(wanted.reorgs),
        "OPTIONIX_FAULT_REPEATS": str(wanted.repeats),
        "OPTIONIX_FAULT_SEED": str(wanted.seed),
        "OPTIONIX_FAULT_SUMMARY": str(summary),
    }
    with (LOGS / f"{name}.log").open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "pytest", "-p", "no:ape_test", "-p", "no:cacheprovider", "--color=no", "-q",
             f"--timeout={_LIMIT_SECONDS}", *files],
            cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
    return Lane(name, process)


def said(summary: Path) -> dict[str, dict[str, Any]]:
    """What each test said last."""
    found: dict[str, dict[str, Any]] = {}
    if summary.exists():
        for line in summary.read_text().splitlines():
            with contextlib.suppress(json.JSONDecodeError):  # it is being written
                told = json.loads(line)
                found[told.pop("test")] = told
    return found


def totals(summary: Path) -> dict[str, int]:
    """Sums over all tests."""
    told = said(summary).values()
    return {name: sum(each.get(name, 0) for each in told) for name in SUMS}


def main(arguments: list[str]) -> int:
    """Run all lanes; 0 when no difference was found."""
    wanted = parse(arguments)
    wanted.seed = secrets.randbelow(10**6) if wanted.seed is None else wanted.seed
    LOGS.mkdir(parents=True, exist_ok=True)
    summary = LOGS / "summary.jsonl"
    summary.unlink(missing_ok=True)
    began = time.monotonic()
    if not wanted.json:
        print(f"seed {wanted.seed}; logs in {LOGS.relative_to(ROOT)}", flush=True)
    lanes = [start(name, files, wanted, summary) for name, files in LANES]
    try:
        while any(lane.process.poll() is None for lane in lanes):
            if time.monotonic() - began > _LIMIT_SECONDS:
                print(f"not done within {_LIMIT_SECONDS} s", file=sys.stderr)
                break
            with contextlib.suppress(subprocess.TimeoutExpired):
                next(lane for lane in lanes if lane.process.poll() is None).process.wait(_BEAT_SECONDS)
            if not wanted.json:
                shown = ", ".join(f"{value} {name.replace('_', ' ')}" for name, value in totals(summary).items())
                print(f"    {time.monotonic() - began:.0f} s: {shown}", flush=True)
    finally:
        for lane in lanes:
            if lane.process.poll() is None:
                os.killpg(lane.process.pid, signal.SIGTERM)
                lane.process.wait(30)
    counts = [lane.counts() for lane in lanes]
    tests = {word: sum(each[word] for each in counts) for word in ("passed", "failed", "error", "skipped")}
    green = all(lane.process.returncode == 0 for lane in lanes) and not tests["skipped"]
    if not green and not wanted.json:
        for lane in lanes:
            if lane.process.returncode != 0:
                print(
                    f"--- {lane.name}: {lane.log.relative_to(ROOT)}", *lane.log.read_text().splitlines()[-15:], sep="\n"
                )
    takeover = said(summary).get("test_another_takes_over_when_the_leader_is_killed", {}).get("takeover_seconds")
    figures = {**totals(summary), "takeover_seconds": takeover, "tests": tests["passed"],
               "differences": tests["failed"] + tests["error"]}  # fmt: skip
    result = {"faults": "green" if green else "red", "seed": wanted.seed, "figures": figures,
              "seconds": round(time.monotonic() - began)}  # fmt: skip
    print(json.dumps(result), flush=True)
    return 0 if green else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
