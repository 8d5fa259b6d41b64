"""What the indexer knows of a chain before it reads it: contracts, markets' symbols, tokens, vaults, feeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from optionix.chain.abi import load_abi
from optionix.chain.deployment import Deployment
from optionix.chain.rpc import Rpc
from optionix.instruments import Side

CORE = ("AccessManager", "Markets", "Clearinghouse", "OptionToken", "VolatilityOracle", "VaultPricer", "Exchange")
"""Contracts of which there is one for each chain."""
EXCHANGE = "Exchange"
VAULT = "OptionVault"
_VAULT_QUESTIONS = ("name", "symbol", "decimals")
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


def watched_contracts(deployment: Deployment) -> dict[str, str]:
    """ABI name of each contract whose events are read, by address in lower case."""
    contracts = {deployment.address(name).lower(): name for name in CORE}
    contracts |= {vault.address.lower(): VAULT for vault in deployment.vaults}
    return contracts | {feed.address.lower(): FEED for feed in deployment.feeds}


async def from_deployment(deployment: Deployment, rpc: Rpc) -> ChainSetup:
    """A deployment with what its file does not say read once from the contracts, in one request.

    Raises
    ------
    AbiError
        When an answer is not what such a contract returns.
    """
    feed_markets: dict[str, tuple[int, ...]] = {}
    for feed in deployment.feeds:
        address = feed.address.lower()
        feed_markets[address] = (*feed_markets.get(address, ()), feed.market)
    reads = [(address, FEED, "decimals") for address in sorted(feed_markets)]
    reads += [(vault.address, VAULT, question) for vault in deployment.vaults for question in _VAULT_QUESTIONS]
    found = await rpc.batch([_call(address, load_abi(abi).encode(function)) for address, abi, function in reads])
    constants = [load_abi(abi).decode(function, data) for (_, abi, function), data in zip(reads, found, strict=True)]
    tokens = tuple(TokenSetup(token.address.lower(), token.symbol, token.decimals) for token in deployment.tokens)
    return ChainSetup(
        name=deployment.network,
        chain_id=deployment.chain_id,
        genesis_hash=deployment.genesis_hash,
        start_block=max(deployment.block, 1),
        contracts=watched_contracts(deployment),
        feed_markets=feed_markets,
        feed_decimals=dict(zip(sorted(feed_markets), constants, strict=False)),
        router=deployment.address("Router").lower(),
        symbols={market.market: (market.base, market.quote) for market in deployment.markets},
        tokens=tokens,
        vaults=_vaults(deployment, constants[len(feed_markets) :]),
    )


def _vaults(deployment: Deployment, constants: Sequence[Any]) -> tuple[VaultSetup, ...]:
    """The vaults, with what each answered to `_VAULT_QUESTIONS`, one after another."""
    answers, found = iter(constants), []
    for vault in deployment.vaults:
        name, symbol, decimals = (next(answers) for _ in _VAULT_QUESTIONS)
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
