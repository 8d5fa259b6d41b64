"""Compiled contracts: `contracts/` through py-solc-x with the settings of `foundry.toml`, cached by content.

The compiler's input is made whole in Python (every imported source included), so its hash names the result: the same
sources and settings are compiled once, into `.build/`, and read from there afterwards.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

import orjson

from optionix.chain.abi import REPOSITORY, Abi
from optionix.chain.errors import ChainError

BUILD_FOLDER = REPOSITORY / ".build"
COMPILER = REPOSITORY / "tools" / "solc"
_EXTRA_SOURCES = ("@openzeppelin/contracts/access/manager/AccessManager.sol",)
"""Deployed contracts that nothing of ours imports."""
_IMPORT = re.compile(r"""^\s*import\s+(?:[^"';]*?\bfrom\s+)?["']([^"']+)["']\s*;""", re.MULTILINE)
_CONTRACT = re.compile(r"^contract\s+(\w+)", re.MULTILINE)
_OUTPUTS = ["abi", "evm.bytecode.object", "evm.deployedBytecode.object", "evm.deployedBytecode.immutableReferences"]
_LAYOUT = 2
"""Version of the cache file's shape, part of its name."""


class CompileError(ChainError):
    """The contracts do not compile, or what is needed to compile them is absent."""


@dataclass(frozen=True)
class Immutable:
    """An immutable variable and where its value stands in the runtime code.

    Attributes
    ----------
    name : the variable's name.
    type : its Solidity type, such as `address` or `contract IMarkets`.
    starts : byte offsets of its 32-byte copies.
    """

    name: str
    type: str
    starts: tuple[int, ...]


@dataclass(frozen=True)
class Artifact:
    """One compiled contract.

    Attributes
    ----------
    source : source unit, such as `contracts/Markets.sol`.
    creation : creation code without constructor arguments.
    runtime : runtime code with zeros in the place of immutables.
    """

    name: str
    source: str
    abi: list[dict[str, Any]]
    creation: bytes
    runtime: bytes
    immutables: tuple[Immutable, ...]

    @property
    def interface(self) -> Abi:
        """The artifact's own ABI, current by construction."""
        return Abi(self.name, self.abi)

    def init_code(self, *args: Any) -> bytes:
        """Creation code with encoded constructor arguments."""
        return self.creation + self.interface.encode_constructor(*args)


def compile_contracts(repository: Path = REPOSITORY, build: Path = BUILD_FOLDER) -> dict[str, Artifact]:
    """Every deployable contract by name: production, test tokens and feeds, and AccessManager.

    Raises
    ------
    CompileError
        With the compiler's message, or saying what is missing.
    """
    return _compiled(repository.resolve(), build.resolve())


@cache
def _compiled(repository: Path, build: Path) -> dict[str, Artifact]:
    standard_input = compiler_input(repository)
    version = _compiler_version(repository)
    digest = hashlib.sha256(
        f"{_LAYOUT} {version} ".encode() + orjson.dumps(standard_input, option=orjson.OPT_SORT_KEYS)
    )
    cached = build / f"contracts-{digest.hexdigest()[:32]}.json"
    if not cached.is_file():
        build.mkdir(parents=True, exist_ok=True)
        # A second process waits for the first and finds its result instead of compiling as well.
        with _locked(build / "compile.lock"):
            if not cached.is_file():
                _write_whole(cached, orjson.dumps(_compile(standard_input, repository)))
    return {entry["name"]: _artifact(entry) for entry in orjson.loads(cached.read_bytes())}


def compiler_input(repository: Path) -> dict[str, Any]:
    """The compiler's standard JSON input: every needed source by its path, and the settings of `foundry.toml`."""
    profile = tomllib.loads((repository / "foundry.toml").read_text(encoding="utf-8"))["profile"]["default"]
    remappings = [tuple(entry.split("=", 1)) for entry in profile["remappings"]]
    folder = repository / profile["src"]
    own = sorted(path.relative_to(repository).as_posix() for path in folder.rglob("*.sol"))
    if not own:
        raise CompileError(f"no contracts in {folder}")
    extra = [_remap(name, remappings) for name in _EXTRA_SOURCES]
    sources: dict[str, str] = {}
    open_units = own + extra
    while open_units:
        unit = open_units.pop()
        if unit in sources:
            continue
        sources[unit] = _read(repository, unit)
        open_units += [_resolve(unit, name, remappings) for name in _IMPORT.findall(sources[unit])]
    wanted = {unit: {"*": _OUTPUTS} for unit in own + extra}
    return {
        "language": "Solidity",
        "sources": {unit: {"content": sources[unit]} for unit in sorted(sources)},
        "settings": {
            "remappings": profile["remappings"],
            "optimizer": {"enabled": profile["optimizer"], "runs": profile["optimizer_runs"]},
            "viaIR": profile["via_ir"],
            "evmVersion": profile["evm_version"],
            "metadata": {"bytecodeHash": profile["bytecode_hash"], "appendCBOR": profile["cbor_metadata"]},
            "outputSelection": {"*": {"": ["ast"]}} | wanted,
        },
    }


