"""The kinds of channels: what each carries and after which changes."""

from __future__ import annotations

from api.accounts import service as accounts
from api.errors import BadRequest
from api.markets import service as markets
from api.orders import service as orders
from api.reader import Reader
from api.schemas import Answer
from api.stream.publisher import ChannelKind
from api.trades import service as trades
from api.valuation.repository import market_by_symbol
from api.valuation.repository import markets as market_rows
from api.vaults import service as vaults

TRADES_SHOWN = 40
EVERY_BLOCK: frozenset[str] = frozenset()


def kinds() -> list[ChannelKind]:
    """`blocks`, `markets`, `chain.ETH.<expiry>`, `book.<name>`, `trades.ETH`, `vaults`, `vault.0x`, `account.0x`."""
    return [
        ChannelKind("blocks", _blocks, _every_block),
        ChannelKind("markets", _markets, _all_market_topics),
        ChannelKind("chain", _chain, _market_topics),
        ChannelKind("book", _book, _every_block),
        ChannelKind("trades", _trades, _trade_topics),
        ChannelKind("vaults", _vaults, _all_market_topics),
        ChannelKind("vault", _vault, _all_market_topics),
        ChannelKind("account", _account, _account_topics),
    ]


async def _blocks(reader: Reader, argument: str) -> Answer:
    return Answer(block=await reader.head())


async def _markets(reader: Reader, argument: str) -> Answer:
    return await markets.list_markets(reader)


async def _chain(reader: Reader, argument: str) -> Answer:
    symbol, _, expiry = argument.partition(".")
    if not expiry.isdigit():
        raise BadRequest("The channel is chain.<symbol>.<expiry in seconds>.")
    return await markets.option_chain(reader, symbol, int(expiry))


async def _book(reader: Reader, argument: str) -> Answer:
    return await orders.book(reader, argument)


async def _trades(reader: Reader, argument: str) -> Answer:
    return await trades.list_trades(reader, market=argument, limit=TRADES_SHOWN)


async def _vaults(reader: Reader, argument: str) -> Answer:
    return await vaults.list_vaults(reader)


async def _vault(reader: Reader, argument: str) -> Answer:
    return await vaults.vault_detail(reader, argument)


async def _account(reader: Reader, argument: str) -> Answer:
    return await accounts.account(reader, argument.lower())


async def _every_block(reader: Reader, argument: str) -> frozenset[str]:
    # A book moves with the prices and with whatever any of its makers does.
    return EVERY_BLOCK


async def _market_topics(reader: Reader, argument: str) -> frozenset[str]:
    number = (await market_by_symbol(reader, argument.partition(".")[0])).market
    return _topics_of(number)


async def _trade_topics(reader: Reader, argument: str) -> frozenset[str]:
    return frozenset({f"market:{(await market_by_symbol(reader, argument)).market}"})


async def _all_market_topics(reader: Reader, argument: str) -> frozenset[str]:
    return frozenset().union(*(_topics_of(row.market) for row in await market_rows(reader)))


async def _account_topics(reader: Reader, argument: str) -> frozenset[str]:
    # Positions are valued at the market, so an account's view moves with prices too.
    return await _all_market_topics(reader, argument) | {f"account:{argument.lower()}"}


def _topics_of(market: int) -> frozenset[str]:
    return frozenset({f"spot:{market}", f"surface:{market}", f"market:{market}"})
