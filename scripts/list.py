"""List what is due on the network that ape is connected to: `ape run list --network ... --volatility 0.6`.

The keeper does this by itself; the script serves a network without one.
"""

import asyncio

import ape
import click
from ape.api import AccountAPI
from ape.cli import ConnectedProviderCommand, account_option

from optionix.chain import deployment as deployments
from optionix.chain.abi import load_abi
from optionix.chain.listing import SERIES_PER_TRANSACTION, Listing, feed_spot, plan
from optionix.chain.networks import network_of_chain
from optionix.chain.operator import ApeOperator
from optionix.chain.rpc import BlockingRpc, Rpc
from optionix.settings import settings


async def _plans(url: str, deployment: deployments.Deployment, volatility: float) -> list[Listing]:
    async with Rpc(url) as rpc:
        head = await rpc.block()
        if head is None:
            raise click.ClickException("the chain has no head")
        now = int(head["timestamp"], 16)
        return [
            await plan(
                rpc,
                deployment,
                entry.market,
                now=now,
                spot_wad=await feed_spot(rpc, deployment, entry.market),
                volatility=volatility,
            )
            for entry in deployment.markets
        ]


@click.command(cls=ConnectedProviderCommand)
@account_option()
@click.option("--volatility", type=float, default=0.6, show_default=True, help="Annual, decides how far strikes reach.")
def cli(account: AccountAPI, volatility: float) -> None:
    """List expiries and strikes that should be open and are not; the account needs the LISTER role."""
    provider = ape.networks.provider
    url = provider.http_uri
    deployment = deployments.load(network_of_chain(provider.chain_id).name, settings())
    abi, markets = load_abi("Markets"), deployment.address("Markets")
    with BlockingRpc(url) as rpc:
        operator = ApeOperator(rpc, str(account.address), lambda: account)
        for listing in asyncio.run(_plans(url, deployment, volatility)):
            for expiry in listing.expiries:
                operator.send(markets, abi.encode("listExpiry", listing.market, expiry))
            ids = [series.id for series in listing.series]
            for start in range(0, len(ids), SERIES_PER_TRANSACTION):
                operator.send(markets, abi.encode("listSeries", ids[start : start + SERIES_PER_TRANSACTION]))
            click.echo(f"market {listing.market}: {len(listing.expiries)} expiries, {len(ids)} series")
