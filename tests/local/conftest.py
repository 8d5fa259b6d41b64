"""Short places for real servers: the path of a Unix socket must stay under 100 characters."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.local.running import Stack, wait_for


@pytest.fixture
def short_dir() -> Iterator[Path]:
    """A new folder with a short path that other users can pass through, removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="ox-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def home() -> Iterator[Stack]:
    """A stack's folder that the tests of one file share: only the first start deploys."""
    folder = Path(tempfile.mkdtemp(prefix="ox-"))
    folder.chmod(0o755)
    stack = Stack(folder / "data")
    yield stack
    stack.command("down")
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def stack(home: Stack) -> Stack:
    """That stack, running and healthy."""
    if home.process is None or home.process.poll() is not None:
        home.up()
    wait_for("healthy", home.healthy, 60)
    return home


@pytest.fixture
def fresh(short_dir: Path) -> Stack:
    """A stack of a test's own that never ran."""
    return Stack(short_dir / "data")
