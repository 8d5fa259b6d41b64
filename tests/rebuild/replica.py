"""What a rebuilt contract is: handlers of its events, and the answers that its getters should give."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, ClassVar

from optionix.chain.abi import Abi

Answer = tuple[str, tuple[Any, ...], Any]
"""A getter, its arguments and what it should return."""

NOBODY = "0x" + "0" * 40


class Replica(ABC):
    """A contract as its events tell it.

    An event `BookSettled` is handled by `on_book_settled`, which gets its arguments by name. `derived` names the
    getters that have no state of their own, each with where its answer comes from instead.
    """

    derived: ClassVar[dict[str, str]] = {}

    def __init__(self, address: str, abi: Abi) -> None:
        self.address = address.lower()
        self.abi = abi
        self.block = 0
        self.time = 0
        self.moment = 0
        """Time of the block whose event is followed."""
        self.place = (0, 0)
        """Its block and its index there."""

    def apply(self, name: str, arguments: dict[str, Any]) -> None:
        """Follows one event."""
        getattr(self, handler(name))(**{_snake(key): value for key, value in arguments.items()})

    def unhandled(self) -> list[str]:
        """Events of the contract that no handler follows."""
        return [name for item in self.abi.events.values() if not hasattr(self, handler(name := item.name))]

    def getters(self) -> set[str]:
        """Functions of the contract that change nothing."""
        return {
            entry["name"]
            for entry in self.abi.entries
            if entry["type"] == "function" and entry["stateMutability"] in ("view", "pure")
        }

    @abstractmethod
    def answers(self) -> Iterator[Answer]:
        """What each getter with a state of its own should return, for everything that was ever mentioned."""


def handler(event: str) -> str:
    """The name of an event's handler."""
    return f"on_{_snake(event)}"


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
