"""`python -m tools.mutation`: tries mutants of the core. Red where too few are killed or a survivor is not argued."""

from __future__ import annotations

import argparse
import json
import queue
import re
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from . import verdict
from .lists import ListError, Lists, handmade_mutants, read
from .modifiers import headers
from .operators import all_mutants
from .schemata import SWITCH, SWITCH_FILE, Mutant, Numbered, carry, number_at
from .syntax import Node, analyse
from .verdict import Outcome
from .workspace import DEEP, SHALLOW, BuildError, RunError, Workspace

ROOT = Path(__file__).resolve().parents[2]
LISTS = ROOT / "tests" / "mutation"
FOLDER = ROOT / ".build" / "mutation"

_MOST_REFUSED = 40


def _say(text: str) -> None:
    print(text, flush=True)


def find(lists: Lists, one_in: int) -> tuple[list[Mutant], dict[str, Node], dict[str, bytes]]:
    """The mutants to try, handmade ones last, with the trees and texts of the contracts."""
    sources = {str(p.relative_to(ROOT)): p.read_bytes() for p in sorted((ROOT / "contracts").rglob("*.sol"))}
    trees, refusals = analyse(ROOT, sources)
    if refusals:
        raise BuildError(refusals[0].message)
    core = [file for file in sources if lists.is_core(file)]
    for file in core:
        lists.tests_of(file)
    mutants = verdict.sample(all_mutants(trees, sources, core), one_in)
    return mutants + handmade_mutants(lists, trees, sources), trees, sources


def carried(mutants: list[Numbered], trees: dict[str, Node], sources: dict[str, bytes]) -> dict[str, bytes]:
    """The contracts with their mutants in them."""
    written = {}
    for file in dict.fromkeys(one.mutant.file for one in mutants):
        own = [one for one in mutants if one.mutant.file == file]
        written[file] = carry(sources[file], file, own, headers(trees[file], sources[file]))
    return written


def compilable(
    mutants: list[Mutant], trees: dict[str, Node], sources: dict[str, bytes]
) -> tuple[list[Numbered], list[Mutant]]:
    """The mutants that the compiler takes, numbered, and those that it does not."""
    numbers = {name: number for number, name in enumerate(dict.fromkeys(one.name for one in mutants), 1)}
    numbered = [Numbered(numbers[mutant.name], mutant) for mutant in mutants]
    refused: list[Mutant] = []
    while True:
        texts = {**sources, **carried(numbered, trees, sources), SWITCH_FILE: SWITCH.encode()}
        _, refusals = analyse(ROOT, texts)
        if not refusals:
            return numbered, refused
        blamed = {number_at(texts[one.file], one.place) for one in refusals if one.file in texts} - {None}
        gone = [one for one in numbered if one.number in blamed]
        refused += [one.mutant for one in gone]
        if wrong := [one.mutant for one in gone if one.mutant.name.startswith("handmade.")]:
            raise ListError(f"{wrong[0].name}: the compiler refuses it: {refusals[0].message}")
        if not gone or len(refused) > _MOST_REFUSED:
            raise BuildError(refusals[0].message)
        numbered = [one for one in numbered if one not in gone]


