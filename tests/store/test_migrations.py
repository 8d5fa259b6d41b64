"""Migrations build exactly the tables of the models, once, whoever calls."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect, text

from optionix.store import migrate
from optionix.store.models import Base


def test_migrated_tables_are_those_of_the_models(database_url: str) -> None:
    migrate.upgrade(database_url)
    with create_engine(database_url).connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_several_services_may_migrate_at_once_and_again(database_url: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(migrate.upgrade, database_url) for _ in range(4)]:
            done.result()
    assert migrate.current(database_url) == migrate.head()
    migrate.require_current(database_url)


def test_a_database_without_tables_is_refused_with_what_to_do(database_url: str) -> None:
    with pytest.raises(migrate.SchemaOutdated, match="--migrate-only"):
        migrate.require_current(database_url)


def test_a_migration_that_dies_leaves_nothing_and_can_be_run_again(database_url: str) -> None:
    class Killed(Exception):
        pass

    engine = create_engine(database_url)
    with pytest.raises(Killed), engine.begin() as connection:
        command.upgrade(migrate.config(connection), "head")
        raise Killed
    assert inspect(engine).get_table_names() == []
    migrate.upgrade(database_url)
    assert "checkpoint" in inspect(create_engine(database_url)).get_table_names()


def test_downgrade_takes_everything_back(database_url: str) -> None:
    migrate.upgrade(database_url)
    engine = create_engine(database_url)
    with engine.begin() as connection:
        command.downgrade(migrate.config(connection), "base")
    with engine.connect() as connection:
        left = connection.execute(text("select tablename from pg_tables where schemaname = 'public'")).scalars().all()
    assert left == ["alembic_version"]


def test_every_key_begins_with_the_chain() -> None:
    for table in Base.metadata.sorted_tables:
        if table.name != "audit":
            assert next(iter(table.primary_key.columns)).name == "chain_id", table.name
