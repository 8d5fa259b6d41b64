"""The mutants that the operators make of a syntax tree."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePath

from .modifiers import modifier_mutants
from .schemata import EXPRESSION, STATEMENT, Mutant
from .syntax import Node, children, declarations, functions, is_constant, span, text_of, type_of

_BOUNDARIES = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "=="}
_ARITHMETIC = {"+": "-", "-": "+", "*": "/", "/": "*", "%": "/", "<<": ">>", ">>": "<<", "&": "|", "|": "&", "**": "*"}
_ASSIGNMENTS = {"+=": "-=", "-=": "+=", "*=": "/=", "/=": "*=", "<<=": ">>=", ">>=": "<<=", "|=": "&=", "&=": "|="}
_COUNTERS = {"++": "--", "--": "++"}
_ORDERED = re.compile(r"^u?int\d*$")
# What a statement may be left out of: elsewhere its place in the syntax is needed.
_IN_LISTS = ("Block", "UncheckedBlock")
_NAMES_NOTHING = ("ElementaryTypeName", "UserDefinedTypeName", "ArrayTypeName", "Mapping", "InlineAssembly")
# Their first two arguments may change places.
_EITHER_WAY = re.compile(r"^_?(min|max|dist|fullMulDiv(Up)?|mulDiv(Up)?)$")
_ARITY = {"min": 2, "max": 2, "dist": 2}


class Operators:
    """Finds the mutants of one file.

    Parameters
    ----------
    file
        Path from the root.
    tree
        Its syntax tree.
    data
        Its text.
    known
        Everything declared anywhere, by the compiler's number (`syntax.declarations` of all files).
    """

    def __init__(self, file: str, tree: Node, data: bytes, known: dict[int, Node]) -> None:
        self._file = file
        self._tree = tree
        self._data = data
        self._known = known

    def mutants(self) -> list[Mutant]:
        """All mutants, in the order of the source, named."""
        found = [(name, "modifier", one) for name, one in modifier_mutants(self._file, self._tree, self._data)]
        for name, function in functions(self._tree):
            found += [(name, operator, one) for operator, one in self._statement(function["body"], None)]
        found.sort(key=lambda item: (item[2].start, -item[2].end))
        counts: Counter[str] = Counter()
        named = []
        stem = PurePath(self._file).stem
        for name, operator, one in found:
            prefix = f"{name if name.startswith(f'{stem}.') else f'{stem}.{name}'}.{operator}"
            counts[prefix] += 1
            named.append(replace(one, name=f"{prefix}.{counts[prefix]}"))
        return named

    # --- making one ---

    def _text(self, node: Node) -> str:
        return text_of(node, self._data)

    def _change(self, node: Node, changed: str) -> Mutant:
        start, end = span(node)
        return Mutant("", self._file, EXPRESSION, start, end, self._text(node), changed)

    def _instead(self, node: Node, changed: str) -> Mutant:
        """A statement replaced: the compiler leaves the semicolon out of most."""
        start, end = span(node)
        if not self._data[start:end].endswith((b";", b"}")):
            after = re.match(rb"\s*;", self._data[end:])
            if after is None:
                raise ValueError(f"{self._file}: no end of {self._text(node)!r}")
            end += after.end()
        return Mutant("", self._file, STATEMENT, start, end, self._data[start:end].decode(), changed)

    # --- statements ---

    def _statement(self, node: Node, parent: Node | None) -> Iterator[tuple[str, Mutant]]:
        kind = node["nodeType"]
        if kind in _IN_LISTS or kind == "TryCatchClause":
            for child in children(node):
                yield from self._statement(child, node)
        elif kind in ("IfStatement", "WhileStatement"):
            if kind == "IfStatement" and _only_reverts(node):
                yield "require", self._instead(node, "")
            yield from self._condition(node["condition"])
            for key in ("trueBody", "falseBody", "body"):
                if node.get(key):
                    yield from self._statement(node[key], node)
        elif kind == "ForStatement":
            if node.get("condition"):
                yield from self._condition(node["condition"], negated=False)
            initial = node.get("initializationExpression")
            if initial and initial.get("initialValue"):
                yield from self._expression(initial["initialValue"])
            yield from self._statement(node["body"], node)
        elif kind == "TryStatement":
            for child in children(node):
                if child["nodeType"] == "TryCatchClause":
                    yield from self._statement(child, node)
        elif kind == "ExpressionStatement":
            yield from self._simple(node)
        elif kind == "EmitStatement":
            yield "statement", self._instead(node, "")
            for argument in node["eventCall"]["arguments"]:
                yield from self._expression(argument)
        elif kind in ("Break", "Continue"):
            yield "statement", self._instead(node, "")
        elif kind == "RevertStatement":
            if parent is None or (parent["nodeType"] in _IN_LISTS and len(parent["statements"]) > 1):
                yield "require", self._instead(node, "")
        elif kind == "Return":
            value = node.get("expression")
            if parent is not None and not (value and re.search(r" (storage|calldata)\b", type_of(value))):
                yield "return", self._instead(node, "")
            if value:
                yield from self._expression(value)
        elif kind == "VariableDeclarationStatement" and node.get("initialValue"):
            yield from self._expression(node["initialValue"])

    def _simple(self, node: Node) -> Iterator[tuple[str, Mutant]]:
        """An assignment, a call or a counter on its own."""
        inner = node["expression"]
        kind = inner["nodeType"]
        if kind == "FunctionCall" and self._text(inner["expression"]) == "require":
            yield "require", self._instead(node, "")
            yield from self._condition(inner["arguments"][0], negated=False)
            return
        if kind == "Assignment":
            if not _is_reference(inner["leftHandSide"]):
                yield "statement", self._instead(node, "")
            if other := _ASSIGNMENTS.get(inner["operator"]):
                left, right = self._text(inner["leftHandSide"]), self._text(inner["rightHandSide"])
                yield "arithmetic", self._instead(node, f"{left} {other} {right};")
            yield from self._place(inner["leftHandSide"])
            yield from self._expression(inner["rightHandSide"])
            return
        if kind == "FunctionCall":
            yield "statement", self._instead(node, "")
            for swapped in self._swaps(inner):
                yield "swap", self._instead(node, f"{swapped};")
            yield from self._operands(inner)
            return
        if kind == "UnaryOperation":
            yield "statement", self._instead(node, "")
            if other := _COUNTERS.get(inner["operator"]):
                operand = self._text(inner["subExpression"])
                yield "arithmetic", self._instead(node, f"{operand}{other};")
            yield from self._place(inner["subExpression"])
            return
        yield from self._expression(inner)

    # --- expressions ---

    def _condition(self, node: Node, negated: bool = True) -> Iterator[tuple[str, Mutant]]:
        """What decides. Equalities are turned round by their own operator."""
        if negated and node.get("operator") not in ("==", "!=", "!"):
            yield "negate", self._change(node, f"!({self._text(node)})")
        yield from self._expression(node)

    def _place(self, node: Node) -> Iterator[tuple[str, Mutant]]:
        """What is assigned to: the place must stay one, but which it is may change."""
        kind = node["nodeType"]
        if kind == "IndexAccess":
            yield from self._place(node["baseExpression"])
            yield from self._expression(node["indexExpression"])
        elif kind == "MemberAccess":
            yield from self._place(node["expression"])

    def _operands(self, node: Node) -> Iterator[tuple[str, Mutant]]:
        for child in children(node):
            yield from self._expression(child)

    def _expression(self, node: Node) -> Iterator[tuple[str, Mutant]]:
        kind = node["nodeType"]
        if kind in _NAMES_NOTHING or (is_constant(node) and kind != "Literal"):
            return
        if kind == "BinaryOperation":
            yield from self._binary(node)
        elif kind == "UnaryOperation":
            yield from self._unary(node)
        elif kind == "Conditional":
            yield from self._condition(node["condition"])
            yield from self._expression(node["trueExpression"])
            yield from self._expression(node["falseExpression"])
        elif kind == "FunctionCall":
            yield from self._call(node)
        elif kind == "Literal":
            if node["kind"] == "bool":
                yield "constant", self._change(node, "false" if node["value"] == "true" else "true")
        elif kind == "Identifier":
            declared = self._known.get(node.get("referencedDeclaration", -1), {})
            if declared.get("constant") and _ORDERED.match(type_of(node)):
                yield "constant", self._change(node, f"{self._text(node)} + 1")
        elif kind == "Assignment":
            yield from self._place(node["leftHandSide"])
            yield from self._expression(node["rightHandSide"])
        elif kind == "NewExpression":
            return
        else:
            yield from self._operands(node)

    def _binary(self, node: Node) -> Iterator[tuple[str, Mutant]]:
        operator, left, right = node["operator"], node["leftExpression"], node["rightExpression"]
        a, b = self._text(left), self._text(right)
        if operator in ("&&", "||"):
            # Either operand alone: a condition dropped, or one that decides alone.
            yield "conjunct", self._change(node, a)
            yield "conjunct", self._change(node, b)
        elif operator in _BOUNDARIES:
            if node.get("function") is None or operator in ("==", "!="):
                yield "boundary", self._change(node, f"{a} {_BOUNDARIES[operator]} {b}")
        elif operator in _ARITHMETIC:
            yield "arithmetic", self._change(node, f"{a} {_ARITHMETIC[operator]} {b}")
        common = type_of({"typeDescriptions": node.get("commonType") or {}})
        if operator not in ("<<", ">>", "**") and _ORDERED.match(common):
            if is_constant(left) and left["nodeType"] == "Literal":
                yield "constant", self._change(node, f"({a} + 1) {operator} {b}")
            if is_constant(right) and right["nodeType"] == "Literal":
                yield "constant", self._change(node, f"{a} {operator} ({b} + 1)")
        yield from self._expression(left)
        yield from self._expression(right)

    def _unary(self, node: Node) -> Iterator[tuple[str, Mutant]]:
        operator, inner = node["operator"], node["subExpression"]
        if operator in ("!", "-"):
            yield "negate", self._change(node, self._text(inner))
            yield from self._expression(inner)
        elif operator in _COUNTERS:
            yield from self._place(inner)
            changed = f"{self._text(inner)}{_COUNTERS[operator]}"
            if node["prefix"]:
                changed = f"{_COUNTERS[operator]}{self._text(inner)}"
            yield "arithmetic", self._change(node, changed)

    def _call(self, node: Node) -> Iterator[tuple[str, Mutant]]:
        if node["kind"] == "functionCall" and not type_of(node).startswith("tuple("):
            if renamed := self._renamed(node):
                operator = "rounding" if "Up" in renamed + self._text(node["expression"]) else "minmax"
                yield operator, self._change(node, renamed)
            elif picked := self._picked(node):
                yield "minmax", self._change(node, picked)
            if not re.search(r" (storage|calldata)\b", type_of(node)):
                for swapped in self._swaps(node):
                    yield "swap", self._change(node, swapped)
        callee = node["expression"]
        if callee["nodeType"] in ("MemberAccess", "FunctionCallOptions"):
            yield from self._operands(callee)
        for argument in node["arguments"]:
            yield from self._expression(argument)

    def _renamed(self, node: Node) -> str | None:
        """The call with its rounding turned round, or min for max, where such a function is declared beside it."""
        callee = node["expression"]
        name = callee.get("memberName") or callee.get("name") or ""
        declared = self._known.get(callee.get("referencedDeclaration", -1))
        if declared is None:
            return None
        scope = self._known.get(declared.get("scope", -1), {})
        beside = {one.get("name") for one in scope.get("nodes", []) if one["nodeType"] == "FunctionDefinition"}
        for old, new in (("Up", "Down"), ("Down", "Up"), ("Up", ""), ("min", "max"), ("max", "min")):
            other = name.replace(old, new)
            if other != name and other in beside:
                return self._with_name(node, name, other)
        other = f"{name}Up"
        return self._with_name(node, name, other) if other in beside else None

    def _with_name(self, node: Node, name: str, other: str) -> str:
        text, callee = self._text(node), self._text(node["expression"])
        return f"{callee[: len(callee) - len(name)]}{other}{text[len(callee) :]}"

    def _picked(self, node: Node) -> str | None:
        """Of a minimum or a maximum, its first operand alone."""
        name = node["expression"].get("name") or ""
        if re.fullmatch(r"_?(min|max)", name) and len(node["arguments"]) == 2:
            return self._text(node["arguments"][0])
        return None

    def _swaps(self, node: Node) -> list[str]:
        """The call with two neighbouring arguments of one type exchanged, at most one such pair."""
        arguments = node["arguments"]
        name = node["expression"].get("memberName") or node["expression"].get("name") or ""
        if node.get("names") or name in ("encode", "encodePacked", "wrap") or node["kind"] != "functionCall":
            return []
        unbound = _EITHER_WAY.match(name) and len(arguments) == _ARITY.get(name.lstrip("_"), 3)
        texts = [self._text(one) for one in arguments]
        for index in range(1 if unbound else 0, len(arguments) - 1):
            first, second = arguments[index], arguments[index + 1]
            alike = type_of(first) == type_of(second) and not is_constant(first) and texts[index] != texts[index + 1]
            if alike:
                texts[index], texts[index + 1] = texts[index + 1], texts[index]
                return [f"{self._text(node['expression'])}({', '.join(texts)})"]
        return []


def _only_reverts(node: Node) -> bool:
    body = node["trueBody"]
    statements = body["statements"] if body["nodeType"] == "Block" else [body]
    return not node.get("falseBody") and len(statements) == 1 and statements[0]["nodeType"] == "RevertStatement"


def _is_reference(node: Node) -> bool:
    """Whether something that must be assigned is: a pointer into storage or call data."""
    if node["nodeType"] == "TupleExpression":
        return any(_is_reference(one) for one in node["components"] if one)
    return bool(re.search(r" (storage pointer|calldata)\b", type_of(node)))


def all_mutants(trees: dict[str, Node], sources: dict[str, bytes], files: list[str]) -> list[Mutant]:
    """The mutants of some of the files."""
    known: dict[int, Node] = {}
    for tree in trees.values():
        known.update(declarations(tree))
    return [one for file in files for one in Operators(file, trees[file], sources[file], known).mutants()]
