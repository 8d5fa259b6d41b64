"""Sending transactions: signed here, EIP-1559 fees, receipts by polling, reverts decoded by our ABIs.

`Sender` serves one key on one chain and is what scripts, the SDK and tests use. The keeper, which must survive
restarts and replace stuck transactions, keeps its own queue and takes from here the pure parts: `fees_for`,
`raise_revert`, `wait_for_receipt`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, NoReturn

from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils.address import to_checksum_address

from optionix.chain.abi import Abi, decode_revert
from optionix.chain.errors import Reverted, RpcError, TransactionTimeout
from optionix.chain.rpc import Rpc

GAS_MARGIN = 1.25
"""Gas limit over the estimate: state may move between estimate and inclusion."""
_FIRST_POLL_SECONDS = 0.01
_LAST_POLL_SECONDS = 1.0
LOCAL_MNEMONIC = "test test test test test test test test test test test junk"
"""anvil's own words, known to everybody: for the local chain only."""


@dataclass(frozen=True, slots=True)
class Fees:
    """EIP-1559 prices, wei per gas."""

    max_fee: int
    priority: int


@dataclass(frozen=True)
class Receipt:
    """A mined transaction that succeeded.

    Attributes
    ----------
    fee : what the sender paid, wei.
    logs : as the node gives them.
    """

    transaction: str
    block_number: int
    gas_used: int
    fee: int
    contract_address: str | None
    logs: list[dict[str, Any]]

    def events(self, abi: Abi, name: str, address: str | None = None) -> list[dict[str, Any]]:
        """Arguments of every event `name` of `abi`, in order, optionally of one contract only."""
        found = []
        for log in self.logs:
            if address is not None and log["address"].lower() != address.lower():
                continue
            decoded = abi.decode_log(log)
            if decoded is not None and decoded[0] == name:
                found.append(decoded[1])
        return found


@cache
def local_account(index: int) -> LocalAccount:
    """Account `index` of the local chain's well-known mnemonic; never to be used elsewhere."""
    Account.enable_unaudited_hdwallet_features()
    account: LocalAccount = Account.from_mnemonic(LOCAL_MNEMONIC, account_path=f"m/44'/60'/0'/0/{index}")
    return account


def fees_for(base_fee: int, priority: int) -> Fees:
    """Fees that stay good while the base fee doubles (six full blocks)."""
    return Fees(2 * base_fee + priority, priority)


async def current_fees(rpc: Rpc) -> Fees:
    """Fees for inclusion now, from the head's base fee and the node's suggested tip."""
    head, tip = await rpc.batch([("eth_getBlockByNumber", ["latest", False]), ("eth_maxPriorityFeePerGas", [])])
    return fees_for(int(head.get("baseFeePerGas") or "0x0", 16), int(tip, 16))


def raise_revert(error: RpcError, transaction: str | None = None) -> NoReturn:
    """Raise what a node's answer means: `Reverted` when it carries or speaks of a revert, else the error itself."""
    data = error.data
    if isinstance(data, dict):
        # Some nodes wrap the return data in an object.
        data = data.get("data") or data.get("result")
    if isinstance(data, str) and data.startswith("0x"):
        raise decode_revert(data, transaction) from error
    if "revert" in error.node_message.lower():
        raise Reverted("Unknown", {"reason": error.node_message}, "0x", transaction) from error
    raise error


async def call_contract(
    rpc: Rpc, abi: Abi, address: str, function: str, *args: Any, block: int | str = "latest"
) -> Any:
    """Read a contract.

    Raises
    ------
    Reverted
        With the contract's own error.
    """
    try:
        data = await rpc.eth_call(address, abi.encode(function, *args), block=block)
    except RpcError as error:
        raise_revert(error)
    return abi.decode(function, data, len(args))


async def wait_for_receipt(rpc: Rpc, transaction: str, seconds: float = 60.0) -> dict[str, Any]:
    """The receipt as the node gives it, polled until it is there.

    Raises
    ------
    TransactionTimeout
        After `seconds` of wall time.
    """
    deadline = time.monotonic() + seconds
    pause = _FIRST_POLL_SECONDS
    while True:
        receipt: dict[str, Any] | None = await rpc.call("eth_getTransactionReceipt", transaction)
        if receipt is not None:
            return receipt
        if time.monotonic() >= deadline:
            raise TransactionTimeout(transaction, seconds)
        await asyncio.sleep(pause)
        pause = min(2 * pause, _LAST_POLL_SECONDS)


