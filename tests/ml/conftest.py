"""Bars, a database with the market's tables, and the service around them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from ml.bars import Bars
from ml.sources import ShippedHistory, read_bars
from optionix.local.postgres import EmbeddedPostgres
from optionix.store.engine import make_engine
from tests.support.postgres import migrated_database, throwaway_postgres


@pytest.fixture(scope="session")
def eth() -> Bars:
    """The shipped history of ETH, all of it."""
    bars, _ = read_bars(ShippedHistory(), "ETH", 2_000_000_000)
    return bars


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    with throwaway_postgres() as server:
        yield server


@pytest.fixture
def database(postgres: EmbeddedPostgres) -> Iterator[Engine]:
    """A fresh database with all tables."""
    with migrated_database(postgres) as url:
        engine = make_engine(url)
        yield engine
        engine.dispose()
