"""Migrations: `upgrade` brings a database to the newest version; any number of services may call it at once."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, NullPool, create_engine, text

from optionix.errors import UserError

_SCRIPTS = Path(__file__).resolve().parent / "migrations"
_LOCK = 0x6F70_7469_6F6E_6978 >> 1
"""Key of the advisory lock under which migrations run."""


class SchemaOutdated(UserError):
    """The database has another version than this code."""


def config(connection: Connection | None = None) -> Config:
    """Alembic's configuration; the scripts are found beside this file."""
    settings = Config()
    settings.set_main_option("script_location", str(_SCRIPTS))
    settings.attributes["connection"] = connection
    return settings


def head() -> str:
    """The newest version that this code knows."""
    newest = ScriptDirectory.from_config(config()).get_current_head()
    if newest is None:
        raise RuntimeError(f"no migrations in {_SCRIPTS}")
    return newest


def upgrade(database_url: str, revision: str = "head") -> None:
    """Run the migrations that the database lacks, in one transaction, one caller at a time.

    Postgres takes changes of tables back with their transaction: a migration that is killed leaves nothing behind.
    """
    engine = create_engine(database_url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        command.upgrade(config(connection), revision)


def current(database_url: str) -> str | None:
    """The database's version, or None before the first migration."""
    engine = create_engine(database_url, poolclass=NullPool)
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def require_current(database_url: str) -> None:
    """Refuse a database of another version.

    Raises
    ------
    SchemaOutdated
        Saying how to bring it up to date.
    """
    found, wanted = current(database_url), head()
    if found != wanted:
        raise SchemaOutdated(
            f"the database has schema version {found or 'none'}, this code wants {wanted}.",
            "Run `optionix index --migrate-only`.",
        )
