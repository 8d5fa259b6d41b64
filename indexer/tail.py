"""The unfinalised tail: blocks that are in the tables and can still be taken back."""

from __future__ import annotations

from collections.abc import Iterable

from indexer.block import Block


class Tail:
    """The applied blocks above the newest final one, with their times."""

    def __init__(self) -> None:
        self._times: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._times)

    def add(self, blocks: Iterable[Block]) -> None:
        """Blocks were applied."""
        self._times |= {block.number: block.timestamp for block in blocks}

    def move(self, finalized: int, tip: int) -> None:
        """Blocks up to `finalized` are final, those above `tip` were taken back."""
        self._times = {number: time for number, time in self._times.items() if finalized < number <= tip}

    @property
    def seconds(self) -> int:
        """Market time from the oldest of the tail to the newest; 0 for one block or none."""
        return max(self._times.values()) - min(self._times.values()) if self._times else 0
