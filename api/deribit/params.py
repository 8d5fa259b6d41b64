"""Named parameters, read strictly by type but alike from a query string and from JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar, overload

from api.deribit.errors import InvalidParams

T = TypeVar("T")
_LARGEST = 2**53
"""Integers beyond it are not exact in a client's JSON."""
_FLAGS = {"true": True, "false": False}


class Params:
    """The parameters of one call. Those that nobody reads are ignored, as Deribit does."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    def text(self, name: str, *, longest: int = 100) -> str:
        """A required text.

        Raises
        ------
        InvalidParams
            As all methods of this class.
        """
        value = self._values.get(name)
        if value is None:
            raise InvalidParams("value required", name)
        if not isinstance(value, str) or not 0 < len(value) <= longest:
            raise InvalidParams("wrong format", name)
        return value

    def optional_text(self, name: str, *, longest: int = 100) -> str | None:
        """A text or nothing."""
        return None if self._values.get(name) is None else self.text(name, longest=longest)

    def choice(self, name: str, choices: Sequence[str], default: str | None = None) -> str:
        """One of some words."""
        if self._values.get(name) is None and default is not None:
            return default
        value = self.text(name)
        if value not in choices:
            raise InvalidParams(f"must be one of {', '.join(choices)}", name)
        return value

    @overload
    def integer(self, name: str, *, least: int = ..., most: int = ...) -> int: ...
    @overload
    def integer(self, name: str, default: T, *, least: int = ..., most: int = ...) -> int | T: ...
    def integer(self, name: str, default: Any = ..., *, least: int = 0, most: int = _LARGEST) -> Any:
        """A whole number; required without a default."""
        value = self._values.get(name)
        if value is None:
            if default is ...:
                raise InvalidParams("value required", name)
            return default
        if isinstance(value, str) and len(value) <= 20 and value.removeprefix("-").isdecimal() and value.isascii():
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            raise InvalidParams("must be an integer", name)
        if not least <= value <= most:
            raise InvalidParams(f"must be from {least} to {most}", name)
        return value

    def flag(self, name: str, *, default: bool = False) -> bool:
        """True or false."""
        value = self._values.get(name)
        if value is None:
            return default
        if isinstance(value, str):
            value = _FLAGS.get(value.lower(), value)
        if not isinstance(value, bool):
            raise InvalidParams("must be true or false", name)
        return value

    def texts(self, name: str, *, most: int) -> list[str]:
        """A required list of texts."""
        value = self._values.get(name)
        if value is None:
            raise InvalidParams("value required", name)
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise InvalidParams("must be a list of strings", name)
        if len(value) > most:
            raise InvalidParams(f"must have at most {most} entries", name)
        return value