def _compile(standard_input: dict[str, Any], repository: Path) -> list[dict[str, Any]]:
    import solcx  # slow to import, and only a changed source needs it
    from solcx.exceptions import SolcError

    compiler = repository / "tools" / "solc"
    try:
        output = solcx.compile_standard(standard_input, solc_binary=compiler, base_path=repository)
    except SolcError as error:
        raise CompileError(f"the contracts do not compile:\n{error}") from error
    except OSError as error:
        raise CompileError(f"cannot run {compiler}: {error}; is Node 20 or newer installed?") from error
    variables = _immutable_variables(output["sources"])
    entries = []
    for unit, contracts in sorted(output["contracts"].items()):
        deployable = set(_CONTRACT.findall(standard_input["sources"][unit]["content"]))
        for name, result in sorted(contracts.items()):
            if name in deployable and "evm" in result:
                entries.append(_entry(name, unit, result, variables))
    return entries


def _entry(name: str, unit: str, result: dict[str, Any], variables: dict[int, tuple[str, str]]) -> dict[str, Any]:
    runtime = result["evm"]["deployedBytecode"]
    immutables = [
        {
            "name": variables[int(number)][0],
            "type": variables[int(number)][1],
            "starts": [place["start"] for place in places],
        }
        for number, places in sorted(runtime.get("immutableReferences", {}).items())
    ]
    return {
        "name": name,
        "source": unit,
        "abi": result["abi"],
        "creation": result["evm"]["bytecode"]["object"],
        "runtime": runtime["object"],
        "immutables": immutables,
    }


def _artifact(entry: dict[str, Any]) -> Artifact:
    return Artifact(
        name=entry["name"],
        source=entry["source"],
        abi=entry["abi"],
        creation=bytes.fromhex(entry["creation"]),
        runtime=bytes.fromhex(entry["runtime"]),
        immutables=tuple(Immutable(item["name"], item["type"], tuple(item["starts"])) for item in entry["immutables"]),
    )


def _immutable_variables(sources: dict[str, Any]) -> dict[int, tuple[str, str]]:
    """Name and type of every immutable variable by its AST id."""
    found: dict[int, tuple[str, str]] = {}
    for source in sources.values():
        for contract in source["ast"]["nodes"]:
            for node in contract.get("nodes", ()):
                if node["nodeType"] == "VariableDeclaration" and node.get("mutability") == "immutable":
                    found[node["id"]] = (node["name"], node["typeDescriptions"]["typeString"])
    return found


def _remap(name: str, remappings: list[tuple[str, ...]]) -> str:
    for prefix, target in sorted(remappings, key=lambda pair: -len(pair[0])):
        if name.startswith(prefix):
            return target + name[len(prefix) :]
    return name


def _resolve(importer: str, name: str, remappings: list[tuple[str, ...]]) -> str:
    if not name.startswith("."):
        return _remap(name, remappings)
    return os.path.normpath(PurePosixPath(importer).parent / name)


def _read(repository: Path, unit: str) -> str:
    path = repository / unit
    if not path.is_file():
        hint = "; `npm ci` installs it" if unit.startswith("node_modules/") else ""
        raise CompileError(f"source {unit} is missing{hint}")
    return path.read_text(encoding="utf-8")


def _compiler_version(repository: Path) -> str:
    package = repository / "node_modules" / "solc" / "package.json"
    if not package.is_file():
        raise CompileError("the Solidity compiler is missing: `npm ci` installs it")
    return str(orjson.loads(package.read_bytes())["version"])


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _write_whole(path: Path, data: bytes) -> None:
    partial = path.with_suffix(f".{os.getpid()}.partial")
    partial.write_bytes(data)
    partial.replace(path)
