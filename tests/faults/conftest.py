"""Real servers and one market for all faults, and how long a run is."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from optionix.local.postgres import EmbeddedPostgres
from tests.faults.process import Zygote
from tests.faults.recompute import assert_recomputed
from tests.faults.storm import FINAL_DEPTH, Storm
from tests.indexer.conftest import chain, make_database, postgres
from tests.indexer.life import World, world
from tests.indexer.running import assert_same_tables, index
from tests.support.postgres import migrated_database

__all__ = [
    "chain",
    "make_database",
    "postgres",
]


def chosen(every: Iterable[str], representatives: Sequence[str]) -> list[str]:
    """Which kinds of a fault are tried: one of each class in the short form, all in the long one."""
    kinds = list(every)
    assert set(representatives) <= set(kinds)
    return kinds if os.environ.get("OPTIONIX_FAULT_EVERY") == "1" else list(representatives)


@dataclass(frozen=True)
class Size:
    """How long a run is; `make faults` sets more.

    Attributes
    ----------
    repeats : of each fault of an endpoint.
    seed : draws every act, reorg and moment of a kill; the same seed is the same run, as far as the clock allows.
    """

    kills: int = int(os.environ.get("OPTIONIX_FAULT_KILLS", "3"))
    reorgs: int = int(os.environ.get("OPTIONIX_FAULT_REORGS", "4"))
    repeats: int = int(os.environ.get("OPTIONIX_FAULT_REPEATS", "1"))
    seed: int = int(os.environ.get("OPTIONIX_FAULT_SEED", "5"))


@dataclass
class Tally:
    """What a test has to say for the summary of a long run."""

    name: str
    said: dict[str, Any] = field(default_factory=dict)

    def say(self, **figures: Any) -> None:
        """Add to what is said, and show it where somebody looks on."""
        for key, value in figures.items():
            self.said[key] = self.said.get(key, 0) + value if isinstance(value, int) else value
        where = os.environ.get("OPTIONIX_FAULT_SUMMARY")
        if where:
            with Path(where).open("a") as out:
                out.write(json.dumps({"test": self.name, **self.said}) + "\n")


@dataclass(frozen=True)
class Bench:
    """The market that faults are tried on, and what compares tables with it."""

    world: World
    server: EmbeddedPostgres

    async def check(self, url: str) -> int:
        """The tables equal a fresh index, row by row, and what the logs alone tell; how many facts were recomputed.

        Whoever wrote them is at the head, and the chain stands still.
        """
        with migrated_database(self.server) as fresh:
            await index(self.world, fresh)
            assert_same_tables(url, fresh)
        return assert_recomputed(self.world.rpc, self.world.deployment, url)

    @contextmanager
    def storm(self, seed: int) -> Iterator[Storm]:
        """Acts and reorgs from a common start; all of them are taken back at the end."""
        with self.world.undone():
            self.world.mine(FINAL_DEPTH)  # a chain that is rolled back forgets its later snapshots
            yield Storm(self.world, seed)


@pytest.fixture(scope="session")
def market() -> Iterator[World]:
    """A market that trades, final up to its head. Tests take back what they do."""
    # Whoever goes back needs the state of where to: blocks that were taken back count as well.
    with world(history=20_000) as made:
        Storm(made, 0).prepare()
        yield made


@pytest.fixture(scope="session")
def zygote() -> Iterator[Zygote]:
    """Starts indexers."""
    with Zygote() as made:
        yield made


@pytest.fixture
def bench(market: World, postgres: EmbeddedPostgres) -> Bench:
    return Bench(market, postgres)


@pytest.fixture
def size() -> Size:
    return Size()


@pytest.fixture
def tally(request: pytest.FixtureRequest) -> Tally:
    return Tally(request.node.name)


@pytest.fixture
def database(make_database: Callable[[], str]) -> str:
    """An empty migrated database."""
    return make_database()
