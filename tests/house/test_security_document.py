"""docs/security.md says of roles, delays and tests what the code says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from optionix.chain.abi import ABI_FOLDER, load_abi
from optionix.chain.networks import networks
from optionix.chain.roles import DELAYED, FUNCTIONS, Role

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
_ROW = re.compile(r"^\| `(\w+)\.(\w+)` \| (\w+) \| (yes|no) \| (.+) \|$", re.MULTILINE)
_NAMED = re.compile(r"`([\w/]+\.t\.sol)::(\w+)`")
_FUNCTION = re.compile(r"\bfunction (\w+)\([^{;]*?\)([^{;]*)\{")


def restricted() -> set[tuple[str, str]]:
    """(contract, function) of every function behind the AccessManager, by the deployed contracts' ABIs."""
    names = {
        found.group(1)
        for path in (ROOT / "contracts").rglob("*.sol")
        for found in _FUNCTION.finditer(path.read_text(encoding="utf-8"))
        if re.search(r"\brestricted\b", found.group(2))
    }
    deployed = [path.stem for path in sorted(ABI_FOLDER.glob("*.json"))]
    # Only a contract with an authority has restricted functions: a vault's pricer has functions of the same names.
    managed = [name for name in deployed if name != "AccessManager" and "authority" in load_abi(name).functions]
    found = {(contract, name) for contract in managed for name in names if name in load_abi(contract).functions}
    assert {name for _, name in found} == names
    return found


def test_every_restricted_function_is_in_the_table_once() -> None:
    rows = [(contract, function) for contract, function, *_ in _ROW.findall(DOCUMENT)]
    assert sorted(rows) == sorted(restricted())


def test_each_stands_there_with_its_role_and_delay() -> None:
    roles = {
        (contract, function): role
        for role, contracts in FUNCTIONS.items()
        for contract, functions in contracts.items()
        for function in functions
    }
    for contract, function, role, waits, _ in _ROW.findall(DOCUMENT):
        expected = roles.get((contract, function), Role.ADMIN)
        assert (role, waits == "yes") == (expected.name, expected in DELAYED), f"{contract}.{function}"


def test_the_delays_are_those_of_the_networks() -> None:
    for name, settings in networks().items():
        expected = 0 if settings.is_local else 600 if settings.test_net else 2 * 86_400
        assert settings.delay_seconds == expected, name
    assert "two days later (ten minutes on test networks)" in DOCUMENT


@pytest.mark.parametrize(("path", "name"), sorted(set(_NAMED.findall(DOCUMENT))))
def test_each_named_test_is_there(path: str, name: str) -> None:
    source = (ROOT / "tests" / "contracts" / path).read_text(encoding="utf-8")
    assert re.search(rf"\bfunction {name}\(", source), f"{path} has no {name}"


def test_every_statement_names_a_test() -> None:
    part = DOCUMENT.split("## What always holds")[1].split("\n## ")[0]
    rows = [
        line for line in part.splitlines() if line.startswith("| ") and not line.startswith(("| ---", "| statement"))
    ]
    assert len(rows) >= 19
    assert all(_NAMED.search(row) for row in rows)
