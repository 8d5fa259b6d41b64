"""What is deployed where: one JSON file for each network, read by every part.

The local one lies in the data folder, since it dies with its chain; public ones are committed under `deployments/`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from eth_utils.address import to_checksum_address
from pydantic import BaseModel, ConfigDict, ValidationError

from optionix.chain.errors import DeploymentMissing
from optionix.chain.networks import network as network_by_name
from optionix.instruments import Side
from optionix.settings import Settings

SideName = Literal["CALL", "PUT"]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DeployedContract(_Entry):
    """A core contract's address (checksummed) and the block that created it."""

    address: str
    block: int


class DeployedVault(_Entry):
    """A vault: one for each market and side."""

    address: str
    market: int
    side: SideName
    block: int


class DeployedToken(_Entry):
    """A token that markets use."""

    symbol: str
    address: str
    decimals: int


class DeployedFeed(_Entry):
    """The price feed of a market, by its base symbol on screen."""

    market: int
    symbol: str
    address: str


class DeployedMarket(_Entry):
    """A market: symbols on screen and token addresses."""

    market: int
    base: str
    quote: str
    base_token: str
    quote_token: str


class Deployment(_Entry):
    """Everything of one network.

    Attributes
    ----------
    genesis_hash : hash of block 0, which tells a local chain from its successor with the same id.
    block : the first block in which one of our contracts can have done anything.
    admin : the first admin, fixed by AccessManager's creation code.
    """

    network: str
    chain_id: int
    genesis_hash: str
    block: int
    admin: str
    contracts: dict[str, DeployedContract]
    vaults: list[DeployedVault]
    tokens: list[DeployedToken]
    feeds: list[DeployedFeed]
    markets: list[DeployedMarket]

    def address(self, contract: str) -> str:
        """Address of a core contract by name.

        Raises
        ------
        DeploymentMissing
            When this deployment has none of that name.
        """
        try:
            return self.contracts[contract].address
        except KeyError:
            raise DeploymentMissing(f"{contract} is not deployed on {self.network}") from None

    def market(self, symbol: str) -> DeployedMarket:
        """A market by its base symbol on screen (`ETH`)."""
        for entry in self.markets:
            if entry.base == symbol.upper():
                return entry
        known = ", ".join(entry.base for entry in self.markets) or "none"
        raise DeploymentMissing(f"there is no market {symbol} on {self.network} (there is: {known})")

    def market_by_id(self, market: int) -> DeployedMarket:
        """A market by its id."""
        for entry in self.markets:
            if entry.market == market:
                return entry
        raise DeploymentMissing(f"there is no market {market} on {self.network}")

    def vault(self, market: int, side: Side) -> DeployedVault:
        """The vault of a market's side."""
        for entry in self.vaults:
            if entry.market == market and entry.side == side.name:
                return entry
        raise DeploymentMissing(f"there is no vault for {side.name.lower()}s of market {market} on {self.network}")

    def feed(self, market: int) -> DeployedFeed:
        """The feed of a market."""
        for entry in self.feeds:
            if entry.market == market:
                return entry
        raise DeploymentMissing(f"there is no feed for market {market} on {self.network}")

    def token(self, symbol_or_address: str) -> DeployedToken:
        """A token by symbol or address."""
        for entry in self.tokens:
            if symbol_or_address.lower() in (entry.symbol.lower(), entry.address.lower()):
                return entry
        known = ", ".join(entry.symbol for entry in self.tokens) or "none"
        raise DeploymentMissing(f"there is no token {symbol_or_address} on {self.network} (there is: {known})")

    def settlement_token(self, market: int, side: Side) -> DeployedToken:
        """The one token of a side: base for calls, quote for puts."""
        entry = self.market_by_id(market)
        return self.token(entry.base_token if side is Side.CALL else entry.quote_token)

    @property
    def market_ids(self) -> dict[str, int]:
        """Market ids by base symbol, as `instruments.parse_series` wants them."""
        return {entry.base: entry.market for entry in self.markets}

    def contract_of(self, address: str) -> str | None:
        """The ABI's name for an address of this deployment, or None: core contracts, vaults, tokens, feeds."""
        wanted = to_checksum_address(address)
        for name, contract in self.contracts.items():
            if contract.address == wanted:
                return name
        if any(vault.address == wanted for vault in self.vaults):
            return "OptionVault"
        if any(token.address == wanted for token in self.tokens):
            return "TestToken"
        if any(feed.address == wanted for feed in self.feeds):
            return "ReplayFeed"
        return None


def path_of(network: str, settings: Settings) -> Path:
    """Where a network's file lies."""
    if network_by_name(network).is_local:
        return settings.layout.deployment
    return settings.deployments_dir / f"{network}.json"


def load(network: str, settings: Settings) -> Deployment:
    """The deployment of a network.

    Raises
    ------
    UnknownNetwork
        For a name that `networks.toml` does not have.
    DeploymentMissing
        When it has none yet, or its file cannot be read.
    """
    path = path_of(network, settings)
    try:
        return Deployment.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        how = "start it with `optionix up`" if network_by_name(network).is_local else "run `optionix deploy`"
        raise DeploymentMissing(f"nothing is deployed on {network}: {path} does not exist.", how) from None
    except ValidationError as error:
        raise DeploymentMissing(f"{path} is not a deployment: {error}") from error


def save(deployment: Deployment, settings: Settings) -> Path:
    """Write a deployment's file as a whole; its path."""
    path = path_of(deployment.network, settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(deployment.model_dump_json(indent=2) + "\n", encoding="utf-8")
    partial.replace(path)
    return path
