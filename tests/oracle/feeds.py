"""Feed rounds, spot, and the settlement average (protocol, section 5)."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field

WINDOW = 1800
DECIMALS = 8
TO_WAD = 10 ** (18 - DECIMALS)


@dataclass
class Feed:
    """The rounds of one market, oldest first."""

    times: list[int] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    def post(self, time: int, answer: int) -> None:
        """A new round."""
        self.times.append(time)
        self.answers.append(answer)

    def spot(self) -> int:
        """The newest answer, WAD."""
        return self.answers[-1] * TO_WAD

    def settlement(self, expiry: int) -> int:
        """The time-weighted average over the 30 minutes before expiry, WAD, rounded down once."""
        opening, end, weighted = expiry - WINDOW, expiry, 0
        place = bisect_right(self.times, expiry) - 1
        while True:
            start = max(self.times[place], opening)
            weighted += self.answers[place] * TO_WAD * (end - start)
            if self.times[place] <= opening:
                return weighted // WINDOW
            end = self.times[place]
            place -= 1
