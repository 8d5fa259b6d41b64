"""Lines and branches of the contracts that the tests reach, against thresholds.

forge's own table is wrong about this code in three ways, each put right here:

- compiler profiles mix up the source maps, so the profile `coverage` has one for everything;
- a `require` with a custom error shows its refusal as never taken, so the tests run over a copy of the contracts in
  which each is written `if (!(...)) revert ...;` on the same lines, which means the same;
- via-IR gives assembly no place in the source map, so what is inside it counts as often as the function around it was
  called, and some lines have none either: those of the core are listed, each with why it is run.

Tests of gas mean nothing in this compilation and stay out, and so do those for halmos, which forge does not run. The
rest goes in two halves, one after another: all of it at once is more than the compiler's memory holds.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COPY = ROOT / ".build" / "coverage"

UNPLACED = ROOT / "tests" / "coverage" / "unplaced.toml"

_LEFT_OUT = ("contracts/mocks/", "contracts/interfaces/")
# Folders of tests/contracts whose tests are in the second half; what the first half reaches counts as well.
_SECOND_HALF = frozenset({"exchange", "lens", "periphery", "router", "vault"})
_NO_GAS = ("--no-match-contract", "Gas", "--no-match-test", "SixtyFifth|CostsLittle|[Gg]as")


def _closing(text: str, opening: int) -> int:
    """Index of the bracket that closes the one at `opening`. Strings and comments hold no brackets in our sources."""
    depth = 0
    for index in range(opening, len(text)):
        if text[index] in "([{":
            depth += 1
        elif text[index] in ")]}":
            depth -= 1
            if depth == 0:
                return index
    raise ValueError("a bracket is never closed")


def spell_out_requires(source: str) -> str:
    """Writes each `require(condition, Error(...));` as an `if` with a `revert`, line for line.

    Raises
    ------
    ValueError
        A bracket is never closed.
    """
    written = []
    position = 0
    for found in re.finditer(r"\brequire\(", source):
        line = source[source.rfind("\n", 0, found.start()) + 1 : found.start()]
        if "//" in line or line.lstrip().startswith("*"):
            continue
        opening = found.end() - 1
        closing = _closing(source, opening)
        inside = source[opening + 1 : closing]
        depth = 0
        comma = None
        for index, character in enumerate(inside):
            depth += (character in "([{") - (character in ")]}")
            if character == "," and depth == 0:
                comma = index
        if comma is None or inside[comma + 1 :].lstrip().startswith('"'):
            continue
        written += [source[position : found.start()], f"if (!({inside[:comma]})) revert {inside[comma + 1 :].lstrip()}"]
        # The line breaks that stood before the error follow it, so that every later line keeps its number.
        after = inside[comma + 1 :]
        written.append("\n" * (after[: len(after) - len(after.lstrip())].count("\n")))
        position = closing + 1
    return "".join([*written, source[position:]])


def assembly_lines(source: str) -> dict[int, int]:
    """Line numbers inside assembly blocks, each with the line on which its function begins."""
    lines: dict[int, int] = {}
    functions = [source.count("\n", 0, found.start()) + 1 for found in re.finditer(r"\bfunction \w+\(", source)]
    for found in re.finditer(r"\bassembly\b[^{]*\{", source):
        first = source.count("\n", 0, found.end()) + 1
        last = source.count("\n", 0, _closing(source, found.end() - 1)) + 1
        begins = max((line for line in functions if line < first), default=first)
        lines.update(dict.fromkeys(range(first, last + 1), begins))
    return lines


@dataclass(frozen=True)
class Share:
    """A part of the contracts, and the least that tests have to reach of it."""

    name: str
    lines_percent: float
    branches_percent: float


CORE = Share("core", 100.0, 95.0)
# Nothing there holds money beyond a call.
PERIPHERY = Share("periphery", 97.0, 75.0)


@dataclass
class File:
    """What one file's tests reach."""

    lines: dict[int, int] = field(default_factory=dict)
    branches: dict[tuple[int, str, str], int] = field(default_factory=dict)
    functions: dict[int, str] = field(default_factory=dict)
    called: dict[str, int] = field(default_factory=dict)

    def missing_lines(self) -> list[int]:
        return sorted(line for line, hits in self.lines.items() if not hits)

    def missing_branches(self) -> list[int]:
        return sorted(line for (line, _, _), hits in self.branches.items() if not hits)


def read_lcov(text: str) -> dict[str, File]:
    """Reads lcov tracefiles, one after another, by source path; what one of them reached is reached."""
    files: dict[str, File] = {}
    current = File()
    for line in text.splitlines():
        tag, _, rest = line.partition(":")
        parts = rest.split(",")
        if tag == "SF":
            current = files.setdefault(rest, File())
        elif tag == "FN":
            current.functions[int(parts[0])] = parts[-1]
        elif tag == "FNDA":
            current.called[parts[1]] = max(current.called.get(parts[1], 0), int(parts[0]))
        elif tag == "DA":
            number = int(parts[0])
            current.lines[number] = max(current.lines.get(number, 0), int(parts[1]))
        elif tag == "BRDA":
            branch = (int(parts[0]), parts[1], parts[2])
            taken = 0 if parts[3] == "-" else int(parts[3])
            current.branches[branch] = max(current.branches.get(branch, 0), taken)
    return files


