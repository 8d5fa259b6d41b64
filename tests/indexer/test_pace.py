"""How the past is read: fast where a node bears it, sparing where it refuses, every block once and in order."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from indexer.block import Block
from indexer.source import historical
from indexer.source.endpoint import Log
from indexer.source.historical import IN_FLIGHT, Pace, final_ranges
from optionix.chain.errors import RateLimited, TooManyResults


@dataclass
class Node:
    """Answers ranges as a node with limits does; stands for the endpoints.

    Attributes
    ----------
    most : blocks of one answer; `named` whether the refusal says how many.
    limited : how many of the next questions are too many for it.
    """

    most: int = 10**9
    named: bool = True
    limited: int = 0
    asked: list[tuple[int, int]] = field(default_factory=list)
    refused: int = 0
    at_once: int = 0
    most_at_once: int = 0

    async def logs_in(self, first: int, last: int) -> tuple[list[Log], Block]:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0)
        self.at_once -= 1
        if self.limited:
            self.limited -= 1
            raise RateLimited("too many requests", 0.0)
        if last - first + 1 > self.most:
            self.refused += 1
            raise TooManyResults("eth_getLogs", -32005, "too large", most_blocks=self.most if self.named else None)
        self.asked.append((first, last))
        return [], Block(last, f"0x{last:x}", None, last)

    async def timestamps(self, _: list[Log]) -> dict[int, int]:
        return {}


async def read(node: Node, last: int) -> list[int]:
    """The last blocks of all ranges; every block was in one of them, in order."""
    ends = [found.last.number async for found in final_ranges(node, 1, last)]  # type: ignore[arg-type]
    assert sorted(node.asked)[0][0] == 1 and ends == sorted(ends) and ends[-1] == last
    for (_, end), (begin, _) in zip(sorted(node.asked), sorted(node.asked)[1:], strict=False):
        assert begin == end + 1
    return ends


async def test_a_local_node_is_asked_for_much_at_once() -> None:
    node = Node()
    await read(node, 1_000_000)
    assert node.most_at_once == IN_FLIGHT
    assert len(node.asked) < 50


async def test_a_limit_that_is_named_is_kept_from_then_on() -> None:
    node = Node(most=100)
    await read(node, 20_000)
    # Every eighth answer a little more is tried, by as many ranges as are in flight.
    assert len(node.asked) < 300
    assert node.refused < 80


async def test_a_limit_that_is_not_named_is_found() -> None:
    node = Node(most=37, named=False)
    await read(node, 5_000)
    assert len(node.asked) < 300


async def test_who_asks_for_fewer_requests_gets_fewer() -> None:
    node = Node(limited=4)
    await read(node, 100_000)
    assert node.limited == 0
    pace = Pace()
    pace.limited()
    assert pace.in_flight == 1
    for _ in range(100):
        pace.answered(0)
    assert pace.in_flight == IN_FLIGHT


async def test_a_node_that_never_bears_it_ends_in_its_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(historical, "_TRIES", 3)
    with pytest.raises(RateLimited):
        await read(Node(limited=10**6), 100)


async def test_one_block_that_is_too_large_ends_in_its_error() -> None:
    with pytest.raises(TooManyResults):
        await read(Node(most=0), 100)


def test_many_logs_make_ranges_smaller() -> None:
    pace = Pace()
    before = pace.size
    pace.answered(10**6)
    assert pace.size == before // 2
