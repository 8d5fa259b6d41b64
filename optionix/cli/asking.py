"""Questions to the running risk service."""

from __future__ import annotations

from typing import Any

import httpx

from optionix.errors import UserError


def ask(path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """A JSON answer of the running service, to a POST where there is a body.

    Raises
    ------
    UserError
        When it does not answer or refuses.
    """
    from optionix.settings import settings

    url = settings().risk_url
    try:
        method = "GET" if body is None else "POST"
        answer = httpx.request(method, f"{url}{path}", json=body, timeout=30, trust_env=False)
        told: dict[str, Any] = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise UserError(f"The risk service at {url} does not answer: {error}.", "Run `optionix up`.") from error
    if answer.status_code != 200:
        raise UserError(f"The risk service refused: {told.get('detail', told)}")
    return told
