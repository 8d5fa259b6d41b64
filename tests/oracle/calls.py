"""Reads calldata: which function with which arguments. Functions that move nothing are known by name and left alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eth_abi.abi import decode
from eth_utils.crypto import keccak

TOKEN = (
    "transfer(address,uint256)",
    "transferFrom(address,address,uint256)",
    "mint(address,uint256)",
    "deposit()",
    "withdraw(uint256)",
)
FEED = ("post(int256)", "startPhase()")
MARKETS = (
    "settle(uint16,uint40,uint80)",
    "settleAtLastRound(uint16,uint40,uint80)",
    "settleAtCheckpoint(uint16,uint40)",
    "checkpoint(uint16,uint40)",
    "listExpiry(uint16,uint40)",
)
OPTION_TOKEN = (
    "safeTransferFrom(address,address,uint256,uint256,bytes)",
    "safeBatchTransferFrom(address,address,uint256[],uint256[],bytes)",
)
VOLATILITY_ORACLE = ("post((uint16,uint40,(uint40,uint64,uint64,int48,int40)[]),bytes[])",)
CLEARINGHOUSE = (
    "multicall(bytes[])",
    "deposit(address,uint256)",
    "depositWithPermit(address,uint256,uint256,uint8,bytes32,bytes32)",
    "withdraw(address,uint256,address)",
    "withdrawFor(address,address,uint256)",
    "pay(address,address,address,uint256)",
    "write(address,uint256,uint256,address)",
    "close(address,uint256,uint256,address)",
    "net(address,uint256,uint64[])",
    "place(address,uint256,uint256)",
    "takeBack(address,uint256,uint256,address)",
    "settleLeg(address,uint256)",
    "settleBook(address,uint256)",
    "settleMany((address,uint256)[])",
    "redeem(uint256,uint256,address)",
    "redeemFor(address,uint256)",
    "redeemMany((address,uint256)[])",
    "accrueFee(uint256,uint256)",
    "collectFees(uint256)",
    "setTreasury(address)",
    "setBountyCap(address,uint256)",
)
_ORDER = (
    "(address,address,uint256,bool,bool,uint8,address,uint128,uint128,uint40,uint64,uint128,uint128,uint128,uint128,"
    "uint32,bool,int40,int40,uint64)"
)
EXCHANGE = (
    f"fill({_ORDER},bytes,(uint128,uint128,uint256,address,bool))",
    "cancel(uint64)",
    "cancelBelow(uint64)",
)
VAULT = (
    "buy(uint256,uint256,uint256,address,uint256,uint8)",
    "sell(uint256,uint256,uint256,address,uint256,uint8)",
    "release(uint256)",
    "requestDeposit(uint256,address,address)",
    "requestRedeem(uint256,address,address)",
    "cancelDeposit(uint256)",
    "cancelRedeem(uint256)",
    "process(uint256)",
    "deposit(uint256,address)",
    "deposit(uint256,address,address)",
    "mint(uint256,address)",
    "mint(uint256,address,address)",
    "redeem(uint256,address,address)",
    "withdraw(uint256,address,address)",
    "transfer(address,uint256)",
    "transferFrom(address,address,uint256)",
)
#: Calls that change rights, listings or settings but nobody's assets.
NEUTRAL = (
    "approve(address,uint256)",
    "setApprovalForAll(address,bool)",
    "setOperator(address,uint8)",
    "setOperator(address,bool)",
    "setRedeemFor(bool)",
    "listSeries(uint256[])",
)


def selector(signature: str) -> bytes:
    """The first four bytes of a signature's hash."""
    return keccak(text=signature)[:4]


class Unknown(ValueError):
    """A call that this model has no rule for."""


class Reader:
    """Decodes the calls of one contract."""

    def __init__(self, *signatures: str) -> None:
        self._known: Mapping[bytes, str] = {selector(each): each for each in (*signatures, *NEUTRAL)}

    def read(self, data: bytes) -> tuple[str, tuple[Any, ...]]:
        """Function signature and arguments.

        Raises
        ------
        Unknown
            For a selector without a rule.
        """
        signature = self._known.get(data[:4])
        if signature is None:
            raise Unknown(f"selector 0x{data[:4].hex()}")
        return signature, decode(_types(signature), data[4:])


def _types(signature: str) -> list[str]:
    """The argument types of a signature; tuples stay whole."""
    inside = signature[signature.index("(") + 1 : -1]
    types, depth, start = [], 0, 0
    for place, letter in enumerate(inside):
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            types.append(inside[start:place])
            start = place + 1
    return [*types, inside[start:]] if inside else []
