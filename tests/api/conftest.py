"""The API on a real, migrated Postgres."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from optionix.local.postgres import EmbeddedPostgres
from optionix.settings import Settings
from optionix.store import migrate


@pytest.fixture(scope="session")
def database_url() -> Iterator[str]:
    """A migrated database without a block."""
    folder = Path(tempfile.mkdtemp(prefix="ox-api-"))
    folder.chmod(0o755)
    try:
        with EmbeddedPostgres(folder / "pg") as postgres:
            postgres.ensure_database()
            migrate.upgrade(postgres.url)
            yield postgres.url
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def client(database_url: str, tmp_path: Path) -> Iterator[TestClient]:
    """An anonymous caller."""
    settings = Settings(database_url=database_url, data_dir=tmp_path, risk_url="http://127.0.0.1:9")
    with TestClient(create_app(settings)) as caller:
        yield caller
