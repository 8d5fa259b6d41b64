"""A Postgres of a suite's own, and databases that are gone after a test."""

from __future__ import annotations

import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from optionix.local.postgres import EmbeddedPostgres
from optionix.store import migrate

_MIGRATED = "template"


@contextmanager
def throwaway_postgres() -> Iterator[EmbeddedPostgres]:
    """A running server; nothing of it is left at the end."""
    folder = Path(tempfile.mkdtemp(prefix="ox-"))
    folder.chmod(0o755)
    server = EmbeddedPostgres(folder / "pg")
    try:
        with server:
            yield server
    finally:
        server.delete()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def empty_database(server: EmbeddedPostgres) -> Iterator[str]:
    """A database without tables; its URL."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    server.ensure_database(name)
    try:
        yield server.database_url(name)
    finally:
        server.drop_database(name)


@contextmanager
def migrated_database(server: EmbeddedPostgres) -> Iterator[str]:
    """A database with all tables, empty; its URL. The first of a server runs the migrations, the others are copies."""
    if server.ensure_database(_MIGRATED):
        migrate.upgrade(server.database_url(_MIGRATED))
    with copied_database(server, server.database_url(_MIGRATED)) as url:
        yield url


@contextmanager
def copied_database(server: EmbeddedPostgres, original: str) -> Iterator[str]:
    """A copy of a database of the server that nobody is connected to; its URL."""
    name, template = f"test_{uuid.uuid4().hex[:12]}", str(make_url(original).database)
    with psycopg.connect(server.conninfo("postgres"), autocommit=True) as session:
        session.execute(sql.SQL("create database {} template {}").format(*map(sql.Identifier, (name, template))))
    try:
        yield server.database_url(name)
    finally:
        server.drop_database(name)
