"""The API on a real, migrated Postgres."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from optionix.settings import Settings
from tests.support.postgres import migrated_database, throwaway_postgres


@pytest.fixture(scope="session")
def database_url() -> Iterator[str]:
    """A migrated database without a block."""
    with throwaway_postgres() as server, migrated_database(server) as url:
        yield url


@pytest.fixture
def client(database_url: str, tmp_path: Path) -> Iterator[TestClient]:
    """An anonymous caller."""
    settings = Settings(database_url=database_url, data_dir=tmp_path, risk_url="http://127.0.0.1:9")
    with TestClient(create_app(settings)) as caller:
        yield caller
