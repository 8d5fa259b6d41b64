"""`optionix markets | chain | quote | buy | sell | write`: the markets on a terminal, and trades."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from optionix.cli.acting import account_options, open_client
from optionix.cli.deploy import network_option
from optionix.cli.output import emit_json, json_option
from optionix.client import Client, Funds, Offer, Quote, Trade
from optionix.errors import UserError
from optionix.instruments import Side, format_expiry, format_strike, parse_expiry

WAD_DECIMALS = 18


def plain(value: int | None, decimals: int) -> str | None:
    """An integer of small units as exact decimal text without trailing zeros."""
    if value is None:
        return None
    text = f"{Decimal(value).scaleb(-decimals):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@click.command("markets")
@network_option
@json_option
def markets_command(name: str, as_json: bool) -> None:
    """Markets with spot and open expiries."""
    with open_client(name) as client:
        block, states = client.head(), client.markets()
    rows = [
        {
            "symbol": state.symbol,
            "quote": state.quote,
            "spot": plain(state.spot_wad, WAD_DECIMALS),
            "expiries": [format_expiry(expiry) for expiry in state.expiries],
        }
        for state in states
    ]
    if as_json:
        emit_json({"network": name, "block": vars(block), "markets": rows})
        return
    table = Table(title=f"{name}, market time {datetime.fromtimestamp(block.timestamp, UTC):%d %b %Y %H:%M:%S}")
    for title in ("market", "spot", "open expiries"):
        table.add_column(title, justify="right" if title == "spot" else "left")
    for row in rows:
        table.add_row(f"{row['symbol']}/{row['quote']}", str(row["spot"]), " ".join(row["expiries"] or []))
    Console().print(table)


@click.command("chain")
@click.argument("symbol")
@click.option("--expiry", metavar="DATE", help="Such as 7MAR23. Default: the nearest.")
@click.option("--amount", default="1", show_default=True, help="Contracts that bid and ask are for.")
@network_option
@json_option
def chain_command(symbol: str, expiry: str | None, amount: str, name: str, as_json: bool) -> None:
    """Calls and puts of one expiry with the vaults' bid and ask."""
    with open_client(name) as client:
        now = client.head().timestamp
        open_expiries = [entry for entry in client.expiries(symbol) if entry > now]
        if expiry is None and not open_expiries:
            raise UserError(f"{symbol} has no open expiry.", "List some with `optionix seed` or let the keeper run.")
        wanted = parse_expiry(expiry) if expiry else open_expiries[0]
        found = client.option_chain(symbol, wanted, amount)
        decimals = {
            side: client.deployment.settlement_token(client.deployment.market(symbol).market, side).decimals
            for side in Side
        }
    offers = {(offer.series.strike, offer.series.side): offer for offer in found.offers}
    if as_json:
        emit_json(
            {
                "network": name,
                "block": vars(found.block),
                "symbol": found.symbol,
                "expiry": found.expiry,
                "amount": amount,
                "offers": [_offer_row(offer, decimals[offer.series.side]) for offer in found.offers],
            }
        )
        return
    table = Table(title=f"{found.symbol} {format_expiry(wanted)}, {amount} contracts: calls in base, puts in quote")
    for title in ("call bid", "call ask", "iv", "strike", "iv", "put bid", "put ask"):
        table.add_column(title, justify="right")
    for strike in sorted({strike for strike, _ in offers}):
        call, put = (_cells(offers.get((strike, side)), decimals[side]) for side in (Side.CALL, Side.PUT))
        table.add_row(call[0], call[1], call[2], format_strike(strike).replace("d", "."), put[2], put[0], put[1])
    Console().print(table)


def _offer_row(offer: Offer, decimals: int) -> dict[str, Any]:
    return {
        "name": offer.name,
        "series_id": str(offer.series.id),
        "bid": plain(offer.bid, decimals),
        "ask": plain(offer.ask, decimals),
        "mark": plain(offer.mark, decimals),
        "volatility": plain(offer.volatility, WAD_DECIMALS),
        "delta": plain(offer.delta, WAD_DECIMALS),
        "refusal": offer.refusal,
    }


def _cells(offer: Offer | None, decimals: int) -> tuple[str, str, str]:
    if offer is None:
        return "", "", ""
    volatility = f"{offer.volatility / 10**16:.1f}%" if offer.volatility is not None else "-"
    places = 2 if decimals <= 6 else 5
    bid, ask = (f"{value / 10**decimals:.{places}f}" if value is not None else "-" for value in (offer.bid, offer.ask))
    return bid, ask, volatility


