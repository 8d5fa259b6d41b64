"""What the contracts refuse."""

from __future__ import annotations


class Refused(ValueError):
    """The contract reverts with the error of this name.

    Parameters
    ----------
    name : of the error.
    detail : for who reads a report.
    """

    def __init__(self, name: str, detail: str = "") -> None:
        super().__init__(name, detail)
        self.name = name


def require(condition: object, error: str) -> None:
    """Raises `Refused` with the error's name unless the condition holds."""
    if not condition:
        raise Refused(error)
