"""Asks the risk service, with a time limit and a short memory."""

from __future__ import annotations

import time
from typing import Any

import httpx

from api.errors import NotFound, Unavailable

SECONDS = 3.0
REMEMBERED_SECONDS = 2.0
REMEMBERED = 256


class RiskClient:
    """One connection pool to the risk service. Answers are remembered for a moment: many readers ask the same thing."""

    def __init__(self, url: str) -> None:
        self._client = httpx.AsyncClient(base_url=url, timeout=SECONDS)
        self._answers: dict[str, tuple[float, Any]] = {}

    async def get(self, path: str) -> Any:
        """The JSON answer of a path.

        Raises
        ------
        Unavailable
            When the service does not answer in time or fails.
        NotFound
            When it knows nothing of the kind.
        """
        known = self._answers.get(path)
        if known is not None and time.monotonic() - known[0] < REMEMBERED_SECONDS:
            return known[1]
        try:
            answer = await self._client.get(path)
        except httpx.HTTPError as error:
            raise Unavailable(f"The risk service does not answer ({type(error).__name__}).") from None
        if answer.status_code == 404:
            raise NotFound("The risk service knows nothing of this.")
        if answer.status_code >= 400:
            raise Unavailable(f"The risk service cannot answer now (status {answer.status_code}).")
        if len(self._answers) >= REMEMBERED:
            self._answers.clear()
        body = answer.json()
        self._answers[path] = (time.monotonic(), body)
        return body

    async def close(self) -> None:
        """Closes the pool."""
        await self._client.aclose()