def credit_assembly(file: File, source: str) -> None:
    """Counts the lines and branches of an assembly block as often as the function around it was called."""
    inside = assembly_lines(source)
    calls = {line: file.called.get(file.functions.get(begins, ""), 0) for line, begins in inside.items()}
    for line, hits in file.lines.items():
        file.lines[line] = hits or calls.get(line, 0)
    for branch, hits in file.branches.items():
        file.branches[branch] = hits or calls.get(branch[0], 0)


def _copy(*, second: bool) -> None:
    """A tree of its own beside the real one, with half of the tests, whose contracts spell their requires out."""
    for name in ("contracts", "tests/contracts", "tests/vectors"):
        shutil.rmtree(COPY / name, ignore_errors=True)
        if (ROOT / name).exists():
            shutil.copytree(ROOT / name, COPY / name)
    for name in ("foundry.toml", "package.json"):
        shutil.copy2(ROOT / name, COPY / name)
    for name in ("node_modules", "tools"):
        link = COPY / name
        if not link.exists():
            link.symlink_to(ROOT / name)
    shutil.rmtree(COPY / "tests" / "contracts" / "symbolic")
    for path in (COPY / "tests" / "contracts").rglob("*.t.sol"):
        if (path.parent.name in _SECOND_HALF) is not second:
            path.unlink()
    for path in (COPY / "contracts").rglob("*.sol"):
        path.write_text(spell_out_requires(path.read_text()))


def _percent(reached: int, total: int) -> float:
    return 100.0 if total == 0 else 100.0 * reached / total


def report(files: dict[str, File], unplaced: list[dict[str, str]]) -> int:
    """Prints what is missing and the sums; returns the exit code.

    Parameters
    ----------
    unplaced : lines that are run without being counted: `file`, `text` and `why`.
    """
    sums = {share.name: [0, 0, 0, 0] for share in (CORE, PERIPHERY)}
    superfluous = {(entry["file"], entry["text"]) for entry in unplaced}
    for name, file in sorted(files.items()):
        text = [line.strip() for line in (ROOT / name).read_text().splitlines()]
        argued = {line for line in file.missing_lines() if (name, text[line - 1]) in superfluous}
        superfluous -= {(name, text[line - 1]) for line in argued}
        lines = [line for line in file.missing_lines() if line not in argued]
        branches = file.missing_branches()
        counts = (len(file.lines), len(file.lines) - len(lines), len(file.branches), len(file.branches) - len(branches))
        share = PERIPHERY if name.startswith("contracts/periphery/") else CORE
        sums[share.name] = [a + b for a, b in zip(sums[share.name], counts, strict=True)]
        print(
            f"{name:44} lines {_percent(counts[1], counts[0]):6.2f} % of {counts[0]:4}"
            f"   branches {_percent(counts[3], counts[2]):6.2f} % of {counts[2]:4}"
        )
        for what, missing in (("line", lines), ("branch", branches), ("argued line", sorted(argued))):
            for line in missing:
                print(f"    {what} {line}: {text[line - 1][:96]}")
    for path, line_text in sorted(superfluous):
        print(f"{path}: `{line_text}` is not missing: take it out of {UNPLACED.relative_to(ROOT)}")
    reached = [_judge(share, sums[share.name]) for share in (CORE, PERIPHERY)]
    return 0 if all(reached) and not superfluous else 1


def _judge(share: Share, sums: list[int]) -> bool:
    """Prints a part's sums; whether they are enough."""
    lines_percent, branches_percent = _percent(sums[1], sums[0]), _percent(sums[3], sums[2])
    print(
        f"{share.name:10} lines {lines_percent:6.2f} % of {sums[0]} (at least {share.lines_percent:.0f} %)"
        f"   branches {branches_percent:6.2f} % of {sums[2]} (at least {share.branches_percent:.0f} %)"
    )
    return lines_percent >= share.lines_percent and branches_percent >= share.branches_percent


def _trace(*, second: bool) -> str | None:
    """The tracefile of one half of the tests; None where they failed."""
    _copy(second=second)
    tracefile = COPY / "lcov.info"
    tracefile.unlink(missing_ok=True)
    run = subprocess.run(
        ("forge", "coverage", "--ir-minimum", "--exclude-tests", "--report", "lcov",
         "--report-file", str(tracefile), *_NO_GAS),
        cwd=COPY, env={**os.environ, "FOUNDRY_PROFILE": "coverage"}, stdin=subprocess.DEVNULL, check=False,
    )  # fmt: skip
    return tracefile.read_text() if run.returncode == 0 and tracefile.exists() else None


def main() -> int:
    """Runs the tests over the copy and judges what they reach."""
    COPY.mkdir(parents=True, exist_ok=True)
    traces = []
    for second in (False, True):
        trace = _trace(second=second)
        if trace is None:
            print("forge coverage failed (see above): no figure is worth anything")
            return 1
        traces.append(trace)
    files = {
        name: file
        for name, file in read_lcov("".join(traces)).items()
        if name.startswith("contracts/") and not name.startswith(_LEFT_OUT) and file.lines
    }
    if not files:
        print("forge coverage named none of the contracts")
        return 1
    for name, file in files.items():
        credit_assembly(file, (ROOT / name).read_text())
    return report(files, tomllib.loads(UNPLACED.read_text())["line"])


if __name__ == "__main__":
    sys.exit(main())
