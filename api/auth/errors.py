"""Refusals of sign-in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from api.errors import ApiError


class Unauthorized(ApiError):
    """Who asks is not known, or no longer."""

    status = 401
    code = "unauthorized"
    title = "Unauthorized"
    headers: ClassVar[Mapping[str, str]] = {"WWW-Authenticate": "Bearer"}


class BadMessage(ApiError):
    """The sign-in message is not one, or not for this place and time."""

    status = 400
    code = "bad_sign_in"
    title = "Sign-in message refused"
