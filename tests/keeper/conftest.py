"""A real market for the keeper: anvil with the contracts, Postgres, the indexer as its own process."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from optionix.local.postgres import EmbeddedPostgres
from tests.keeper.world import World
from tests.support.chain import LocalChain, local_chain
from tests.support.postgres import migrated_database, throwaway_postgres


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    with throwaway_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def deployed() -> Iterator[LocalChain]:
    """A chain with the contracts, two markets with a price, a signer and the keeper as lister; nothing listed."""
    with local_chain() as chain:
        chain.set_signer()
        chain.post(1550)
        chain.post(22_000, market=2)
        yield chain


@pytest.fixture
def world(deployed: LocalChain, postgres: EmbeddedPostgres) -> Iterator[World]:
    """The deployed chain as it was, with empty tables and a data folder of its own."""
    folder = Path(tempfile.mkdtemp(prefix="ox-"))
    try:
        with deployed.undone(), migrated_database(postgres) as url:
            made = World(deployed, url, folder)
            try:
                yield made
            finally:
                made.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