class Trials:
    """Runs the tests against one mutant after the other, on a few workers."""

    def __init__(self, workspace: Workspace, lists: Lists, workers: int) -> None:
        self._workspace = workspace
        self._lists = lists
        self._workers: queue.SimpleQueue[int] = queue.SimpleQueue()
        for worker in range(workers):
            self._workers.put(worker)
        self._count = workers
        self._lock = threading.Lock()

    def baseline(self, mutants: list[Numbered]) -> None:
        """Without a mutant, every run that is made of one must be green.

        Raises
        ------
        RunError
            One is not.
        """
        first = dict.fromkeys(self._lists.tests_of(one.mutant.file) for one in mutants)
        for paths, depth in [*((tests, SHALLOW) for tests in first), ((), DEEP)]:
            run = self._workspace.run(0, paths, depth)
            if run.killed:
                raise RunError(f"without a mutant, {', '.join(paths) or 'all tests'}: {run.failed or 'out of time'}")
            _say(f"no mutant: {run.passed} tests of {', '.join(paths) or 'all'} hold, {run.seconds:.1f} s")

    def _one(self, one: Numbered) -> Outcome:
        worker = self._workers.get()
        started = time.monotonic()
        try:
            killer = None
            for paths, depth in ((self._lists.tests_of(one.mutant.file), SHALLOW), ((), DEEP)):
                run = self._workspace.run(one.number, paths, depth, worker)
                if run.killed:
                    killer = run.failed or "no end"
                    break
            return Outcome(one.mutant, killer, time.monotonic() - started)
        finally:
            self._workers.put(worker)

    def all(self, mutants: list[Numbered]) -> list[Outcome]:
        # A mutant may change several places; its first stands for it.
        firsts = list({one.number: one for one in reversed(mutants)}.values())[::-1]
        outcomes = []
        with ThreadPoolExecutor(self._count) as pool:
            running = [pool.submit(self._one, one) for one in firsts]
            try:
                for done in as_completed(running):
                    outcome = done.result()
                    outcomes.append(outcome)
                    said = f"killed by {outcome.killer[:90]}" if outcome.killer else f"ALIVE: {outcome.mutant.change}"
                    _say(f"[{len(outcomes)}/{len(firsts)}] {outcome.seconds:5.1f} s {outcome.mutant.name} {said}")
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
        order = {one.mutant.name: one.number for one in mutants}
        return sorted(outcomes, key=lambda outcome: order[outcome.mutant.name])


def _arguments(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.mutation", description=__doc__)
    parser.add_argument("--only", metavar="REGEX", help="try those whose name matches, and judge only them")
    parser.add_argument("--one-in", type=int, default=verdict.ONE_IN, help="try one generated mutant in so many")
    parser.add_argument("--workers", type=int, default=2, help="runs at a time")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the copy of the tree lies")
    parser.add_argument("--list", action="store_true", help="print the mutants and end")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write what became of each mutant")
    return parser.parse_args(words)


def _chosen(mutants: list[Mutant], only: str | None) -> list[Mutant]:
    return [one for one in mutants if only is None or re.search(only, one.name)]


def _judge(outcomes: list[Outcome], lists: Lists, only: str | None) -> int:
    survivors = lists.survivors
    if only:
        tried = {outcome.mutant.name for outcome in outcomes}
        survivors = tuple(one for one in survivors if one.name in tried)
    wrong = verdict.unargued(outcomes, survivors)
    if not only:
        wrong += verdict.shortfalls(outcomes)
    for line in wrong:
        _say(f"NOT PROVEN: {line}")
    return 1 if wrong else 0


def main(words: list[str]) -> int:
    """Runs the tool; returns the exit code."""
    options = _arguments(words)
    started = time.monotonic()
    try:
        lists = read(LISTS)
        mutants, trees, sources = find(lists, options.one_in)
        if options.list:
            for one in _chosen(mutants, options.only):
                _say(f"{one.name}: {one.change}")
            return 0
        numbered, refused = compilable(mutants, trees, sources)
        for one in refused:
            _say(f"not a mutant, the compiler refuses it: {one.name}: {one.change}")
        workspace = Workspace(ROOT, options.folder)
        workspace.prepare(carried(numbered, trees, sources))
        _say(f"{len(numbered)} mutants: compiling")
        building = time.monotonic()
        workspace.build()
        _say(f"compiled in {time.monotonic() - building:.0f} s")
        trials = Trials(workspace, lists, options.workers)
        # All are compiled even so: another choice needs no other compilation.
        names = {one.name for one in _chosen(mutants, options.only)}
        numbered = [one for one in numbered if one.mutant.name in names]
        trials.baseline(numbered)
        trying = time.monotonic()
        outcomes = trials.all(numbered)
    except (ListError, BuildError, RunError) as error:
        _say(f"NOT PROVEN: {error}")
        return 1
    if options.json:
        rows = [{"name": one.mutant.name, "file": one.mutant.file, "change": one.mutant.change, "killer": one.killer,
                 "seconds": round(one.seconds, 2)} for one in outcomes]  # fmt: skip
        options.json.write_text(json.dumps(rows, indent=1) + "\n")
    code = _judge(outcomes, lists, options.only)
    for line in verdict.table(outcomes):
        _say(line)
    spent = time.monotonic() - trying
    _say(f"{spent / max(len(outcomes), 1):.2f} s a mutant with {options.workers} at a time, "
         f"{time.monotonic() - started:.0f} s in all")  # fmt: skip
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
