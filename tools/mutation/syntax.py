"""The syntax tree of the contracts, from the compiler itself."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Node = dict[str, Any]

REMAPPINGS = ("@openzeppelin/=node_modules/@openzeppelin/", "solady/=node_modules/solady/src/")


class CompilerError(Exception):
    """The compiler refuses the sources."""


@dataclass(frozen=True)
class Refusal:
    """One error of the compiler. `place` is a byte offset into the file."""

    file: str
    place: int
    message: str


def analyse(root: Path, sources: Mapping[str, bytes]) -> tuple[dict[str, Node], list[Refusal]]:
    """Parses and checks sources without generating code, in seconds.

    Parameters
    ----------
    root
        The project, for `tools/solc` and imports from node_modules.
    sources
        By path from the root.

    Returns
    -------
    tuple
        The tree of each file and of what it imports (none where there are errors) and the errors.
    """
    question = {
        "language": "Solidity",
        "sources": {name: {"content": data.decode()} for name, data in sources.items()},
        "settings": {
            "remappings": list(REMAPPINGS),
            "evmVersion": "cancun",
            "outputSelection": {"*": {"": ["ast"]}},
        },
    }
    run = subprocess.run(
        (str(root / "tools" / "solc"), "--standard-json", "--base-path", str(root)),
        input=json.dumps(question).encode(), capture_output=True, cwd=root, check=False, timeout=300,
    )  # fmt: skip
    if run.returncode != 0:
        raise CompilerError(run.stderr.decode(errors="replace")[-2000:])
    answer = json.loads(run.stdout)
    refusals = []
    for error in answer.get("errors", []):
        if error["severity"] == "error":
            location = error.get("sourceLocation") or {"file": "", "start": 0}
            refusals.append(Refusal(location["file"], location["start"], error["formattedMessage"]))
    trees = {} if refusals else {name: source["ast"] for name, source in answer["sources"].items()}
    return trees, refusals


def span(node: Node) -> tuple[int, int]:
    """Where a node begins and ends, bytes."""
    start, length, _ = node["src"].split(":")
    return int(start), int(start) + int(length)


def text_of(node: Node, data: bytes) -> str:
    start, end = span(node)
    return data[start:end].decode()


def type_of(node: Node) -> str:
    """The compiler's name of an expression's type."""
    return str((node.get("typeDescriptions") or {}).get("typeString") or "")


def is_constant(node: Node) -> bool:
    """Whether an expression is a number that the compiler keeps as a rational: it has no type of its own."""
    return type_of(node).startswith(("int_const", "rational_const", "literal_string"))


def children(node: Node) -> Iterator[Node]:
    """The nodes directly below a node, in the order of the source."""
    found = []
    for value in node.values():
        if isinstance(value, dict) and "nodeType" in value:
            found.append(value)
        elif isinstance(value, list):
            found += [item for item in value if isinstance(item, dict) and "nodeType" in item]
    return iter(sorted(found, key=span))


def walk(node: Node) -> Iterator[Node]:
    """A node and all below it."""
    yield node
    for child in children(node):
        yield from walk(child)


def functions(tree: Node) -> Iterator[tuple[str, Node]]:
    """Every function and modifier with a body, and its name as a reader knows it: `Contract.function`."""
    for unit in tree["nodes"]:
        members = unit["nodes"] if unit["nodeType"] == "ContractDefinition" else [unit]
        prefix = f"{unit['name']}." if unit["nodeType"] == "ContractDefinition" else ""
        for member in members:
            if member["nodeType"] in ("FunctionDefinition", "ModifierDefinition") and member.get("body"):
                yield prefix + (member["name"] or member["kind"]), member


def declarations(tree: Node) -> dict[int, Node]:
    """Everything in a tree that an identifier may refer to, by the compiler's number."""
    return {node["id"]: node for node in walk(tree) if node["nodeType"].endswith("Definition") or "constant" in node}
