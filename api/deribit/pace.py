"""How much one connection may ask for: a burst, then so much a second, as Deribit's own limits are.

A call costs one; a subscription costs one more for every ten of its channels, as each is read for whoever comes to it.
"""

from __future__ import annotations

import time
from collections.abc import Callable

BURST = 100.0
PER_SECOND = 20.0
CHANNELS_A_CALL = 10


class Pace:
    """The allowance of one connection."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._left = BURST
        self._at = clock()

    def take(self, channels: int = 0) -> bool:
        """Whether a call may be made now; if so, it is paid for."""
        now, cost = self._clock(), 1 + channels / CHANNELS_A_CALL
        self._left, self._at = min(BURST, self._left + (now - self._at) * PER_SECOND), now
        if self._left < cost:
            return False
        self._left -= cost
        return True