class Sender:
    """Sends transactions of one key on one chain, one after another or many at once.

    Nonces are counted here after the first; a refused send asks the node again. One `Sender` per key: two would take
    the same nonce.
    """

    def __init__(self, rpc: Rpc, account: LocalAccount, *, timeout: float = 60.0) -> None:
        self.rpc = rpc
        self.account = account
        self.timeout = timeout
        self._chain_id: int | None = None
        self._nonce: int | None = None
        self._lock = asyncio.Lock()

    @property
    def address(self) -> str:
        """The key's address, checksummed."""
        return str(self.account.address)

    async def send(
        self, to: str | None, data: str | bytes = "0x", *, value: int = 0, gas: int | None = None
    ) -> Receipt:
        """Sign, send and wait.

        Parameters
        ----------
        to : the contract, or None to create one.
        value : wei.
        gas : limit; estimated when absent, which also finds a revert before anything is paid.

        Raises
        ------
        Reverted
            By the estimate or by the mined transaction.
        TransactionTimeout
            When it is not mined in time.
        """
        return await self.confirm(await self.submit(to, data, value=value, gas=gas))

    async def transact(
        self, abi: Abi, address: str, function: str, *args: Any, value: int = 0, gas: int | None = None
    ) -> Receipt:
        """Call a contract's function in a transaction; see `send`."""
        return await self.send(address, abi.encode(function, *args), value=value, gas=gas)

    async def submit(self, to: str | None, data: str | bytes = "0x", *, value: int = 0, gas: int | None = None) -> str:
        """Sign and send without waiting; the transaction's hash."""
        body: dict[str, Any] = {"data": data if isinstance(data, str) else "0x" + data.hex(), "value": value}
        if to is not None:
            body["to"] = to_checksum_address(to)
        if self._chain_id is None:
            self._chain_id = await self.rpc.chain_id()
        body["gas"] = gas if gas is not None else await self._estimate(body)
        fees = await current_fees(self.rpc)
        body |= {
            "type": 2,
            "chainId": self._chain_id,
            "maxFeePerGas": fees.max_fee,
            "maxPriorityFeePerGas": fees.priority,
        }
        async with self._lock:
            if self._nonce is None:
                self._nonce = int(await self.rpc.call("eth_getTransactionCount", self.address, "pending"), 16)
            signed = self.account.sign_transaction(body | {"nonce": self._nonce})
            try:
                transaction = str(
                    await self.rpc.call(
                        "eth_sendRawTransaction", "0x" + signed.raw_transaction.hex().removeprefix("0x")
                    )
                )
            except Exception:
                # Whatever went wrong, the node may or may not have taken it: ask again for the nonce.
                self._nonce = None
                raise
            self._nonce += 1
            return transaction

    async def confirm(self, transaction: str) -> Receipt:
        """Wait for a transaction of `submit`.

        Raises
        ------
        Reverted, TransactionTimeout
        """
        receipt = await wait_for_receipt(self.rpc, transaction, self.timeout)
        if int(receipt["status"], 16) != 1:
            await self._explain(transaction, int(receipt["blockNumber"], 16))
        gas_used = int(receipt["gasUsed"], 16)
        return Receipt(
            transaction=transaction,
            block_number=int(receipt["blockNumber"], 16),
            gas_used=gas_used,
            fee=gas_used * int(receipt.get("effectiveGasPrice") or "0x0", 16),
            contract_address=receipt.get("contractAddress"),
            logs=receipt["logs"],
        )

    async def all(self, sends: list[Callable[[], Awaitable[str]]]) -> list[Receipt]:
        """Submit in order, then wait for all: as fast as the chain takes them."""
        hashes = [await send() for send in sends]
        return [await self.confirm(transaction) for transaction in hashes]

    async def _estimate(self, body: dict[str, Any]) -> int:
        request = {**body, "from": self.address, "value": hex(body["value"])}
        try:
            return int(int(await self.rpc.call("eth_estimateGas", request), 16) * GAS_MARGIN)
        except RpcError as error:
            raise_revert(error)

    async def _explain(self, transaction: str, block: int) -> NoReturn:
        """Run a failed transaction again on its parent block to learn why."""
        sent = await self.rpc.call("eth_getTransactionByHash", transaction)
        request = {"from": sent["from"], "data": sent["input"], "value": sent["value"], "gas": sent["gas"]}
        if sent.get("to"):
            request["to"] = sent["to"]
        try:
            await self.rpc.call("eth_call", request, hex(block - 1))
        except RpcError as error:
            raise_revert(error, transaction)
        raise Reverted(
            "Unknown", {"reason": "it ran out of gas or its block held something that changed it"}, "0x", transaction
        )
