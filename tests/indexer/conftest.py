"""A real Postgres and real chains for the tests of the indexer."""

from __future__ import annotations

import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from optionix.local.postgres import EmbeddedPostgres
from optionix.store import migrate
from tests.indexer.life import World, world


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    folder = Path(tempfile.mkdtemp(prefix="ox-"))
    folder.chmod(0o755)
    try:
        with EmbeddedPostgres(folder / "pg") as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def template(postgres: EmbeddedPostgres) -> str:
    """A migrated database that the others are copies of."""
    postgres.ensure_database("template")
    migrate.upgrade(postgres.database_url("template"))
    return "template"


@pytest.fixture
def make_database(postgres: EmbeddedPostgres, template: str) -> Iterator[Callable[[], str]]:
    """Makes migrated databases; all are dropped at the end."""
    made: list[str] = []

    def make() -> str:
        name = f"indexer_{uuid.uuid4().hex[:12]}"
        with psycopg.connect(postgres.conninfo("postgres"), autocommit=True) as session:
            session.execute(
                sql.SQL("create database {} template {}").format(sql.Identifier(name), sql.Identifier(template))
            )
        made.append(name)
        return postgres.database_url(name)

    yield make
    for name in made:
        postgres.drop_database(name)


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


@pytest.fixture
def chain() -> Iterator[World]:
    """A chain of the test's own, deployed and listed."""
    with world() as made:
        yield made
