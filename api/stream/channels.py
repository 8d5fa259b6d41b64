"""The kinds of channels: what each carries and after which changes."""

from __future__ import annotations

from api.accounts import service as accounts
from api.accounts.schemas import Account
from api.errors import BadRequest
from api.instruments import service as instruments
from api.instruments.schemas import Instrument
from api.markets import service as markets
from api.markets.schemas import Chain, Markets
from api.orders import service as orders
from api.orders.schemas import OrderBook
from api.reader import Reader
from api.schemas import Answer
from api.stream.publisher import ChannelKind
from api.surfaces import service as surfaces
from api.surfaces.schemas import Surface
from api.trades import service as trades
from api.trades.schemas import Trades
from api.valuation.repository import market_by_symbol
from api.valuation.repository import markets as market_rows
from api.vaults import service as vaults
from api.vaults.schemas import VaultDetail, Vaults
from optionix.store.models import Market

TRADES_SHOWN = 40
EVERY_BLOCK: frozenset[str] = frozenset()


def kinds() -> list[ChannelKind]:
    """All kinds; a channel is named by its kind and arguments, such as `chain.ETH.1767168000`."""
    return [
        ChannelKind("blocks", (), "Each block when its rows are in the tables.", Answer, _blocks, _every_block),
        ChannelKind("markets", (), "Every market at a glance.", Markets, _markets, _all_market_topics),
        ChannelKind("chain", ("symbol", "expiry"), "The option chain of an expiry.", Chain, _chain, _market_topics),
        ChannelKind("ticker", ("name",), "A series with its ticker.", Instrument, _ticker, _series_topics),
        ChannelKind("surface", ("symbol",), "All live slices of a market.", Surface, _surface, _surface_topics),
        ChannelKind("book", ("name",), "The signed orders of a series that fill now.", OrderBook, _book, _every_block),
        ChannelKind("trades", ("symbol",), "The newest trades of a market.", Trades, _trades, _trade_topics),
        ChannelKind("vaults", (), "All vaults.", Vaults, _vaults, _vaults_topics),
        ChannelKind("vault", ("address",), "One vault.", VaultDetail, _vault, _vault_topics),
        ChannelKind("account", ("address",), "Balances, positions and books.", Account, _account, _account_topics),
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


async def _ticker(reader: Reader, argument: str) -> Answer:
    return await instruments.instrument(reader, argument)


async def _surface(reader: Reader, argument: str) -> Answer:
    return await surfaces.surface(reader, argument)


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
    market = await market_by_symbol(reader, argument.partition(".")[0])
    # What is written and held of a series stands in its chain.
    return _topics_of(market) | {f"series:{market.base_symbol}"}


async def _series_topics(reader: Reader, argument: str) -> frozenset[str]:
    _, market = await instruments.series_by_name(reader, argument)
    return _topics_of(market) | {f"series:{argument}"}


async def _surface_topics(reader: Reader, argument: str) -> frozenset[str]:
    return _topics_of(await market_by_symbol(reader, argument))


async def _trade_topics(reader: Reader, argument: str) -> frozenset[str]:
    return frozenset({f"trade:{(await market_by_symbol(reader, argument)).base_symbol}"})


async def _all_market_topics(reader: Reader, argument: str) -> frozenset[str]:
    rows = await market_rows(reader)
    return frozenset().union(*(_topics_of(row) | {f"series:{row.base_symbol}"} for row in rows))


async def _vaults_topics(reader: Reader, argument: str) -> frozenset[str]:
    return await _all_market_topics(reader, argument) | {"vaults"}


async def _vault_topics(reader: Reader, argument: str) -> frozenset[str]:
    return await _all_market_topics(reader, argument) | {f"vault:{argument.lower()}"}


async def _account_topics(reader: Reader, argument: str) -> frozenset[str]:
    # Positions are valued at the market, so an account's view moves with prices too.
    return await _all_market_topics(reader, argument) | {f"account:{argument.lower()}"}


def _topics_of(market: Market) -> frozenset[str]:
    return frozenset({f"spot:{market.market}", f"surface:{market.market}", f"market:{market.market}"})
