"""Compiling: the settings of foundry.toml, one compile for one content, committed ABIs that are current."""

import re
import shutil
from pathlib import Path

import pytest

from optionix.chain.abi import ABI_FOLDER, REPOSITORY, abi_files, stale_files
from optionix.chain.artifacts import CompileError, compile_contracts, compiler_input

SOURCE = "// SPDX-License-Identifier: MIT\npragma solidity ^0.8.30;\n"


@pytest.fixture
def small_project(tmp_path: Path) -> Path:
    """A project of one contract with our settings, compiler and libraries."""
    (tmp_path / "contracts").mkdir()
    (tmp_path / "contracts" / "Box.sol").write_text(
        SOURCE + "contract Box { uint8 public immutable size; constructor(uint8 size_) { size = size_; } }\n"
        "abstract contract Lid {}\ninterface IBox {}\n"
    )
    shutil.copy(REPOSITORY / "foundry.toml", tmp_path)
    (tmp_path / "tools").symlink_to(REPOSITORY / "tools")
    (tmp_path / "node_modules").symlink_to(REPOSITORY / "node_modules")
    return tmp_path


def test_deployable_contracts_and_their_immutables_are_found(small_project: Path, tmp_path: Path) -> None:
    artifacts = compile_contracts(small_project, tmp_path / "build")
    assert sorted(artifacts) == ["AccessManager", "Box"]
    (size,) = artifacts["Box"].immutables
    assert (size.name, size.type) == ("size", "uint8")
    assert all(artifacts["Box"].runtime[start : start + 32] == bytes(32) for start in size.starts)
    assert artifacts["Box"].init_code(7).endswith(bytes(31) + b"\x07")


def test_the_same_content_is_compiled_once(small_project: Path, tmp_path: Path) -> None:
    build = tmp_path / "build"
    compile_contracts(small_project, build)
    (cached,) = build.glob("contracts-*.json")
    copy = tmp_path / "copy"
    shutil.copytree(small_project, copy, symlinks=True, ignore=shutil.ignore_patterns("build", "copy"))
    # Were it compiled again, the missing compiler would be noticed.
    (copy / "tools").unlink()
    assert compile_contracts(copy, build) == compile_contracts(small_project, build)
    assert list(build.glob("contracts-*.json")) == [cached]


def test_a_source_that_does_not_compile_says_where(small_project: Path, tmp_path: Path) -> None:
    (small_project / "contracts" / "Bad.sol").write_text(SOURCE + "contract Bad { uint x = true; }\n")
    with pytest.raises(CompileError, match="Bad.sol:3"):
        compile_contracts(small_project, tmp_path / "build")


def test_a_missing_import_says_what_installs_it(small_project: Path) -> None:
    (small_project / "contracts" / "Bad.sol").write_text(
        SOURCE + 'import {A} from "@openzeppelin/contracts/None.sol";\n'
    )
    with pytest.raises(CompileError, match="node_modules/@openzeppelin/contracts/None.sol is missing; `npm ci`"):
        compiler_input(small_project)


def test_every_import_of_the_real_sources_is_in_the_input() -> None:
    sources = compiler_input(REPOSITORY)["sources"]
    assert "contracts/Markets.sol" in sources
    assert not any(name.startswith("tests/") for name in sources)
    assert not any(re.search(r"\.\.", name) for name in sources)


def test_committed_abis_are_current() -> None:
    assert stale_files(abi_files()) == [], "run make abi"


def test_a_changed_missing_or_superfluous_abi_is_named(tmp_path: Path) -> None:
    wanted = {path.name: path.read_bytes() for path in ABI_FOLDER.glob("*.json")}
    for name, content in wanted.items():
        (tmp_path / name).write_bytes(content)
    assert stale_files(wanted, tmp_path) == []
    (tmp_path / "Markets.json").write_bytes(b"[]")
    (tmp_path / "Extra.json").write_bytes(b"[]")
    (tmp_path / "TestToken.json").unlink()
    assert stale_files(wanted, tmp_path) == ["Extra.json", "Markets.json", "TestToken.json"]
