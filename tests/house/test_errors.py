"""Every custom error of the contracts is named by a test of the contracts."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_every_error_is_named_by_a_test() -> None:
    tests = "".join(path.read_text() for path in (ROOT / "tests" / "contracts").rglob("*.sol"))
    named = set(re.findall(r"\b(\w+)\.selector", tests)) | set(re.findall(r"\"(\w+)\(", tests))
    declared = {
        name: path.relative_to(ROOT)
        for path in (ROOT / "contracts").rglob("*.sol")
        if "mocks" not in path.parts
        for name in re.findall(r"^\s*error (\w+)\(", path.read_text(), re.MULTILINE)
    }
    assert len(declared) > 100
    missing = {name: str(path) for name, path in declared.items() if name not in named}
    assert missing == {}
