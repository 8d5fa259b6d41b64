"""The client's connection: network, deployment, endpoint and key; reads, sends, names."""

from __future__ import annotations

from functools import partial
from types import TracebackType
from typing import Any, Self

from eth_account import Account
from eth_account.signers.local import LocalAccount

from optionix.chain import deployment as deployments
from optionix.chain.abi import load_abi
from optionix.chain.deployment import DeployedToken, Deployment
from optionix.chain.errors import ChainError
from optionix.chain.networks import network as network_by_name
from optionix.chain.operator import read
from optionix.chain.rpc import BlockingRpc
from optionix.chain.transactions import Receipt, Sender
from optionix.client.values import Block
from optionix.errors import UserError
from optionix.instruments import Series, Side, parse_series
from optionix.settings import Settings
from optionix.settings import settings as process_settings


class NoKey(UserError):
    """Something that only a key can do was asked of a client without one."""


class Connection:
    """A connection to one network, with or without a key.

    Parameters
    ----------
    network : a name of networks.toml.
    key : the account that acts; an eth-account, or a private key as 0x text. None reads only.
    rpc_url : endpoint; the network's own when absent.
    deployment : addresses; the network's file when absent.
    """

    def __init__(
        self,
        network: str = "local",
        key: LocalAccount | str | None = None,
        *,
        rpc_url: str | None = None,
        deployment: Deployment | None = None,
        settings: Settings | None = None,
    ) -> None:
        self.network = network_by_name(network)
        known = settings or process_settings()
        self.deployment = deployment or deployments.load(network, known)
        url = rpc_url or (known.rpc_url if self.network.is_local else self.network.rpc_url())
        self.rpc = BlockingRpc(url)
        self._sender: Sender | None = None
        if key is not None:
            account = Account.from_key(key) if isinstance(key, str) else key
            self._sender = self.rpc.run(_make_sender, self.rpc, account)

    def close(self) -> None:
        """Close the connection."""
        self.rpc.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def address(self) -> str:
        """The account that acts.

        Raises
        ------
        NoKey
            For a client that reads only.
        """
        return str(self.account.address)

    @property
    def account(self) -> LocalAccount:
        """The key that signs.

        Raises
        ------
        NoKey
            For a client that reads only.
        """
        if self._sender is None:
            raise NoKey("this needs a key: the client was made to read only")
        return self._sender.account

    def head(self) -> Block:
        """The newest block; its timestamp is market time."""
        block = self.rpc.call("eth_getBlockByNumber", "latest", False)
        if block is None:
            raise ChainError("the chain has no head")
        return Block(int(block["number"], 16), str(block["hash"]), int(block["timestamp"], 16))

    def series(self, series: Series | str | int) -> Series:
        """A series from its name, its id, or itself."""
        if isinstance(series, str):
            return parse_series(series, self.deployment.market_ids)
        return Series.from_id(series) if isinstance(series, int) else series

    def name(self, series: Series) -> str:
        """The text form of a series."""
        return series.name(self.deployment.market_by_id(series.market).base)

    def settlement_token(self, series: Series) -> DeployedToken:
        """The token that a series is collateralised, priced and settled in."""
        return self.deployment.settlement_token(series.market, series.side)

    def vault_address(self, vault: str | Series) -> str:
        """A vault's address: itself, `ETH-C`, or the one that trades a series."""
        if isinstance(vault, Series):
            return self.deployment.vault(vault.market, vault.side).address
        if vault.lower().startswith("0x"):
            return vault
        symbol, _, side = vault.rpartition("-")
        return self.deployment.vault(self.deployment.market(symbol).market, Side.parse(side)).address

    def read(self, contract: str, function: str, *args: Any) -> Any:
        """Read a core contract by name."""
        return read(self.rpc, load_abi(contract), self.deployment.address(contract), function, *args)

    def read_at(self, abi: str, address: str, function: str, *args: Any) -> Any:
        """Read any contract of a known ABI."""
        return read(self.rpc, load_abi(abi), address, function, *args)

    def transact(self, contract: str, function: str, *args: Any, value: int = 0) -> Receipt:
        """A transaction to a core contract by name, with wei where it takes them."""
        return self.transact_at(contract, self.deployment.address(contract), function, *args, value=value)

    def transact_at(self, abi: str, address: str, function: str, *args: Any, value: int = 0) -> Receipt:
        """A transaction to any contract of a known ABI."""
        if self._sender is None:
            raise NoKey(f"{function} needs a key: the client was made to read only")
        data = load_abi(abi).encode(function, *args)
        receipt: Receipt = self.rpc.run(partial(self._sender.send, value=value), address, data)
        return receipt

    def approve(self, token: DeployedToken, spender: str, assets: int) -> Receipt | None:
        """Let `spender` take at least `assets` of a token; nothing is sent where it may already."""
        allowed = self.read_at("TestToken", token.address, "allowance", self.address, spender)
        return None if allowed >= assets else self.transact_at("TestToken", token.address, "approve", spender, assets)

    def allow_trading(self, operator: str) -> Receipt | None:
        """Give an operator the TRADE flag over the account's books and free balance, beside the flags that it has."""
        flags = self.read("Clearinghouse", "operatorFlags", self.address, operator)
        return None if flags & 1 else self.transact("Clearinghouse", "setOperator", operator, flags | 1)

    def logs(self, address: str, topics: list[str | list[str] | None]) -> list[dict[str, Any]]:
        """Logs of one contract since the deployment's first block."""
        request = {"address": address, "topics": topics, "fromBlock": hex(self.deployment.block), "toBlock": "latest"}
        logs: list[dict[str, Any]] = self.rpc.call("eth_getLogs", request)
        return logs

    def topic(self, contract: str, event: str) -> str:
        """An event's first topic."""
        return next(item.hash for item in load_abi(contract).events.values() if item.name == event)


async def _make_sender(rpc: BlockingRpc, account: LocalAccount) -> Sender:
    return Sender(rpc.rpc, account)
