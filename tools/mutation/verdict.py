"""What the runs add up to, and whether it is enough."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from .lists import Survivor
from .schemata import Mutant

LEAST_MUTANTS = 300
LEAST_KILLED_PERCENT = 90.0

# One generated mutant in so many is tried; which, its own name decides, so that a change elsewhere picks no others.
ONE_IN = 10
LEAST_OF_A_FILE = 3


@dataclass(frozen=True)
class Outcome:
    """What became of one mutant.

    Attributes
    ----------
    killer
        The test that failed first, None where the mutant lives.
    """

    mutant: Mutant
    killer: str | None
    seconds: float


def _lot(mutant: Mutant) -> int:
    return int.from_bytes(hashlib.sha256(mutant.name.encode()).digest()[:8], "big")


def sample(mutants: Sequence[Mutant], one_in: int = ONE_IN) -> list[Mutant]:
    """A part of the mutants, spread evenly over the files, the same in each run."""
    chosen = []
    files = dict.fromkeys(mutant.file for mutant in mutants)
    for file in files:
        lots = sorted((mutant for mutant in mutants if mutant.file == file), key=_lot)
        part = [mutant for mutant in lots if _lot(mutant) * one_in < 1 << 64]
        chosen += part if len(part) >= LEAST_OF_A_FILE else lots[:LEAST_OF_A_FILE]
    return chosen


def unargued(outcomes: Sequence[Outcome], survivors: Sequence[Survivor]) -> list[str]:
    """What does not agree between the runs and the list of survivors."""
    argued = {one.name: one for one in survivors}
    tried = {one.mutant.name: one for one in outcomes}
    wrong = []
    for name, outcome in tried.items():
        if outcome.killer is None and name not in argued:
            wrong.append(f"{name} lives and is not argued: {outcome.mutant.change}")
    for name, entry in argued.items():
        if name not in tried:
            wrong.append(f"{name} is argued but was not tried: there is no such mutant")
        elif tried[name].killer is not None:
            wrong.append(f"{name} is argued but was killed by {tried[name].killer}")
        elif tried[name].mutant.change != entry.change:
            wrong.append(f"{name} is argued as {entry.change!r} but is {tried[name].mutant.change!r}")
    return wrong


def _percent(killed: int, total: int) -> float:
    return 100.0 * killed / total if total else 0.0


def table(outcomes: Sequence[Outcome]) -> list[str]:
    """A line for each file, and the sum."""
    lines = [f"{'file':46} {'mutants':>8} {'killed':>7} {'alive':>6} {'score':>8}"]
    rows: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        rows.setdefault(outcome.mutant.file, []).append(outcome)
    for file, those in [*sorted(rows.items()), ("all", list(outcomes))]:
        killed = sum(one.killer is not None for one in those)
        score = _percent(killed, len(those))
        lines.append(f"{file:46} {len(those):8} {killed:7} {len(those) - killed:6} {score:6.1f} %")
    return lines


def shortfalls(outcomes: Sequence[Outcome]) -> list[str]:
    """Why the figures are not enough."""
    killed = sum(one.killer is not None for one in outcomes)
    found = []
    if len(outcomes) < LEAST_MUTANTS:
        found.append(f"{len(outcomes)} mutants, of at least {LEAST_MUTANTS}")
    if _percent(killed, len(outcomes)) < LEAST_KILLED_PERCENT:
        found.append(f"{_percent(killed, len(outcomes)):.1f} % killed, of at least {LEAST_KILLED_PERCENT:.0f} %")
    return found
