"""Waits for conditions on the chain, with a limit in wall time and a sentence for when it is over."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from optionix.errors import UserError

T = TypeVar("T")

POLL_SECONDS = 0.25


class Waited(UserError):
    """What was waited for did not happen in time."""


def wait_for(what: str, condition: Callable[[], T | None], seconds: float) -> T:
    """The first result of `condition` that is neither None nor False.

    Raises
    ------
    Waited
        After `seconds` of wall time.
    """
    end = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > end:
            raise Waited(f"Waited {seconds:.0f} s for {what}, in vain.", "See `optionix status`: a part may be down.")
        time.sleep(POLL_SECONDS)
