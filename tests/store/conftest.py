"""A real Postgres for the tests of the store, and a new database for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from optionix.local.postgres import EmbeddedPostgres
from tests.support.postgres import empty_database, throwaway_postgres


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    with throwaway_postgres() as server:
        yield server


@pytest.fixture
def database_url(postgres: EmbeddedPostgres) -> Iterator[str]:
    """An empty database, dropped at the end."""
    with empty_database(postgres) as url:
        yield url
