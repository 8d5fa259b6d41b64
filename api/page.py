"""Serves the built page: hashed files for ever, the entry document always fresh, every other path to the entry."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

IMMUTABLE = "public, max-age=31536000, immutable"
FRESH = "no-cache"
#: Paths of the API: an unknown one is an error, not a route of the page.
API_PREFIXES = ("v1/", "api/", "ws", "docs", "openapi.json")


class Page(StaticFiles):
    """The page's folder. Its routes live in the browser, so a path without a file gets the entry document."""

    def __init__(self, folder: Path) -> None:
        super().__init__(directory=folder, html=True)
        self._entry = folder / "index.html"

    async def get_response(self, path: str, scope: Scope) -> Response:
        try:
            answer = await super().get_response(path, scope)
        except HTTPException as error:
            if error.status_code != 404 or path.startswith(API_PREFIXES) or "." in path.rsplit("/", 1)[-1]:
                raise
            answer = FileResponse(self._entry)
        answer.headers["Cache-Control"] = IMMUTABLE if path.startswith("assets/") else FRESH
        return answer


def mount(app: FastAPI, folder: Path) -> None:
    """Mounts the page below every API route."""
    app.mount("/", Page(folder), name="page")
