"""Engines and connections to Postgres, through psycopg 3."""

from __future__ import annotations

from psycopg.conninfo import make_conninfo
from sqlalchemy import URL, Engine, create_engine, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

_APPLICATION = "optionix"


def make_engine(database_url: str, *, application: str = _APPLICATION, pool_size: int = 5) -> Engine:
    """An engine for code without an event loop.

    Parameters
    ----------
    database_url : SQLAlchemy URL of Postgres through psycopg.
    application : name under which the sessions are listed by Postgres.
    """
    return create_engine(
        database_url, pool_size=pool_size, pool_pre_ping=True, connect_args={"application_name": application}
    )


def make_async_engine(database_url: str, *, application: str = _APPLICATION, pool_size: int = 10) -> AsyncEngine:
    """An engine for services; see `make_engine`."""
    return create_async_engine(
        database_url, pool_size=pool_size, pool_pre_ping=True, connect_args={"application_name": application}
    )


def conninfo(database_url: str | URL, *, application: str = _APPLICATION) -> str:
    """A SQLAlchemy URL as psycopg's own connection text, for COPY and LISTEN."""
    url = make_url(database_url)
    query = {key: value if isinstance(value, str) else value[0] for key, value in url.query.items()}
    parts = {
        "user": url.username,
        "password": url.password,
        "host": url.host,
        "port": url.port,
        "dbname": url.database,
        "application_name": application,
    } | query
    return make_conninfo(**{key: str(value) for key, value in parts.items() if value is not None})
