"""Mutants that leave out a modifier: `restricted`, `nonReentrant` and the like.

A modifier cannot be switched. So the function becomes one without any, which calls a private copy of itself that has
all but the one, and those call the one that has the body.
"""

from __future__ import annotations

from .schemata import HEADER, HeaderText, Mutant
from .syntax import Node, functions, span, text_of

Place = tuple[int, int]


def _invocations(function: Node) -> list[Node]:
    return [one for one in function.get("modifiers", []) if one.get("kind") != "baseConstructorSpecifier"]


def _is_carried(function: Node) -> bool:
    named = all(one["name"] for one in function["parameters"]["parameters"])
    return function["nodeType"] == "FunctionDefinition" and function["kind"] == "function" and named


def modifier_mutants(file: str, tree: Node, data: bytes) -> list[tuple[str, Mutant]]:
    """Each modifier of each function left out, with the name of the function."""
    found = []
    for name, function in functions(tree):
        if not _is_carried(function):
            continue
        start, end = span(function)[0], span(function["body"])[0]
        for one in _invocations(function):
            text = text_of(one, data)
            found.append((name, Mutant("", file, HEADER, start, end, f"{name} {text}", text)))
    return found


def headers(tree: Node, data: bytes) -> dict[Place, HeaderText]:
    """How each function that has modifiers is written anew."""
    written = {}
    for _, function in functions(tree):
        if _is_carried(function) and _invocations(function):
            place = (span(function)[0], span(function["body"])[0])
            written[place] = _header(function, data)
    return written


def _header(function: Node, data: bytes) -> HeaderText:
    start, end = span(function)[0], span(function["body"])[0]
    opening = data[start:end]
    for one in reversed(_invocations(function)):
        first, last = span(one)
        opening = opening[: first - start] + b" " * (last - first) + opening[last - start :]

    parameters = text_of(function["parameters"], data)
    arguments = "(" + ", ".join(one["name"] for one in function["parameters"]["parameters"]) + ")"
    returned = function["returnParameters"]["parameters"]
    returns = f" returns {text_of(function['returnParameters'], data)}" if returned else ""
    mutability = f" {function['stateMutability']}" if function["stateMutability"] in ("view", "pure") else ""
    stem = f"{function['name']}_{start}"

    def call(variant: str) -> str:
        return f"return {stem}_{variant}{arguments};" if returned else f"{stem}_{variant}{arguments}; return;"

    def variant(label: str, kept: list[str]) -> str:
        head = f"function {stem}_{label}{parameters} private{mutability}"
        return f"{head} {' '.join(kept)}{returns} {{ {call('body')} }}"

    texts = [text_of(one, data) for one in _invocations(function)]
    rest = [variant("all", texts)]
    variants = {}
    for index, text in enumerate(texts):
        rest.append(variant(str(index), texts[:index] + texts[index + 1 :]))
        variants[text] = call(str(index))
    rest.append(f"function {stem}_body{parameters} private{mutability}{returns}")
    return HeaderText(opening.decode(), variants, call("all"), " ".join(rest))
