"""Fill the local chain that ape is connected to: `ape run seed --network http://127.0.0.1:8545 --spot ETH=1565.2`."""

import asyncio

import ape
import click
from ape.cli import ConnectedProviderCommand

from optionix.chain.networks import network_of_chain
from optionix.chain.scripting import seed_network
from optionix.cli.deploy import parse_spot


@click.command(cls=ConnectedProviderCommand)
@click.option("--spot", "spots", multiple=True, metavar="SYMBOL=PRICE", help="First price of a feed that has none.")
def cli(spots: tuple[str, ...]) -> None:
    """Signers, listings, liquidity and demo accounts of a local chain."""
    provider = ape.networks.provider
    name = network_of_chain(provider.chain_id).name
    report = asyncio.run(seed_network(name, provider.http_uri, dict(map(parse_spot, spots))))
    click.echo(f"listed {report.expiries} expiries and {report.series} series")
