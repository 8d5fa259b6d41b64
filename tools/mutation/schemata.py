"""Sources that carry many mutants at once, and the switch that picks one of them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

EXPRESSION = "expression"
STATEMENT = "statement"
HEADER = "header"

SWITCH_FILE = "contracts/MutantSwitch.sol"

# A pure function may call it too: the compiler does not look through the pointer.
SWITCH = """// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

function coinbaseNumber() view returns (uint256 chosen) {
    assembly ("memory-safe") {
        chosen := coinbase()
    }
}

function isMutant(uint256 number) pure returns (bool) {
    function() view returns (uint256) look = coinbaseNumber;
    function() pure returns (uint256) asked;
    assembly ("memory-safe") {
        asked := look
    }
    return asked() == number;
}
"""

_PRAGMA = re.compile(rb"pragma solidity [^;]+;")
_ASKED = re.compile(rb"isMutant\((\d+)\)")


class OverlapError(Exception):
    """Two mutants change texts of which neither lies inside the other."""


@dataclass(frozen=True)
class Mutant:
    """One change of one place.

    Attributes
    ----------
    name
        File, function, operator and which of them: it outlives edits elsewhere.
    file
        Path from the root.
    kind
        EXPRESSION, STATEMENT, or HEADER (of a function, up to its body).
    start, end
        The text that it replaces, bytes.
    original, changed
        What stands there, and what would. For a header: the text with this modifier, and the modifier.
    """

    name: str
    file: str
    kind: str
    start: int
    end: int
    original: str
    changed: str

    @property
    def change(self) -> str:
        """What it changes, on one line."""
        return f"{one_line(self.original)} -> {one_line(self.changed) or 'nothing'}"


def one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


@dataclass(frozen=True)
class Numbered:
    """A mutant and the number that switches it on."""

    number: int
    mutant: Mutant


@dataclass(frozen=True)
class HeaderText:
    """A function with modifiers as one that calls a variant of itself.

    Attributes
    ----------
    opening
        The header without modifiers.
    variants
        By the modifier left out, the statements that call the variant without it.
    plain
        The statement that calls the variant with all of them.
    rest
        The variants, and the header of the one that has the body.
    """

    opening: str
    variants: Mapping[str, str]
    plain: str
    rest: str


def carry(data: bytes, file: str, mutants: Iterable[Numbered], headers: Mapping[tuple[int, int], HeaderText]) -> bytes:
    """A source with all its mutants in it. `headers` says how the functions at those places are written anew.

    Raises
    ------
    OverlapError
        Two of them cannot both be carried.
    """
    places: dict[tuple[int, int], list[Numbered]] = {}
    for one in mutants:
        places.setdefault((one.mutant.start, one.mutant.end), []).append(one)
    if not places:
        return data
    ordered = sorted(places, key=lambda place: (place[0], -place[1]))
    writer = _Writer(data, places, headers)
    body = writer.between(0, len(data), ordered)
    path = os.path.relpath(SWITCH_FILE, os.path.dirname(file))  # noqa: PTH120
    path = path if path.startswith(".") else f"./{path}"
    found = _PRAGMA.search(body)
    if found is None:
        raise ValueError(f"{file} has no pragma")
    return body[: found.end()] + f' import {{isMutant}} from "{path}";'.encode() + body[found.end() :]


class _Writer:
    def __init__(
        self, data: bytes, places: dict[tuple[int, int], list[Numbered]], headers: Mapping[tuple[int, int], HeaderText]
    ) -> None:
        self._data = data
        self._places = places
        self._headers = headers

    def between(self, start: int, end: int, inside: list[tuple[int, int]]) -> bytes:
        """The text from `start` to `end` with the places inside it, outermost first, written out."""
        written = []
        position = start
        index = 0
        while index < len(inside):
            place = inside[index]
            index += 1
            within = []
            while index < len(inside) and inside[index][0] < place[1]:
                if inside[index][1] > place[1]:
                    names = [self._places[p][0].mutant.name for p in (place, inside[index])]
                    raise OverlapError(" and ".join(names))
                within.append(inside[index])
                index += 1
            written.append(self._data[position : place[0]])
            written.append(self._place(place, within))
            position = place[1]
        return b"".join([*written, self._data[position:end]])

    def _place(self, place: tuple[int, int], within: list[tuple[int, int]]) -> bytes:
        mutants = self._places[place]
        kind = mutants[0].mutant.kind
        if any(one.mutant.kind != kind for one in mutants):
            raise OverlapError(" and ".join(one.mutant.name for one in mutants))
        if kind == HEADER:
            return self._header(place, mutants)
        original = self.between(place[0], place[1], within)
        if kind == EXPRESSION:
            choices = "".join(f"isMutant({one.number}) ? ({one.mutant.changed}) : " for one in mutants).encode()
            return b"(" + choices + b"(" + original + b"))"
        choices = "".join(f"if (isMutant({one.number})) {{ {one.mutant.changed} }} else " for one in mutants).encode()
        return b"{ " + choices + b"{ " + original + b" } }"

    def _header(self, place: tuple[int, int], mutants: list[Numbered]) -> bytes:
        text = self._headers[place]
        written = [text.opening, " {"]
        for one in mutants:
            written.append(f" if (isMutant({one.number})) {{ {text.variants[one.mutant.changed]} }}")
        return "".join([*written, f" {text.plain} }} {text.rest} "]).encode()


def number_at(data: bytes, place: int) -> int | None:
    """The mutant whose switch stands last before a place: whom an error of the compiler is about."""
    before = list(_ASKED.finditer(data, 0, place + 1))
    # An error may be about the whole expression, which begins just before its switch.
    after = _ASKED.search(data, place, place + 24)
    chosen = after or (before[-1] if before else None)
    return int(chosen[1]) if chosen else None
