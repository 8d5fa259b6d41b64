"""What people wrote for the tool: which tests reach which file, mutants made by hand, survivors and why they live.

All under `tests/mutation`, in TOML.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from .schemata import EXPRESSION, STATEMENT, Mutant, one_line
from .syntax import Node, functions, span


class ListError(Exception):
    """A list says something that is not, or not any more."""


@dataclass(frozen=True)
class Scope:
    """Which tests are run first against the mutants of some files; all others follow."""

    files: str
    tests: tuple[str, ...]


@dataclass(frozen=True)
class Survivor:
    """A mutant that no test kills, and why that is right."""

    name: str
    change: str
    why: str


@dataclass(frozen=True)
class Lists:
    scopes: tuple[Scope, ...]
    outside: tuple[str, ...]
    handmade: tuple[dict[str, Any], ...]
    survivors: tuple[Survivor, ...]

    def is_core(self, file: str) -> bool:
        return not any(fnmatch(file, pattern) for pattern in self.outside)

    def tests_of(self, file: str) -> tuple[str, ...]:
        """The tests that come first for a file.

        Raises
        ------
        ListError
            The file is in no scope, so nothing says how it is tested.
        """
        for scope in self.scopes:
            if fnmatch(file, scope.files):
                return scope.tests
        raise ListError(f"{file} is neither in a scope nor outside the core: add it to tests/mutation/scope.toml")


def _load(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text())


def read(folder: Path) -> Lists:
    """Reads the lists.

    Raises
    ------
    ListError
        An entry lacks something, or stands twice.
    """
    scope = _load(folder / "scope.toml")
    handmade = _load(folder / "handmade.toml").get("mutant", [])
    survivors = _load(folder / "survivors.toml").get("survivor", [])
    for entry in handmade:
        for place in (entry, *entry.get("also", ())):
            if missing := {"file", "function", "original", "changed"} - set(place):
                raise ListError(f"handmade mutant {entry.get('name')} lacks {', '.join(sorted(missing))}")
        if missing := {"name", "about"} - set(entry):
            raise ListError(f"handmade mutant {entry.get('name')} lacks {', '.join(sorted(missing))}")
    for entry in survivors:
        if not all(str(entry.get(key, "")).strip() for key in ("name", "change", "why")):
            raise ListError(f"survivor {entry.get('name')} needs a name, a change and a reason")
    for kind, entries in (("handmade mutant", handmade), ("survivor", survivors)):
        names = [entry["name"] for entry in entries]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ListError(f"{kind} {', '.join(sorted(twice))} stands twice")
    return Lists(
        tuple(Scope(entry["files"], tuple(entry["tests"])) for entry in scope["scope"]),
        tuple(scope["outside"]),
        tuple(handmade),
        tuple(Survivor(entry["name"], entry["change"], entry["why"]) for entry in survivors),
    )


def handmade_mutants(lists: Lists, trees: dict[str, Node], sources: dict[str, bytes]) -> list[Mutant]:
    """The mutants of the list where they stand now.

    Raises
    ------
    ListError
        A file or function is gone, or the original text does not stand in it exactly once.
    """
    found = []
    for entry in lists.handmade:
        for place in (entry, *entry.get("also", ())):
            found.append(_handmade(f"handmade.{entry['name']}", place, trees, sources))
    return found


def _handmade(name: str, entry: dict[str, Any], trees: dict[str, Node], sources: dict[str, bytes]) -> Mutant:
    """One place of a mutant of the list."""
    file, original = entry["file"], entry["original"].strip().encode()
    if file not in sources:
        raise ListError(f"{name}: there is no {file}")
    places = []
    for title, node in functions(trees[file]):
        if title == entry["function"]:
            start, end = span(node["body"])
            at = sources[file].find(original, start, end)
            while at >= 0:
                places.append(at)
                at = sources[file].find(original, at + 1, end)
    if len(places) != 1:
        raise ListError(f"{name}: {one_line(original.decode())!r} stands {len(places)} times in {entry['function']}")
    kind = STATEMENT if original.endswith((b";", b"}")) else EXPRESSION
    start = places[0]
    return Mutant(name, file, kind, start, start + len(original), original.decode(), entry["changed"].strip())
