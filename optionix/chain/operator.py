"""Who deploys and operates: one key on one chain, through ape or directly.

Deploying, seeding and verifying are written once against `Operator`. The ape scripts run them with the account and the
network that ape was given; tests and the local stack's start use the light one.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import Any, Protocol

from eth_account.signers.local import LocalAccount

from optionix.chain.abi import REPOSITORY, Abi
from optionix.chain.errors import RpcError
from optionix.chain.rpc import BlockingRpc
from optionix.chain.transactions import Sender, call_contract, local_account, raise_revert


class Operator(Protocol):
    """One key on one chain; reads by JSON-RPC, sends one transaction at a time and waits for it."""

    rpc: BlockingRpc
    address: str

    def send(self, to: str, data: str | bytes, value: int = 0) -> int:
        """Send, wait, and return the block's number.

        Raises
        ------
        Reverted
            With the contract's own error.
        """


class LightOperator:
    """Signs here with a key in memory."""

    def __init__(self, rpc: BlockingRpc, account: LocalAccount) -> None:
        self.rpc = rpc
        self.sender: Sender = rpc.run(_make_sender, rpc, account)
        self.address = self.sender.address

    def send(self, to: str, data: str | bytes, value: int = 0) -> int:
        """See `Operator.send`."""
        block: int = self.rpc.run(self._send, to, data, value).block_number
        return block

    async def _send(self, to: str, data: str | bytes, value: int) -> Any:
        return await self.sender.send(to, data, value=value)


async def _make_sender(rpc: BlockingRpc, account: LocalAccount) -> Sender:
    return Sender(rpc.rpc, account)


class ApeOperator:
    """An account of ape on the network that ape is connected to.

    Parameters
    ----------
    account : gives the ape account when the first transaction is due: importing ape takes seconds, and a run that finds
        everything in place sends nothing.
    """

    def __init__(self, rpc: BlockingRpc, address: str, account: Callable[[], Any]) -> None:
        self.rpc = rpc
        self.address = address
        self._account = account

    def send(self, to: str, data: str | bytes, value: int = 0) -> int:
        """See `Operator.send`."""
        body = data if isinstance(data, str) else "0x" + data.hex()
        try:
            # A dry run first: it names the contract's error, which ape shows as plain data without the sources.
            self.rpc.call("eth_call", {"from": self.address, "to": to, "data": body, "value": hex(value)}, "latest")
        except RpcError as error:
            raise_revert(error)
        receipt = self._account().transfer(to, value=value, data=body)
        return int(receipt.block_number)


@contextmanager
def ape_operator(url: str, account: str | None) -> Iterator[ApeOperator]:
    """An ape account on ape's connection to an endpoint.

    Parameters
    ----------
    account : alias of an ape account, or None for the first of the local chain's well-known ones.
    """
    with BlockingRpc(url) as rpc, ExitStack() as connections:

        @cache
        def connected() -> Any:
            ape = _ape(local=account is None)
            connections.enter_context(ape.networks.parse_network_choice(url))
            return ape.accounts.test_accounts[0] if account is None else ape.accounts.load(account)

        address = local_account(0).address if account is None else str(connected().address)
        yield ApeOperator(rpc, address, connected)


def _ape(*, local: bool) -> Any:
    if local:
        # The local chain needs nothing that ape keeps between runs; an alias lies where the user's ape keeps it.
        os.environ.setdefault("APE_DATA_FOLDER", str(REPOSITORY / ".build" / "ape"))
    import ape
    from ape.logging import LogLevel, logger

    logger.set_level(LogLevel.WARNING)
    return ape


def read(rpc: BlockingRpc, abi: Abi, address: str, function: str, *args: Any) -> Any:
    """Read a contract; see `transactions.call_contract`."""
    return rpc.run(call_contract, rpc.rpc, abi, address, function, *args)


def code_at(rpc: BlockingRpc, address: str, block: str = "latest") -> bytes:
    """Runtime code at an address, empty where there is none."""
    return bytes.fromhex(str(rpc.call("eth_getCode", address, block)).removeprefix("0x"))
