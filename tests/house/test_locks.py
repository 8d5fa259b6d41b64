"""The locks install on any machine: public addresses only, every platform's packages entered."""

from __future__ import annotations

import json
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PYTHON_LOCK = (ROOT / "uv.lock").read_text()
# Of the project's own packages the lock has the folder and a link to it.
NODE_LOCK = {
    name: entry
    for name, entry in json.loads((ROOT / "package-lock.json").read_text())["packages"].items()
    if (not name or "node_modules/" in name) and not entry.get("link")
}


def test_the_python_lock_names_the_public_index_alone() -> None:
    assert set(re.findall(r"https?://([^/\"]+)", PYTHON_LOCK)) == {"pypi.org", "files.pythonhosted.org"}
    assert set(re.findall(r"registry = \"([^\"]+)\"", PYTHON_LOCK)) == {"https://pypi.org/simple"}
    assert re.findall(r"source = \{ (?:path|directory|git|url)", PYTHON_LOCK) == []


def test_the_node_lock_names_no_registry() -> None:
    addresses = {entry["resolved"] for entry in NODE_LOCK.values() if "resolved" in entry}
    assert {address.split("/")[2] for address in addresses} <= {"registry.npmjs.org"}


def test_the_node_lock_has_an_integrity_for_what_this_platform_installs() -> None:
    without = {name for name, entry in NODE_LOCK.items() if name and "integrity" not in entry}
    assert all(NODE_LOCK[name]["optional"] and NODE_LOCK[name]["os"] and NODE_LOCK[name]["cpu"] for name in without)


def test_every_optional_package_is_entered() -> None:
    missing = [
        (path, name)
        for path, entry in NODE_LOCK.items()
        for name in entry.get("optionalDependencies", {})
        if f"{path}/node_modules/{name}" not in NODE_LOCK and f"node_modules/{name}" not in NODE_LOCK
    ]
    assert missing == []
