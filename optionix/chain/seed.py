"""Filling a local chain: signers, listings, liquidity and demo accounts, each only where it is missing.

Local only: it uses the well-known keys and mints test tokens.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from optionix.chain import listing
from optionix.chain.abi import load_abi
from optionix.chain.deployment import Deployment
from optionix.chain.errors import ChainError, Reverted
from optionix.chain.networks import Network
from optionix.chain.parameters import token_units
from optionix.chain.rpc import Rpc
from optionix.chain.transactions import Sender, call_contract, local_account
from optionix.instruments import Side

ADMIN, KEEPER, SURFACE_SIGNER, SECOND_SIGNER, FEED_OWNER = range(5)
"""Indices of the local chain's accounts with a role."""
LIQUIDITY_PROVIDER = 6
DEMO_ACCOUNTS = range(5, 30)
DEMO_TOKENS = {"WETH": Decimal(200), "WBTC": Decimal(20), "USDC": Decimal(1_000_000)}
"""What each demo account starts with, whole tokens."""
LIQUIDITY = {"WETH": Decimal(4_000), "WBTC": Decimal(300), "USDC": Decimal(6_000_000)}
"""What the liquidity provider asks each vault to take, whole tokens."""
_GAS = 200_000


class NotLocal(ChainError):
    """Only a local chain can be seeded."""


@dataclass
class SeedReport:
    """What a run did; all empty when everything was there.

    Attributes
    ----------
    expiries, series : listed in this run.
    minted : transactions that minted test tokens.
    requested : deposit requests made, `vault address`.
    """

    signers_set: bool = False
    rounds_posted: list[str] = field(default_factory=list)
    expiries: int = 0
    series: int = 0
    minted: int = 0
    requested: list[str] = field(default_factory=list)


async def seed(
    rpc: Rpc, network: Network, deployment: Deployment, spots: Mapping[str, Decimal] | None = None
) -> SeedReport:
    """Make a deployed local chain a market to trade on. Idempotent.

    Parameters
    ----------
    spots : first prices by base symbol, posted only to feeds that have no round yet.

    Raises
    ------
    NotLocal
        For any other network.
    NoSpot
        When a feed has no round and no first price is given.
    """
    if not network.is_local:
        raise NotLocal(f"{network.name} is not a local chain: test tokens and known keys belong there only")
    await rpc.require_chain(deployment.chain_id)
    report = SeedReport()
    senders = {index: Sender(rpc, local_account(index)) for index in (ADMIN, FEED_OWNER, LIQUIDITY_PROVIDER)}
    await _first_rounds(rpc, senders[FEED_OWNER], deployment, spots or {}, report)
    await _signers(rpc, senders[ADMIN], deployment, report)
    await _list(rpc, senders[ADMIN], network, deployment, report)
    await _demo_tokens(rpc, senders[ADMIN], deployment, report)
    await _liquidity(rpc, senders[LIQUIDITY_PROVIDER], deployment, report)
    return report


async def _first_rounds(
    rpc: Rpc, owner: Sender, deployment: Deployment, spots: Mapping[str, Decimal], report: SeedReport
) -> None:
    abi = load_abi("ReplayFeed")
    for feed in deployment.feeds:
        try:
            await listing.feed_spot(rpc, deployment, feed.market)
        except listing.NoSpot:
            if feed.symbol not in spots:
                raise
            decimals = await call_contract(rpc, abi, feed.address, "decimals")
            await owner.transact(abi, feed.address, "post", token_units(spots[feed.symbol], decimals))
            report.rounds_posted.append(feed.symbol)


async def _signers(rpc: Rpc, admin: Sender, deployment: Deployment, report: SeedReport) -> None:
    abi, oracle = load_abi("VolatilityOracle"), deployment.address("VolatilityOracle")
    wanted = [local_account(SURFACE_SIGNER).address]
    present = await call_contract(rpc, abi, oracle, "signers")
    if list(present) != [address.lower() for address in wanted]:
        await admin.transact(abi, oracle, "setSigners", wanted, 1)
        report.signers_set = True


async def _list(rpc: Rpc, lister: Sender, network: Network, deployment: Deployment, report: SeedReport) -> None:
    head = await rpc.block()
    if head is None:
        raise ChainError("the chain has no head")
    now = int(head["timestamp"], 16)
    for market, entry in zip(deployment.markets, network.markets, strict=True):
        volatility = float(entry.anchor_volatility or 1)
        spot = await listing.feed_spot(rpc, deployment, market.market)
        plan = await listing.plan(rpc, deployment, market.market, now=now, spot_wad=spot, volatility=volatility)
        try:
            await listing.list_all(lister, deployment, plan)
        except Reverted as refusal:
            if refusal.name != "StalePrice":
                raise
            # A replay that stood still: the keeper lists what is missing once the feed speaks again.
            continue
        report.expiries += len(plan.expiries)
        report.series += len(plan.series)


async def _demo_tokens(rpc: Rpc, minter: Sender, deployment: Deployment, report: SeedReport) -> None:
    """Tokens for accounts that hold none, neither in the wallet nor in the Clearinghouse."""
    token_abi, clearing_abi = load_abi("TestToken"), load_abi("Clearinghouse")
    clearinghouse = deployment.address("Clearinghouse")
    # Deriving keys from words is slow: once each, beside the loop.
    accounts = await asyncio.to_thread(lambda: [local_account(index).address for index in DEMO_ACCOUNTS])
    pairs = [(account, token) for account in accounts for token in deployment.tokens if token.symbol in DEMO_TOKENS]
    reads = [(token.address, token_abi.encode("balanceOf", account)) for account, token in pairs]
    reads += [(clearinghouse, clearing_abi.encode("freeBalance", account, token.address)) for account, token in pairs]
    held = await rpc.batch([("eth_call", [{"to": to, "data": data}, "latest"]) for to, data in reads])
    sends = []
    for index, (account, token) in enumerate(pairs):
        if int(held[index], 16) or int(held[index + len(pairs)], 16):
            continue
        amount = token_units(DEMO_TOKENS[token.symbol], token.decimals)
        sends.append(await minter.submit(token.address, token_abi.encode("mint", account, amount), gas=_GAS))
    for transaction in sends:
        await minter.confirm(transaction)
    report.minted += len(sends)


async def _liquidity(rpc: Rpc, provider: Sender, deployment: Deployment, report: SeedReport) -> None:
    """A deposit request to every vault that nobody has ever put anything in; the keeper processes it."""
    vault_abi, token_abi = load_abi("OptionVault"), load_abi("TestToken")
    for vault in deployment.vaults:
        supply = await call_contract(rpc, vault_abi, vault.address, "totalSupply")
        queued = await call_contract(rpc, vault_abi, vault.address, "queueTotals")
        token = deployment.settlement_token(vault.market, Side[vault.side])
        if supply or any(queued):
            continue
        assets = token_units(LIQUIDITY[token.symbol], token.decimals)
        await provider.transact(token_abi, token.address, "mint", provider.address, assets)
        await provider.transact(token_abi, token.address, "approve", vault.address, assets)
        await provider.transact(vault_abi, vault.address, "requestDeposit", assets, provider.address, provider.address)
        report.minted += 1
        report.requested.append(f"vault {vault.address}")
