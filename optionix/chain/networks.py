"""The networks that Optionix knows, read from `networks.toml`."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, Literal

from eth_utils.address import is_checksum_address
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from optionix.errors import UserError

WAD = 10**18
MIN_EXTRA_AGE = 30 * 60
"""A feed's maximum age is at least its heartbeat and this (honest feeds run late), protocol.md section 5."""
MAX_EXTRA_AGE = 60 * 60
"""... and at most two heartbeats and this."""


class UnknownNetwork(UserError, ValueError):
    """A network name that `networks.toml` does not have."""


def _checksummed(address: str) -> str:
    if not is_checksum_address(address):
        raise ValueError(f"{address} fails its EIP-55 checksum: one of its characters is wrong")
    return address


Address = Annotated[str, AfterValidator(_checksummed)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Token(_Entry):
    """A token; without an address it is a test token that the deployment creates."""

    decimals: int = Field(ge=0, le=18)
    address: Address | None = None


class Feed(_Entry):
    """How a market's price feed is read; without an address it is a replayed feed that the deployment creates.

    Attributes
    ----------
    heartbeat, max_age : seconds.
    deviation_bps : the feed's deviation threshold, basis points.
    min_price, max_price : the sane range, quote per base.
    """

    address: Address | None = None
    description: str | None = None
    decimals: int = Field(ge=0, le=18)
    heartbeat: int = Field(gt=0)
    max_age: int = Field(gt=0)
    deviation_bps: int = Field(gt=0)
    min_price: Decimal = Field(gt=0)
    max_price: Decimal = Field(gt=0)

    @property
    def min_price_wad(self) -> int:
        """Lowest sane price, WAD."""
        return int(self.min_price * WAD)

    @property
    def max_price_wad(self) -> int:
        """Highest sane price, WAD."""
        return int(self.max_price * WAD)

    @model_validator(mode="after")
    def _ages_fit(self) -> Feed:
        low, high = self.heartbeat + MIN_EXTRA_AGE, 2 * self.heartbeat + MAX_EXTRA_AGE
        if not low <= self.max_age <= high:
            raise ValueError(f"max_age {self.max_age} is outside {low} to {high} for a heartbeat of {self.heartbeat}")
        return self


class Market(_Entry):
    """A base and a quote: symbols on screen, token names of the network, and the feed."""

    base: str
    quote: str
    base_token: str
    quote_token: str
    feed: Feed
    anchor_volatility: Decimal | None = Field(default=None, gt=0)


class OracleBounds(_Entry):
    """Bounds of volatility reports; see `VolatilityOracle.setBounds`."""

    heartbeat: int
    volatility_per_day: Decimal
    carry_per_day: Decimal
    max_move_seconds: int


class VaultParams(_Entry):
    """Parameters of the vaults' quote; see `IOptionVault.Params`. Fractions of 1, contracts for `min_amount`."""

    half_spread: Decimal
    half_spread_per_day: Decimal
    skew: Decimal
    use: Decimal
    min_rate: Decimal
    floor: Decimal
    min_abs_delta: Decimal
    max_abs_delta: Decimal
    max_utilisation: Decimal
    min_amount: Decimal
    guard_window: int
    notice_seconds: int


class VaultFees(_Entry):
    """Fees of the vaults' trades, fractions of 1; see `IOptionVault.Fees`."""

    of_notional: Decimal
    of_premium: Decimal
    performance: Decimal


class Protocol(_Entry):
    """What the contracts are set to; amounts by token are in whole tokens."""

    oracle: OracleBounds
    vault: VaultParams
    deposit_caps: dict[str, Decimal]
    min_requests: dict[str, Decimal]
    fees: VaultFees
    bounty_caps: dict[str, Decimal]


class Network(_Entry):
    """One network; see the head of `networks.toml` for what the fields mean."""

    name: str
    title: str
    chain_id: int = Field(gt=0)
    native: str
    wrapped_native: str
    real_time: bool
    finality: Literal["finalized"] | Annotated[int, Field(ge=0)]
    delay_seconds: int = Field(ge=0)
    test_net: bool
    fees: Literal["eip1559", "op-stack"] = "eip1559"
    rpc_env: str
    rpc_default: str | None = None
    explorer: str | None = None
    sequencer_feed: Address | None = None
    sequencer_grace: int = Field(default=0, ge=0)
    tokens: dict[str, Token]
    markets: list[Market] = []
    protocol: Protocol

    @property
    def is_local(self) -> bool:
        """Whether this is the embedded chain, where test tokens exist and keys are known to everybody."""
        return self.name == "local"

    @model_validator(mode="after")
    def _names_resolve(self) -> Network:
        wanted = {token for market in self.markets for token in (market.base_token, market.quote_token)}
        missing = (wanted | {self.wrapped_native}) - self.tokens.keys()
        if missing:
            raise ValueError(f"{self.name}: no token {', '.join(sorted(missing))}")
        amounts = self.protocol.deposit_caps, self.protocol.min_requests, self.protocol.bounty_caps
        unset = {token for table in amounts for token in wanted - table.keys()}
        if unset:
            raise ValueError(f"{self.name}: no cap, least request or bounty for {', '.join(sorted(unset))}")
        if not self.is_local:
            nameless = [name for name, token in self.tokens.items() if token.address is None]
            nameless += [market.base for market in self.markets if market.feed.address is None]
            if nameless:
                raise ValueError(f"{self.name}: {', '.join(nameless)} needs an address on a public network")
        return self

    def rpc_url(self, environment: Mapping[str, str] | None = None) -> str:
        """The HTTP endpoint: the network's environment variable, else the default of the file.

        Raises
        ------
        UnknownNetwork
            When neither is there, naming the variable to set.
        """
        return self.rpc_urls(environment)[0]

    def rpc_urls(self, environment: Mapping[str, str] | None = None, *, scheme: str = "http") -> list[str]:
        """All endpoints of a scheme (`http` or `ws`, each with its secure kind), separated by commas in the variable.

        Raises
        ------
        UnknownNetwork
            When there is no HTTP one, naming the variable to set.
        """
        text = (os.environ if environment is None else environment).get(self.rpc_env) or self.rpc_default or ""
        urls = [url for part in text.split(",") if (url := part.strip())]
        found = [url for url in urls if url.startswith((f"{scheme}://", f"{scheme}s://"))]
        if not found and scheme == "http":
            raise UnknownNetwork(f"no endpoint for {self.title}: set {self.rpc_env} to its HTTP address")
        return found


@cache
def networks() -> dict[str, Network]:
    """All networks by name, in the order of the file."""
    data = _file()
    return {
        name: Network(**{**fields, "name": name, "protocol": _merged(data["protocol"], fields.get("protocol", {}))})
        for name, fields in data["networks"].items()
    }


def default_network() -> str:
    """The name of the network used when none is given: the local one."""
    return str(_file()["default"])


def network(name: str) -> Network:
    """A network by name.

    Raises
    ------
    UnknownNetwork
        Naming the known ones.
    """
    try:
        return networks()[name]
    except KeyError:
        raise UnknownNetwork(f"there is no network {name!r}: use one of {', '.join(networks())}") from None


def network_of_chain(chain_id: int) -> Network:
    """The network with a chain id.

    Raises
    ------
    UnknownNetwork
        When the file has none.
    """
    for entry in networks().values():
        if entry.chain_id == chain_id:
            return entry
    raise UnknownNetwork(f"no network of networks.toml has chain id {chain_id}")


@cache
def _file() -> dict[str, Any]:
    return tomllib.loads(files("optionix.chain").joinpath("networks.toml").read_text(encoding="utf-8"))


def _merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """One table over another, tables inside merged as well."""
    merged = dict(base)
    for key, value in over.items():
        inner = base.get(key)
        merged[key] = _merged(inner, value) if isinstance(inner, Mapping) and isinstance(value, Mapping) else value
    return merged
