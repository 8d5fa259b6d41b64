"""Many accounts without keys on a local chain, whose transactions go out in batches and are mined together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from eth_utils.crypto import keccak

from optionix.chain.abi import load_abi
from optionix.chain.rpc import MAX_BATCH
from optionix.local.chain import LocalChain

_GAS = hex(3_000_000)
_ETHER = hex(10**24)


def address_of(name: str) -> str:
    """An address that nobody has the key of."""
    return "0x" + keccak(text=f"optionix traffic {name}")[-20:].hex()


class Crowd:
    """Sends in anybody's name; nothing happens before `mine`.

    Parameters
    ----------
    seconds : market time from one block to the next.
    """

    def __init__(self, chain: LocalChain, seconds: int) -> None:
        self.chain = chain
        self._nonces: dict[str, int] = {}
        self._pending: list[tuple[str, Sequence[Any]]] = []
        chain.rpc.call("anvil_autoImpersonateAccount", True)
        chain.rpc.call("anvil_setBlockTimestampInterval", seconds)
        chain.rpc.call("evm_setAutomine", False)

    def welcome(self, addresses: Sequence[str]) -> None:
        """Coins to pay gas with."""
        self._send([("anvil_setBalance", [address, _ETHER]) for address in addresses])

    def know(self, addresses: Sequence[str]) -> None:
        """Learn how many transactions accounts have sent; from here on it is counted."""
        calls = [("eth_getTransactionCount", [address, "latest"]) for address in addresses]
        self._nonces |= {address: int(count, 16) for address, count in zip(addresses, self._send(calls), strict=True)}

    def act(self, sender: str, contract: str, function: str, *args: Any, at: str | None = None) -> None:
        """A transaction for the next block."""
        to = at or self.chain.deployment.address(contract)
        self._pending.append(
            (
                "eth_sendTransaction",
                [
                    {
                        "from": sender,
                        "to": to,
                        "data": load_abi(contract).encode(function, *args),
                        "gas": _GAS,
                        "gasPrice": "0x0",
                        "nonce": hex(self._nonces[sender]),
                    }
                ],
            )
        )
        self._nonces[sender] += 1

    @property
    def waiting(self) -> int:
        """Transactions for the next block."""
        return len(self._pending)

    def mine(self) -> None:
        """A block of what waits."""
        self._send(self._pending)
        self._pending = []
        self.chain.rpc.call("evm_mine")

    def _send(self, calls: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        answers: list[Any] = []
        for start in range(0, len(calls), MAX_BATCH):
            answers += self.chain.rpc.batch(calls[start : start + MAX_BATCH])
        return answers
