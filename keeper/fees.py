"""What inclusion costs: by EIP-1559 alone, and on rollups with what a transaction's data cost on the chain below.

`eip1559`: the node's tip, and room for the base fee to double. The same on Arbitrum, whose estimates of gas hold the
data already. `op-stack`: each transaction pays for its data besides, which the chain tells itself (`GasPriceOracle`,
a contract that all chains of the OP stack have at one address); its receipt says what it was.
"""

from __future__ import annotations

import time
from typing import Any, Literal

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from keeper.intents import MinedReceipt
from optionix.chain.rpc import Rpc
from optionix.chain.transactions import Fees, current_fees

FeeStrategy = Literal["eip1559", "op-stack"]

GAS_PRICE_ORACLE = "0x420000000000000000000000000000000000000F"
_L1_FEE = keccak(text="getL1Fee(bytes)")[:4]
_SECONDS = 1.0


def read_receipt(receipt: dict[str, Any]) -> MinedReceipt:
    """A node's receipt; rollups of the OP stack tell the fee of the data apart (`l1Fee`)."""
    gas_used = int(receipt["gasUsed"], 16)
    fee = gas_used * int(receipt.get("effectiveGasPrice") or "0x0", 16) + int(receipt.get("l1Fee") or "0x0", 16)
    return MinedReceipt(int(receipt["blockNumber"], 16), int(receipt["status"], 16) == 1, gas_used, fee)


class FeeSource:
    """Fees of now, asked at most once a second.

    Parameters
    ----------
    strategy : how the chain charges.
    """

    def __init__(self, rpc: Rpc, strategy: FeeStrategy = "eip1559") -> None:
        self._rpc = rpc
        self._strategy = strategy
        self._known: tuple[float, Fees] | None = None

    async def now(self) -> Fees:
        """Prices of gas for inclusion now."""
        at = time.monotonic()
        if self._known is None or at - self._known[0] > _SECONDS:
            self._known = at, await current_fees(self._rpc)
        return self._known[1]

    async def data_fee(self, raw: str) -> int:
        """What the data of a signed transaction costs besides its gas, wei."""
        if self._strategy == "eip1559":
            return 0
        call = "0x" + (_L1_FEE + encode(["bytes"], [bytes.fromhex(raw[2:])])).hex()
        return int(await self._rpc.eth_call(GAS_PRICE_ORACLE, call), 16)
