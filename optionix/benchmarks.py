"""Benchmarks of the source tree: which there are, and what one tells."""

from __future__ import annotations

import ast
import importlib.util
import json
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from statistics import median_low

from optionix.errors import UserError


@dataclass(frozen=True)
class Figure:
    """One measured number.

    Attributes
    ----------
    name : its key in the JSON, or a phrase for what is shown beside.
    goal : what it should reach; None where there is no goal.
    at_least : the goal is a floor; otherwise it is a ceiling.
    note : how it was taken, or what it is compared with.
    """

    name: str
    value: float
    goal: float | None = None
    at_least: bool = False
    note: str = ""

    @property
    def reached(self) -> bool | None:
        """Whether the goal is reached; None without one."""
        if self.goal is None:
            return None
        return self.value >= self.goal if self.at_least else self.value <= self.goal


@dataclass(frozen=True)
class Report:
    """What a run measured.

    Attributes
    ----------
    figures : the benchmark's own, which make its JSON.
    beside : peers and variants from the same run, for people.
    conditions : what it was measured on and how, a sentence each.
    """

    figures: Sequence[Figure]
    beside: Sequence[Figure] = ()
    conditions: Sequence[str] = ()

    def line(self, bench: str) -> str:
        """The one line of JSON."""
        return json.dumps({"bench": bench, "figures": {figure.name: figure.value for figure in self.figures}})


Measure = Callable[[Sequence[str]], Report]


def names() -> dict[str, str]:
    """Benchmarks by name, with what each measures, without importing them.

    Raises
    ------
    UserError
        This is not a source tree.
    """
    spec = importlib.util.find_spec("bench")
    if spec is None or not spec.submodule_search_locations:
        raise UserError("There are no benchmarks here.", "They are part of the source tree: run it from there.")
    found = {}
    for module in pkgutil.iter_modules(spec.submodule_search_locations):
        if not module.ispkg:
            text = (Path(spec.submodule_search_locations[0]) / f"{module.name}.py").read_text(encoding="utf-8")
            found[module.name] = (ast.get_docstring(ast.parse(text)) or "").partition("\n")[0]
    return found


def load(name: str) -> Measure:
    """A benchmark's `measure`.

    Raises
    ------
    UserError
        There is none of that name.
    """
    known = names()
    if name not in known:
        raise UserError(f"There is no benchmark {name!r}.", f"There are {', '.join(sorted(known))}.")
    measure: Measure = import_module(f"bench.{name}").measure  # what bench/__init__.py asks of a module
    return measure


def median(values: Sequence[int]) -> int:
    """The median; of an even number, the lower of the middle two."""
    return median_low(values)
