"""The entry point that every service has: run until told to stop, say a user's error in one line."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine
from typing import Any

from optionix.errors import UserError
from optionix.settings import Settings, settings


def main(name: str, run: Callable[[Settings], Coroutine[Any, Any, None]]) -> int:
    """Run a service by the settings of this process.

    Parameters
    ----------
    name : begins the line that an error is told in.

    Returns
    -------
    code : what the process should exit with.
    """
    try:
        asyncio.run(run(settings()))
    except UserError as error:
        sys.stderr.write(f"{name}: {error}\n")
        return error.exit_code
    return 0