@click.command("quote")
@click.argument("series")
@click.argument("amount", default="1")
@click.option("--sell", is_flag=True, help="What the vault pays instead of what it asks.")
@network_option
@json_option
def quote_command(series: str, amount: str, sell: bool, name: str, as_json: bool) -> None:
    """The vault's price for AMOUNT contracts of SERIES, taken apart."""
    with open_client(name) as client:
        quote = client.quote(series, amount, "sell" if sell else "buy")
    if as_json:
        emit_json({"network": name} | quote_row(quote, series))
        return
    for key, value in quote_row(quote, series).items():
        click.echo(f"{key:<12}{value}")


def quote_row(quote: Quote, name: str) -> dict[str, Any]:
    """A quote with every amount as exact decimal text."""
    parts = ("mark", "spread", "skew", "use", "guard", "floor", "fee", "total", "collateral")
    return {
        "series": name,
        "side": quote.side,
        "amount": plain(quote.amount, WAD_DECIMALS),
        "token": quote.token,
        **{part: plain(getattr(quote, part), quote.decimals) for part in parts},
        **{part: plain(getattr(quote, part), WAD_DECIMALS) for part in ("spot", "volatility", "delta")},
        "block": quote.block.number,
    }


@click.command("buy")
@click.argument("series")
@click.argument("amount")
@click.option("--limit", help="Most to pay in all. Default: the quote and 2 %.")
@click.option("--free-balance", is_flag=True, help="Pay from the free balance instead of the wallet.")
@account_options
@network_option
@json_option
def buy_command(
    series: str, amount: str, limit: str | None, free_balance: bool, name: str, as_json: bool, **key: Any
) -> None:
    """Buy AMOUNT contracts of SERIES from the vault."""
    with open_client(name, **key) as client:
        funds = Funds.FREE_BALANCE if free_balance else Funds.WALLET
        _report(client, client.buy(series, amount, limit=limit, funds=funds), as_json)


@click.command("sell")
@click.argument("series")
@click.argument("amount")
@click.option("--limit", help="Least to get in all. Default: the quote less 2 %.")
@click.option("--free-balance", is_flag=True, help="Be paid to the free balance instead of the wallet.")
@account_options
@network_option
@json_option
def sell_command(
    series: str, amount: str, limit: str | None, free_balance: bool, name: str, as_json: bool, **key: Any
) -> None:
    """Sell AMOUNT contracts of SERIES back to the vault."""
    with open_client(name, **key) as client:
        funds = Funds.FREE_BALANCE if free_balance else Funds.WALLET
        _report(client, client.sell(series, amount, limit=limit, funds=funds), as_json)


@click.command("write")
@click.argument("series")
@click.argument("amount")
@click.option("--to", "receiver", metavar="ADDRESS", help="Who gets the contracts. Default: the writer.")
@account_options
@network_option
@json_option
def write_command(series: str, amount: str, receiver: str | None, name: str, as_json: bool, **key: Any) -> None:
    """Write AMOUNT contracts of SERIES against the free balance."""
    with open_client(name, **key) as client:
        receipt = client.write(series, amount, receiver)
        (book,) = [book for book in client.books() if book.key == client.series(series).book_key]
        token = client.settlement_token(client.series(series))
    values = {
        "series": series,
        "amount": amount,
        "locked": plain(book.locked, token.decimals),
        "token": token.symbol,
        "transaction": receipt.transaction,
        "block": receipt.block_number,
    }
    if as_json:
        emit_json(values)
        return
    click.echo(f"wrote {amount} {series}; the book locks {values['locked']} {token.symbol}")


def _report(client: Client, trade: Trade, as_json: bool) -> None:
    token = client.deployment.token(trade.token)
    values = {
        "series": client.name(trade.series),
        "side": trade.side,
        "amount": plain(trade.amount, WAD_DECIMALS),
        "assets": plain(trade.assets, token.decimals),
        "token": trade.token,
        "transaction": trade.receipt.transaction,
        "block": trade.receipt.block_number,
        "gas": trade.receipt.gas_used,
    }
    if as_json:
        emit_json(values)
        return
    verb = "bought" if trade.side == "buy" else "sold"
    click.echo(f"{verb} {values['amount']} {values['series']} for {values['assets']} {trade.token}")
