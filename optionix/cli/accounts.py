"""`optionix vault` and `optionix account`: liquidity, balances, positions, settlement."""

from __future__ import annotations

from typing import Any

import click
from rich.console import Console
from rich.table import Table

from optionix.chain.transactions import Receipt
from optionix.cli.acting import account_options, open_client
from optionix.cli.deploy import network_option
from optionix.cli.output import emit_json, json_option
from optionix.cli.trading import WAD_DECIMALS, plain
from optionix.client import Client, VaultState
from optionix.instruments import parse_expiry


def _done(as_json: bool, text: str, receipts: list[Receipt], **values: Any) -> None:
    if as_json:
        emit_json({**values, "transactions": [receipt.transaction for receipt in receipts]})
    else:
        click.echo(text)


@click.group("vault")
def vault_group() -> None:
    """Vaults: what they hold, deposits, redemptions. A vault is ETH-C, BTC-P, or its address."""


@vault_group.command("list")
@network_option
@json_option
def list_vaults(name: str, as_json: bool) -> None:
    """Every vault as it stands."""
    with open_client(name) as client:
        rows = [vault_row(client, state) for state in client.vaults()]
    if as_json:
        emit_json({"network": name, "vaults": rows})
        return
    table = Table(title=f"vaults on {name}")
    for title in ("vault", "net assets", "idle", "locked", "waiting", "open series"):
        table.add_column(title, justify="left" if title == "vault" else "right")
    for row in rows:
        net = f"{row['net_assets']} {row['token']}" if row["net_assets"] is not None else "no fresh slice"
        table.add_row(row["name"], net, row["idle"], row["locked"], row["pending_assets"], str(row["open_series"]))
    Console().print(table)


def vault_row(client: Client, state: VaultState) -> dict[str, Any]:
    """A vault with every amount as exact decimal text."""
    symbol = client.deployment.market_by_id(state.market).base
    return {
        "name": f"{symbol}-{state.side[0]}",
        "address": state.address,
        "token": state.token,
        "net_assets": plain(state.leaving, state.decimals),
        "idle": plain(state.idle, state.decimals),
        "locked": plain(state.locked, state.decimals),
        "pending_assets": plain(state.pending_assets, state.decimals),
        "pending_shares": str(state.pending_shares),
        "total_supply": str(state.total_supply),
        "open_series": state.open_series,
    }


@vault_group.command("deposit")
@click.argument("vault")
@click.argument("amount")
@account_options
@network_option
@json_option
def request_deposit(vault: str, amount: str, name: str, as_json: bool, **key: Any) -> None:
    """Ask VAULT to take AMOUNT of its token; processed after the notice, then claimed."""
    with open_client(name, **key) as client:
        request = client.request_deposit(vault, amount)
    _done(
        as_json, f"request {request}: {amount} to {vault}; claim it when it was processed", [], request_id=str(request)
    )


@vault_group.command("redeem")
@click.argument("vault")
@click.argument("shares", required=False, type=int)
@account_options
@network_option
@json_option
def request_redeem(vault: str, shares: int | None, name: str, as_json: bool, **key: Any) -> None:
    """Ask VAULT to take SHARES back, all when no number is given (in the shares' own units)."""
    with open_client(name, **key) as client:
        request = client.request_redeem(vault, shares)
    _done(as_json, f"request {request} to leave {vault}; claim it when it was processed", [], request_id=str(request))


@vault_group.command("claim")
@click.argument("vault")
@account_options
@network_option
@json_option
def claim(vault: str, name: str, as_json: bool, **key: Any) -> None:
    """Claim what VAULT has processed: shares of deposits, assets of redemptions."""
    with open_client(name, **key) as client:
        receipts = client.claim(vault)
    _done(as_json, f"claimed {len(receipts)} times" if receipts else "nothing to claim yet", receipts)


@vault_group.command("process")
@click.argument("vault")
@account_options
@network_option
@json_option
def process(vault: str, name: str, as_json: bool, **key: Any) -> None:
    """Process requests of VAULT whose notice is over; anybody may."""
    with open_client(name, **key) as client:
        receipt = client.process(vault)
    _done(as_json, "processed", [receipt])


@click.group("account")
def account_group() -> None:
    """An account: balances, positions and books; collateral in and out; settling and redeeming."""


