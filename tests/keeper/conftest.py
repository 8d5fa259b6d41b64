"""A real market for the keeper: anvil with the contracts, Postgres, the indexer as its own process."""

from __future__ import annotations

import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from optionix.chain.artifacts import compile_contracts
from optionix.chain.deploy import deploy
from optionix.chain.networks import network
from optionix.chain.operator import LightOperator
from optionix.chain.roles import Role
from optionix.chain.rpc import BlockingRpc
from optionix.chain.transactions import local_account
from optionix.local.anvil import Anvil
from optionix.local.postgres import EmbeddedPostgres
from optionix.store.migrate import upgrade
from tests.keeper.world import START, Chain, World


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    folder = Path(tempfile.mkdtemp(prefix="ox-"))
    folder.chmod(0o755)
    with EmbeddedPostgres(folder / "pg", durable=False) as server:
        yield server
    server.delete()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def deployed() -> Iterator[Chain]:
    """A chain with the contracts, two markets with a price, a signer and the keeper as lister; nothing listed."""
    with Anvil(timestamp=START) as anvil, BlockingRpc(anvil.url) as rpc:
        admin, owner = (LightOperator(rpc, local_account(index)) for index in (0, 4))
        report = deploy(
            admin,
            network("local"),
            compile_contracts(),
            admin=admin.address,
            holders={Role.LISTER: [local_account(1).address]},
            feed_owner=owner.address,
        )
        chain = Chain(anvil, rpc, report.deployment, admin, owner)
        chain.send("VolatilityOracle", "setSigners", [local_account(2).address], 1)
        chain.post(1, 1550)
        chain.post(2, 22_000)
        yield chain


@pytest.fixture
def world(deployed: Chain, postgres: EmbeddedPostgres) -> Iterator[World]:
    """The deployed chain as it was, with empty tables and a data folder of its own."""
    snapshot = deployed.rpc.call("evm_snapshot")
    # Senders count their nonces themselves: new ones for the state that was gone back to.
    deployed.admin, deployed.owner = (LightOperator(deployed.rpc, local_account(index)) for index in (0, 4))
    name = f"keeper_{uuid.uuid4().hex[:12]}"
    postgres.ensure_database(name)
    upgrade(postgres.database_url(name))
    folder = Path(tempfile.mkdtemp(prefix="ox-"))
    world = World(deployed, postgres.database_url(name), folder)
    try:
        yield world
    finally:
        world.close()
        deployed.rpc.call("evm_revert", snapshot)
        postgres.drop_database(name)
        shutil.rmtree(folder, ignore_errors=True)
