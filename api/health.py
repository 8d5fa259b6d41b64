"""What the API says of itself to the stack and to probes."""

from __future__ import annotations

from fastapi import FastAPI
from sqlalchemy.exc import SQLAlchemyError

from optionix.telemetry import HealthReport


async def health(app: FastAPI) -> HealthReport:
    """Failed before start-up is over or when Postgres does not answer."""
    database = getattr(app.state, "database", None)
    if database is None:
        return HealthReport("failed", "starting")
    try:
        await database.ping()
    except (SQLAlchemyError, OSError) as error:
        return HealthReport("failed", f"Postgres does not answer: {type(error).__name__}")
    return HealthReport("ok", "", {"ws_clients": app.state.hub.clients})
