"""Deploying: the same core addresses on every chain, markets and feeds registered afterwards, roles and delays last.

Every step first looks whether the chain has it already, so a second run changes nothing and one that was cut off
continues. Core contracts take no argument that differs by chain: their addresses follow from their code and the first
admin alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from eth_utils.address import to_checksum_address

from optionix.chain import roles
from optionix.chain.abi import load_abi
from optionix.chain.artifacts import Artifact
from optionix.chain.create2 import PROXY, PROXY_FUNDS, PROXY_SIGNER, PROXY_TRANSACTION, create2_address, create2_data
from optionix.chain.deployment import (
    DeployedContract,
    DeployedFeed,
    DeployedMarket,
    DeployedToken,
    DeployedVault,
    Deployment,
)
from optionix.chain.errors import ChainError, RpcError
from optionix.chain.networks import Market, Network
from optionix.chain.operator import Operator, code_at, read
from optionix.chain.parameters import parameter_calls
from optionix.chain.roles import Role
from optionix.chain.transactions import wait_for_receipt
from optionix.instruments import Side

TOKEN_NAMES = {"WETH": "Wrapped Ether", "WBTC": "Wrapped Bitcoin", "USDC": "USD Coin"}
"""Names of the local test tokens."""
ZERO_ADDRESS = "0x" + "0" * 40


class DeployError(ChainError):
    """The chain is not as the networks file says, or a step can only be scheduled."""


@dataclass
class Report:
    """What a run did.

    Attributes
    ----------
    created : contracts that were not there before, `name address`.
    configured : settings that were not as they should be.
    """

    deployment: Deployment
    created: list[str]
    configured: list[str]


@dataclass
class _Run:
    """The state of one run: who acts, what was compiled, what an earlier run wrote down."""

    operator: Operator
    artifacts: Mapping[str, Artifact]
    previous: Deployment | None
    created: list[str] = field(default_factory=list)
    configured: list[str] = field(default_factory=list)
    blocks: dict[str, int] = field(default_factory=dict)

    def create(self, name: str, *args: Any) -> str:
        """The address of a contract, created where it is not there yet."""
        code = self.artifacts[name].init_code(*args)
        address = create2_address(code)
        self._require_same_version(name, address)
        if code_at(self.operator.rpc, address):
            self.blocks[address] = self._block_of(address)
        else:
            self.blocks[address] = self.operator.send(PROXY, create2_data(code))
            if not code_at(self.operator.rpc, address):
                raise DeployError(f"{name} was sent to the proxy, but nothing stands at {address}")
            self.created.append(f"{name} {address}")
        return address

    def configure(self, what: str, to: str, data: str) -> None:
        """One setting that was found missing."""
        self.operator.send(to, data)
        self.configured.append(what)

    def _require_same_version(self, name: str, address: str) -> None:
        """Refuses to put other code beside a deployment in use: its users, keepers and tables hold to the old one."""
        known = self.previous.contracts.get(name) if self.previous else None
        if known is None or known.address == address:
            return
        raise DeployError(
            f"{name} stands at {known.address}; these sources make it {address}: other contracts, or another admin.",
            "On a local chain `optionix up --fresh` begins a new market; elsewhere take the version that deployed it,"
            " or move its file of addresses away to deploy anew.",
        )

    @cached_property
    def _known_blocks(self) -> dict[str, int]:
        """The blocks that an earlier run wrote down, by address."""
        if self.previous is None:
            return {}
        return {entry.address: entry.block for entry in self.previous.contracts.values()} | {
            vault.address: vault.block for vault in self.previous.vaults
        }

    def _block_of(self, address: str) -> int:
        """The block that created a contract: as written down before, else searched for, else the chain's first."""
        if address in self._known_blocks:
            return self._known_blocks[address]
        low, high = 0, int(self.operator.rpc.call("eth_blockNumber"), 16)
        try:
            while low < high:
                middle = (low + high) // 2
                if code_at(self.operator.rpc, address, hex(middle)):
                    high = middle
                else:
                    low = middle + 1
        except RpcError:
            # The node keeps no old states: reading from the first block is slow and right.
            return 0
        return low


