"""What all Python suites have in common."""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that are slow as a whole come first: begun last, one of them would run on alone when all else has ended."""
    items.sort(key=lambda item: "slow" not in {mark.name for mark in _module_marks(item)})


def _module_marks(item: pytest.Item) -> list[pytest.Mark]:
    module = item.getparent(pytest.Module)
    return list(module.iter_markers()) if module is not None else []