@account_group.command("show")
@click.option("--address", help="Whose. Default: the signing account.")
@account_options
@network_option
@json_option
def show(address: str | None, name: str, as_json: bool, **key: Any) -> None:
    """Balances, positions and books."""
    with open_client(name, **key) as client:
        values = account_values(client, address or client.address)
    if as_json:
        emit_json({"network": name} | values)
        return
    console = Console()
    table = Table(title=values["address"])
    for title in ("token", "wallet", "free balance"):
        table.add_column(title, justify="left" if title == "token" else "right")
    for row in values["balances"]:
        table.add_row(row["token"], row["wallet"], row["free"])
    console.print(table)
    for position in values["positions"]:
        settled = f", settled at {position['settlement_price']}" if position["settlement_price"] else ""
        console.print(f"holds {position['amount']} {position['name']}{settled}")
    for book in values["books"]:
        legs = ", ".join(f"{leg['amount']} {leg['name']}" for leg in book["legs"])
        console.print(f"{book['kind'].lower()} book locks {book['locked']} {book['token']}: {legs or 'no legs'}")


def account_values(client: Client, address: str) -> dict[str, Any]:
    """An account with every amount as exact decimal text."""
    balances = [
        {
            "token": token.symbol,
            "wallet": plain(client.wallet_balance(token.symbol, address), token.decimals),
            "free": plain(client.free_balance(token.symbol, address), token.decimals),
        }
        for token in client.deployment.tokens
    ]
    positions = [
        {
            "name": position.name,
            "series_id": str(position.series.id),
            "amount": plain(position.amount, WAD_DECIMALS),
            "settlement_price": plain(position.price_wad, WAD_DECIMALS),
        }
        for position in client.positions(address)
    ]
    books = []
    for book in client.books(address):
        token = client.book_token(book.key)
        books.append(
            {
                "key": str(book.key),
                "kind": book.kind,
                "locked": plain(book.locked, token.decimals),
                "token": token.symbol,
                "legs": [{"name": leg.name, "amount": plain(leg.amount, WAD_DECIMALS)} for leg in book.legs],
            }
        )
    return {"address": address, "balances": balances, "positions": positions, "books": books}


@account_group.command("deposit")
@click.argument("token")
@click.argument("amount")
@account_options
@network_option
@json_option
def deposit(token: str, amount: str, name: str, as_json: bool, **key: Any) -> None:
    """Move AMOUNT of TOKEN from the wallet to the free balance."""
    with open_client(name, **key) as client:
        receipt = client.deposit(token, amount)
    _done(as_json, f"deposited {amount} {token}", [receipt])


@account_group.command("withdraw")
@click.argument("token")
@click.argument("amount")
@account_options
@network_option
@json_option
def withdraw(token: str, amount: str, name: str, as_json: bool, **key: Any) -> None:
    """Move AMOUNT of TOKEN from the free balance to the wallet."""
    with open_client(name, **key) as client:
        receipt = client.withdraw(token, amount)
    _done(as_json, f"withdrew {amount} {token}", [receipt])


@account_group.command("settle")
@click.argument("symbol")
@click.argument("expiry")
@account_options
@network_option
@json_option
def settle(symbol: str, expiry: str, name: str, as_json: bool, **key: Any) -> None:
    """Prove the settlement price of SYMBOL's EXPIRY, such as 7MAR23; anybody may."""
    with open_client(name, **key) as client:
        receipt = client.settle(symbol, parse_expiry(expiry))
        price, _ = client.read("Markets", "settlement", client.deployment.market(symbol).market, parse_expiry(expiry))
    shown = plain(price, WAD_DECIMALS)
    text = f"{symbol} {expiry} settled at {shown}" + ("" if receipt else " already")
    _done(as_json, text, [receipt] if receipt else [], price=shown)


@account_group.command("redeem")
@click.argument("series")
@click.argument("amount", required=False)
@account_options
@network_option
@json_option
def redeem(series: str, amount: str | None, name: str, as_json: bool, **key: Any) -> None:
    """Redeem settled contracts of SERIES, all when no amount is given."""
    with open_client(name, **key) as client:
        receipt = client.redeem(series, amount)
    _done(as_json, f"redeemed {amount or 'all'} {series}", [receipt])