def deploy(
    operator: Operator,
    network: Network,
    artifacts: Mapping[str, Artifact],
    *,
    admin: str,
    holders: roles.Holders,
    feed_owner: str | None = None,
    treasury: str | None = None,
    previous: Deployment | None = None,
) -> Report:
    """Bring a chain to the state that the networks file describes.

    Parameters
    ----------
    admin : AccessManager's first admin; a part of every core address. The operator must be it while settings are made.
    holders : accounts of each role.
    feed_owner : who posts to the replayed feeds of a local chain.
    treasury : where fees go; the admin when absent.
    previous : the deployment that an earlier run wrote; ignored when it speaks of another chain.

    Raises
    ------
    DeployError, WrongChain
        Before anything is sent, where the chain is not the one described.
    """
    rpc = operator.rpc
    rpc.run(rpc.rpc.require_chain, network.chain_id)
    genesis = str(rpc.call("eth_getBlockByNumber", "0x0", False)["hash"])
    same_chain = previous is not None and previous.genesis_hash == genesis
    run = _Run(operator, artifacts, previous if same_chain else None)
    _check_public_addresses(operator, network)
    _ensure_proxy(operator)

    access = run.create("AccessManager", admin)
    markets = run.create("Markets", access)
    renderer = run.create("OptionRenderer", markets)
    clearinghouse = run.create("Clearinghouse", access, markets, renderer)
    oracle = run.create("VolatilityOracle", access, markets)
    pricer = run.create("VaultPricer", oracle)
    exchange = run.create("Exchange", access, clearinghouse, oracle)
    token = str(read(rpc, load_abi("Clearinghouse"), clearinghouse, "optionToken"))
    account_lens = run.create("AccountLens", clearinghouse)
    contracts = {
        "AccessManager": access,
        "Markets": markets,
        "Clearinghouse": clearinghouse,
        "OptionToken": str(to_checksum_address(token)),
        "VolatilityOracle": oracle,
        "VaultPricer": pricer,
        "Exchange": exchange,
        "Router": run.create("Router", exchange),
        "OptionRenderer": renderer,
        "ChainLens": run.create("ChainLens", clearinghouse, oracle),
        "AccountLens": account_lens,
        "Simulator": run.create("Simulator", clearinghouse, account_lens),
        "VaultLens": run.create("VaultLens", clearinghouse),
        "OrderLens": run.create("OrderLens", exchange),
    }
    run.blocks[contracts["OptionToken"]] = run.blocks[clearinghouse]

    tokens = [
        DeployedToken(
            symbol=name,
            decimals=entry.decimals,
            address=entry.address or _test_token(run, network, name, entry.decimals),
        )
        for name, entry in network.tokens.items()
    ]
    by_name = {entry.symbol: entry.address for entry in tokens}
    feeds = [
        entry.feed.address
        or run.create("ReplayFeed", entry.feed.decimals, f"{entry.base} / USD", feed_owner or operator.address)
        for entry in network.markets
    ]
    _register_wrapped_native(run, network, clearinghouse, by_name[network.wrapped_native])
    registered = _register_markets(run, network, markets, by_name, feeds)
    vaults = [_vault(run, access, clearinghouse, pricer, entry.market, side) for entry in registered for side in Side]
    deployment = Deployment(
        network=network.name,
        chain_id=network.chain_id,
        genesis_hash=genesis,
        block=min(run.blocks[address] for address in contracts.values()),
        admin=admin,
        contracts={
            name: DeployedContract(address=address, block=run.blocks[address]) for name, address in contracts.items()
        },
        vaults=vaults,
        tokens=tokens,
        feeds=[
            DeployedFeed(market=entry.market, symbol=entry.base, address=address)
            for entry, address in zip(registered, feeds, strict=True)
        ],
        markets=registered,
    )
    _configure(run, network, deployment, holders, treasury or admin)
    return Report(deployment, run.created, run.configured)


def _configure(run: _Run, network: Network, deployment: Deployment, holders: roles.Holders, treasury: str) -> None:
    """Roles, parameters, delays: in this order, since delays end what can be done at once."""
    operator = run.operator
    manager = deployment.address("AccessManager")
    with_admin: roles.Holders = {role: [*dict.fromkeys((deployment.admin, *holders.get(role, ())))] for role in Role}
    _many(run, manager, roles.function_calls(operator, deployment))
    _many(run, manager, roles.holder_calls(operator, deployment, with_admin))
    for what, to, data in parameter_calls(operator, network, deployment, treasury):
        run.configure(what, to, data)
    _many(run, manager, roles.delay_calls(operator, deployment, network, with_admin))


def _many(run: _Run, manager: str, calls: Sequence[tuple[str, str]]) -> None:
    """Several calls of AccessManager in one transaction."""
    if not calls:
        return
    if run.operator.address != _admin_now(run, manager):
        raise DeployError(
            f"{'; '.join(what for what, _ in calls)}: only an admin without a delay can do this.",
            "Deploy with the first admin's key, or schedule the calls in AccessManager.",
        )
    data = load_abi("AccessManager").encode("multicall", [bytes.fromhex(call[2:]) for _, call in calls])
    run.operator.send(manager, data)
    run.configured += [what for what, _ in calls]


def _admin_now(run: _Run, manager: str) -> str | None:
    held, delay = read(
        run.operator.rpc, load_abi("AccessManager"), manager, "hasRole", int(Role.ADMIN), run.operator.address
    )
    return run.operator.address if held and delay == 0 else None


