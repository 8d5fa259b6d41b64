"""Bars, a database with the market's tables, and the service around them."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from ml.bars import Bars
from ml.sources import ShippedHistory, read_bars
from optionix.local.postgres import EmbeddedPostgres
from optionix.store.engine import make_engine
from optionix.store.migrate import upgrade


@pytest.fixture(scope="session")
def eth() -> Bars:
    """The shipped history of ETH, all of it."""
    bars, _ = read_bars(ShippedHistory(), "ETH", 2_000_000_000)
    return bars


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    folder = Path(tempfile.mkdtemp(prefix="ox-"))
    folder.chmod(0o755)
    with EmbeddedPostgres(folder / "pg", durable=False) as server:
        yield server
    server.delete()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def database(postgres: EmbeddedPostgres, request: pytest.FixtureRequest) -> Iterator[Engine]:
    """A fresh database with all tables."""
    name = f"t{abs(hash(request.node.nodeid)) % 10**12}"
    postgres.ensure_database(name)
    upgrade(postgres.database_url(name))
    engine = make_engine(postgres.database_url(name))
    yield engine
    engine.dispose()
    postgres.drop_database(name)
