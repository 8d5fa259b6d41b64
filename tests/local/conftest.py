"""Short places for real servers: the path of a Unix socket must stay under 100 characters."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def short_dir() -> Iterator[Path]:
    """A new folder with a short path that other users can pass through, removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="ox-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