def _register_markets(
    run: _Run, network: Network, markets: str, tokens: Mapping[str, str], feeds: Sequence[str]
) -> list[DeployedMarket]:
    abi, rpc = load_abi("Markets"), run.operator.rpc
    known = read(rpc, abi, markets, "marketCount")
    registered = []
    for number, (entry, feed) in enumerate(zip(network.markets, feeds, strict=True), start=1):
        base, quote = tokens[entry.base_token], tokens[entry.quote_token]
        if number > known:
            data = abi.encode("addMarket", base, quote, feed_config(network, entry, feed))
            run.configure(f"market {number} {entry.base}/{entry.quote}", markets, data)
        else:
            there = read(rpc, abi, markets, "market", number)
            if (there["base"], there["quote"]) != (base.lower(), quote.lower()):
                raise DeployError(
                    f"market {number} on {network.name} is {there['base']}/{there['quote']},"
                    f" not {entry.base}/{entry.quote}: markets are never changed, so the networks file must"
                    " list them in the chain's order"
                )
        registered.append(
            DeployedMarket(market=number, base=entry.base, quote=entry.quote, base_token=base, quote_token=quote)
        )
    return registered


def _register_wrapped_native(run: _Run, network: Network, clearinghouse: str, token: str) -> None:
    """What value sent to the Clearinghouse becomes. It is set once; another one is another market."""
    abi = load_abi("Clearinghouse")
    there = str(read(run.operator.rpc, abi, clearinghouse, "wrappedNative"))
    if there == ZERO_ADDRESS:
        run.configure(f"wrapped native {network.wrapped_native}", clearinghouse, abi.encode("setWrappedNative", token))
    elif there != token.lower():
        raise DeployError(
            f"the Clearinghouse on {network.name} wraps into {there}, not {network.wrapped_native} {token}:"
            " that is set once and for all"
        )


def feed_config(network: Network, market: Market, feed: str) -> dict[str, Any]:
    """A market's feed settings as `Markets` wants them."""
    return {
        "feed": feed,
        "decimals": market.feed.decimals,
        "heartbeat": market.feed.heartbeat,
        "maxAge": market.feed.max_age,
        "deviationBps": market.feed.deviation_bps,
        "minPrice": market.feed.min_price_wad,
        "maxPrice": market.feed.max_price_wad,
        "sequencerFeed": network.sequencer_feed or ZERO_ADDRESS,
        "sequencerGrace": network.sequencer_grace,
    }


def _vault(run: _Run, access: str, clearinghouse: str, pricer: str, market: int, side: Side) -> DeployedVault:
    address = run.create("OptionVault", access, clearinghouse, pricer, market, int(side))
    name = "CALL" if side is Side.CALL else "PUT"
    return DeployedVault(address=address, market=market, side=name, block=run.blocks[address])


def _test_token(run: _Run, network: Network, symbol: str, decimals: int) -> str:
    name = TOKEN_NAMES.get(symbol, symbol)
    if symbol == network.wrapped_native:
        return run.create("TestWrappedNative", name, symbol)
    return run.create("TestToken", name, symbol, decimals)


def _ensure_proxy(operator: Operator) -> None:
    """The CREATE2 proxy, put in place by its own signed transaction where a chain lacks it."""
    if code_at(operator.rpc, PROXY):
        return
    funds = int(operator.rpc.call("eth_getBalance", PROXY_SIGNER, "latest"), 16)
    if funds < PROXY_FUNDS:
        operator.send(PROXY_SIGNER, "0x", PROXY_FUNDS - funds)
    try:
        transaction = operator.rpc.call("eth_sendRawTransaction", PROXY_TRANSACTION)
    except RpcError as error:
        raise DeployError(
            f"this chain has no CREATE2 proxy at {PROXY} and refuses its signed transaction ({error.node_message}):"
            " it takes no transaction without a chain id, so the proxy must come with the chain"
        ) from error
    operator.rpc.run(wait_for_receipt, operator.rpc.rpc, transaction)
    if not code_at(operator.rpc, PROXY):
        raise DeployError(f"the proxy's transaction {transaction} was mined, but nothing stands at {PROXY}")


def _check_public_addresses(operator: Operator, network: Network) -> None:
    """Ask the chain whether each token and feed of the file is what the file says."""
    token_abi, feed_abi, rpc = load_abi("TestToken"), load_abi("ReplayFeed"), operator.rpc
    for symbol, token in network.tokens.items():
        if token.address is None:
            continue
        if not code_at(rpc, token.address):
            raise DeployError(f"{network.name}: nothing stands at {token.address}, which should be {symbol}")
        found = read(rpc, token_abi, token.address, "decimals")
        if found != token.decimals:
            raise DeployError(f"{network.name}: {symbol} has {found} decimals on chain, {token.decimals} in the file")
    for market in network.markets:
        feed = market.feed
        if feed.address is None:
            continue
        described = read(rpc, feed_abi, feed.address, "description")
        if described != feed.description:
            raise DeployError(f"{network.name}: the feed {feed.address} is {described!r}, not {feed.description!r}")
