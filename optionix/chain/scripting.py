"""Deploying and seeding as the command line and the ape scripts run them: endpoint, account, files put together."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from optionix.chain import deployment as deployments
from optionix.chain.artifacts import BUILD_FOLDER, compile_contracts
from optionix.chain.deploy import Report, deploy
from optionix.chain.deployment import Deployment
from optionix.chain.errors import ChainError, DeploymentMissing
from optionix.chain.networks import Network
from optionix.chain.networks import network as network_by_name
from optionix.chain.operator import Operator, ape_operator
from optionix.chain.roles import Role
from optionix.chain.rpc import BlockingRpc, Rpc
from optionix.chain.seed import FEED_OWNER, KEEPER, SeedReport, seed
from optionix.chain.transactions import local_account
from optionix.chain.verify import Finding, verify
from optionix.settings import settings


def deploy_network(name: str, url: str, *, account: str | None = None, admin: str | None = None) -> Report:
    """Deploy to a network through ape and write its file.

    Parameters
    ----------
    account : alias of an ape account; needed on every network but the local one.
    admin : first admin; the signing account when absent.
    """
    network = network_by_name(name)
    if account is None and not network.is_local:
        raise ChainError(
            f"{network.title} needs --account: the alias of an ape account that signs (`ape accounts list`)"
        )
    # Compiling may take half a minute: before anything connects.
    compile_contracts()
    with ape_operator(url, account) as operator:
        return deploy_with(operator, network, admin=admin)


def deploy_with(operator: Operator, network: Network, *, admin: str | None = None) -> Report:
    """Deploy with a connected operator and write the network's file."""
    previous: Deployment | None
    try:
        previous = deployments.load(network.name, settings())
    except DeploymentMissing:
        previous = None
    keeper = local_account(KEEPER).address if network.is_local else None
    report = deploy(
        operator,
        network,
        compile_contracts(),
        admin=admin or (previous.admin if previous and not network.is_local else operator.address),
        holders={Role.LISTER: [keeper], Role.GUARDIAN: [keeper]} if keeper else {},
        feed_owner=local_account(FEED_OWNER).address if network.is_local else None,
        previous=previous,
    )
    if report.deployment != previous:
        deployments.save(report.deployment, settings())
    return report


def verify_network(name: str, url: str, *, fresh: bool = False) -> list[Finding]:
    """Compare a deployed network with the sources; `fresh` compiles them anew instead of taking the cached result."""
    network = network_by_name(name)
    deployment = deployments.load(name, settings())
    with TemporaryDirectory() as empty:
        artifacts = compile_contracts(build=Path(empty) if fresh else BUILD_FOLDER)
    with BlockingRpc(url) as rpc:
        return verify(rpc, network, deployment, artifacts)


async def seed_network(name: str, url: str, spots: Mapping[str, Decimal]) -> SeedReport:
    """Seed a deployed local network."""
    network = network_by_name(name)
    async with Rpc(url) as rpc:
        return await seed(rpc, network, deployments.load(name, settings()), spots)
