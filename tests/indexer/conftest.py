"""A real Postgres and real chains for the tests of the indexer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from optionix.local.postgres import EmbeddedPostgres
from tests.indexer.life import World, world
from tests.indexer.running import index
from tests.support.postgres import copied_database, migrated_database, throwaway_postgres


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    with throwaway_postgres() as server:
        yield server


@pytest.fixture
def make_database(postgres: EmbeddedPostgres) -> Iterator[Callable[[], str]]:
    """Makes migrated databases; all are dropped at the end."""
    with ExitStack() as made:
        yield lambda: made.enter_context(migrated_database(postgres))


@pytest.fixture
def database_url(make_database: Callable[[], str]) -> str:
    """An empty migrated database."""
    return make_database()


@pytest.fixture(scope="session")
def lived() -> Iterator[World]:
    """A chain on which a whole life was played; tests only read it."""
    with world() as made:
        made.live()
        yield made


@pytest.fixture(scope="session")
def lived_tables(lived: World, postgres: EmbeddedPostgres) -> Iterator[str]:
    """A database that holds the lived chain to its head. Nobody connects to it: tests have copies."""
    with migrated_database(postgres) as url:
        progress = asyncio.run(index(lived, url))
        assert progress.lag_blocks == 0
        yield url


@pytest.fixture
def lived_url(lived_tables: str, postgres: EmbeddedPostgres) -> Iterator[str]:
    """A database of the test's own that holds the lived chain."""
    with copied_database(postgres, lived_tables) as url:
        yield url


@pytest.fixture
def chain() -> Iterator[World]:
    """A chain of the test's own, deployed and listed."""
    with world() as made:
        yield made
