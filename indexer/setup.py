"""What the indexer knows of a chain before it reads it: contracts, markets' symbols, tokens, vaults, feeds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from optionix.chain.abi import load_abi
from optionix.chain.deployment import Deployment
from optionix.chain.rpc import Rpc
from optionix.instruments import Side

CORE = ("AccessManager", "Markets", "Clearinghouse", "OptionToken", "VolatilityOracle", "VaultPricer", "Exchange")
"""Contracts of which there is one for each chain."""
EXCHANGE = "Exchange"
VAULT = "OptionVault"
FEED = "ReplayFeed"
"""The ABI by which every feed's events are read: Chainlink's `AnswerUpdated` among them."""


@dataclass(frozen=True, slots=True)
class TokenSetup:
    """A token; the address in lower case."""

    address: str
    symbol: str
    decimals: int


@dataclass(frozen=True, slots=True)
class VaultSetup:
    """A vault and what never changes of it."""

    address: str
    market: int
    side: Side
    asset: str
    asset_decimals: int
    name: str
    symbol: str
    decimals: int


@dataclass(frozen=True)
class ChainSetup:
    """One chain to index. Addresses are in lower case.

    Attributes
    ----------
    start_block : the first block that can hold an event.
    contracts : ABI name of each watched address.
    feed_markets : the markets that a feed's address prices, as deployed; later changes come by event.
    feed_decimals : decimals of a feed's answers.
    symbols : base and quote symbol on screen of each market.
    router : where contracts pass through on their way from seller to buyer.
    """

    name: str
    chain_id: int
    genesis_hash: str
    start_block: int
    contracts: Mapping[str, str]
    feed_markets: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    feed_decimals: Mapping[str, int] = field(default_factory=dict)
    symbols: Mapping[int, tuple[str, str]] = field(default_factory=dict)
    router: str = ""
    tokens: tuple[TokenSetup, ...] = ()
    vaults: tuple[VaultSetup, ...] = ()

    def address(self, contract: str) -> str:
        """The address of a core contract."""
        return next(address for address, name in self.contracts.items() if name == contract)


async def from_deployment(deployment: Deployment, rpc: Rpc) -> ChainSetup:
    """A deployment with what its file does not say read once from the contracts."""
    contracts = {deployment.address(name).lower(): name for name in CORE}
    contracts |= {vault.address.lower(): VAULT for vault in deployment.vaults}
    contracts |= {feed.address.lower(): FEED for feed in deployment.feeds}
    feed_markets: dict[str, tuple[int, ...]] = {}
    for feed in deployment.feeds:
        address = feed.address.lower()
        feed_markets[address] = (*feed_markets.get(address, ()), feed.market)
    tokens = tuple(TokenSetup(token.address.lower(), token.symbol, token.decimals) for token in deployment.tokens)
    return ChainSetup(
        name=deployment.network,
        chain_id=deployment.chain_id,
        genesis_hash=deployment.genesis_hash,
        start_block=max(deployment.block, 1),
        contracts=contracts,
        feed_markets=feed_markets,
        feed_decimals=await _feed_decimals(rpc, sorted(feed_markets)),
        router=deployment.address("Router").lower(),
        symbols={market.market: (market.base, market.quote) for market in deployment.markets},
        tokens=tokens,
        vaults=await _vaults(deployment, rpc),
    )


async def _feed_decimals(rpc: Rpc, feeds: list[str]) -> dict[str, int]:
    abi = load_abi(FEED)
    answers = await rpc.batch([_call(feed, abi.encode("decimals")) for feed in feeds])
    return {feed: int(abi.decode("decimals", data)) for feed, data in zip(feeds, answers, strict=True)}


async def _vaults(deployment: Deployment, rpc: Rpc) -> tuple[VaultSetup, ...]:
    if not deployment.vaults:
        return ()
    abi = load_abi(VAULT)
    questions = ("name", "symbol", "decimals")
    calls = [_call(vault.address, abi.encode(question)) for vault in deployment.vaults for question in questions]
    answers = iter(await rpc.batch(calls))
    found = []
    for vault in deployment.vaults:
        name, symbol, decimals = (abi.decode(question, next(answers)) for question in questions)
        side = Side.parse(vault.side)
        asset = deployment.settlement_token(vault.market, side)
        found.append(
            VaultSetup(
                address=vault.address.lower(),
                market=vault.market,
                side=side,
                asset=asset.address.lower(),
                asset_decimals=asset.decimals,
                name=name,
                symbol=symbol,
                decimals=decimals,
            )
        )
    return tuple(found)


def _call(to: str, data: str) -> tuple[str, list[object]]:
    return "eth_call", [{"to": to, "data": data}, "latest"]
