"""The compiler that forge, ape and py-solc-x share behaves as a native solc on the command line."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHIM = ROOT / "tools" / "solc"
PINNED = json.loads((ROOT / "package.json").read_text())["dependencies"]["solc"]


def run(*arguments: str, program: Path = SHIM, stdin: str = "", cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        (str(program), *arguments), input=stdin, capture_output=True, text=True, cwd=cwd, timeout=120, check=False
    )


def standard_json(source: str) -> str:
    settings = {"outputSelection": {"*": {"*": ["evm.bytecode.object"]}}}
    return json.dumps({"language": "Solidity", "sources": {"A.sol": {"content": source}}, "settings": settings})


def compile_(source: str, *arguments: str, cwd: Path) -> dict[str, Any]:
    done = run("--standard-json", *arguments, stdin=standard_json(source), cwd=cwd)
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def errors(answer: dict[str, Any]) -> list[str]:
    return [error["message"] for error in answer.get("errors", []) if error["severity"] == "error"]


@pytest.mark.parametrize("program", [SHIM, ROOT / "tools" / "solcx" / f"solc-v{PINNED}"], ids=["forge", "py-solc-x"])
def test_says_the_pinned_version_from_any_folder(program: Path, tmp_path: Path) -> None:
    done = run("--version", program=program, cwd=tmp_path)
    assert done.returncode == 0
    assert re.search(rf"^Version: {re.escape(PINNED)}\+commit\.[0-9a-f]{{8}}\.", done.stdout, re.MULTILINE)


def test_one_version_and_one_evm_everywhere() -> None:
    foundry = tomllib.loads((ROOT / "foundry.toml").read_text())["profile"]["default"]
    ape = (ROOT / "ape-config.yaml").read_text()
    assert f"version: {PINNED}\n" in ape
    assert foundry["solc"] == "tools/solc"
    assert f"evm_version: {foundry['evm_version']}\n" in ape
    assert f"optimization_runs: {foundry['optimizer_runs']}\n" in ape


def test_compiles_standard_json(tmp_path: Path) -> None:
    answer = compile_("pragma solidity ^0.8.30; contract A { uint256 public x = 7; }", cwd=tmp_path)
    assert errors(answer) == []
    assert re.fullmatch("[0-9a-f]{20,}", answer["contracts"]["A.sol"]["A"]["evm"]["bytecode"]["object"])


def test_an_error_in_the_source_is_in_the_answer(tmp_path: Path) -> None:
    answer = compile_("contract A { uint256 x = true; }", cwd=tmp_path)
    assert any("not implicitly convertible" in message for message in errors(answer))


def test_imports_come_from_base_and_include_paths(tmp_path: Path) -> None:
    for folder, name in (("base", "B"), ("include", "C")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / f"{name}.sol").write_text(f"contract {name} {{}}")
    source = 'import "B.sol"; import "C.sol"; contract A is B, C {}'
    base = ("--base-path", str(tmp_path / "base"))
    assert errors(compile_(source, *base, "--include-path", str(tmp_path / "include"), cwd=tmp_path)) == []
    assert any("C.sol" in message for message in errors(compile_(source, *base, cwd=tmp_path)))


def test_imports_do_not_leave_the_base_path(tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    (tmp_path / "Secret.sol").write_text("contract Secret {}")
    answer = compile_('import "../Secret.sol"; contract A {}', "--base-path", str(tmp_path / "base"), cwd=tmp_path)
    assert errors(answer)


@pytest.mark.parametrize("arguments", [(), ("--combined-json", "abi")])
def test_refuses_what_it_cannot_do(arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert done.returncode == 1
    assert "only --version and --standard-json" in done.stderr
