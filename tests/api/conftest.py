"""The API on a real, migrated Postgres."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient, WebSocketTestSession

from api.app import create_app
from optionix.settings import Settings
from tests.api.stream_messages import validate_message
from tests.support.postgres import migrated_database, throwaway_postgres


@pytest.fixture(autouse=True)
def every_message_is_described(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a test reads from the stream is what the AsyncAPI document says."""
    received = WebSocketTestSession.receive_json

    def validated(session: WebSocketTestSession, *arguments: Any) -> Any:
        message = received(session, *arguments)
        validate_message(message)
        return message

    monkeypatch.setattr(WebSocketTestSession, "receive_json", validated)


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
