"""Deploy to the network that ape is connected to: `ape run deploy --network http://127.0.0.1:8545`.

`optionix deploy` does the same with the endpoint of the networks file.
"""

import ape
import click
from ape.api import AccountAPI
from ape.cli import ConnectedProviderCommand, account_option

from optionix.chain.networks import network_of_chain
from optionix.chain.operator import ApeOperator
from optionix.chain.rpc import BlockingRpc
from optionix.chain.scripting import deploy_with


@click.command(cls=ConnectedProviderCommand)
@account_option()
@click.option("--admin", metavar="ADDRESS", help="First admin, a part of every address. Default: the account.")
def cli(account: AccountAPI, admin: str | None) -> None:
    """Deploy what the connected network lacks and set it up."""
    provider = ape.networks.provider
    with BlockingRpc(provider.http_uri) as rpc:
        operator = ApeOperator(rpc, str(account.address), lambda: account)
        report = deploy_with(operator, network_of_chain(provider.chain_id), admin=admin)
    for line in (*report.created, *report.configured):
        click.echo(line)
    click.echo(f"{len(report.created)} contracts created, {len(report.configured)} settings made")
