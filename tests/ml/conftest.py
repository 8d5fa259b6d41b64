"""Bars, a database with the market's tables, and the service around them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from ml.bars import Bars, clean
from optionix.data import load_bars
from optionix.local.postgres import EmbeddedPostgres
from optionix.store.engine import make_engine
from tests.support.postgres import migrated_database, throwaway_postgres


@pytest.fixture(scope="session")
def eth() -> Bars:
    """The shipped history of ETH, all of it, with its highs, lows and volumes."""
    shipped = load_bars("ETH")
    columns = {"high": shipped.high, "low": shipped.low, "volume": shipped.volume}
    return clean("ETH", shipped.ts, shipped.close, shipped.end, **columns)[0]


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
