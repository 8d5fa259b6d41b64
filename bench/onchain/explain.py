"""Where a transaction's gas goes: by contract and by what the chain charges for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from optionix.chain.rpc import BlockingRpc

BASE = 21_000
"""What every transaction costs."""
_CALLS = ("CALL", "STATICCALL", "DELEGATECALL")
_TOUCHES = ("EXTCODESIZE", "EXTCODEHASH", "EXTCODECOPY", "BALANCE")
KINDS = (
    *("base", "call data", "cold slots", "cold accounts", "stores", "logs"),
    *("warm", "computing", "refund"),
)
"""What the chain itself charges for first, then what is left: reads of what is warm, computing."""
_KIND = {"warm slots": "warm", "warm calls": "warm"}
_COLD_SLOT = 2_100
_COLD_STORES = (2_200, 5_000, 22_100)
_COLD_ACCOUNT = 2_600


@dataclass
class _Frame:
    """A contract at work: how much gas it began with, and what its caller had before the call."""

    name: str
    began: int
    caller_had: int
    ended: int = 0


def explain(rpc: BlockingRpc, transaction: str, names: Mapping[str, str]) -> Counter[tuple[str, str]]:
    """Gas by (contract, kind): the transaction itself, cold slots, stores, cold accounts, logs, warm calls, computing.

    The chain must trace steps. What was refunded at the end is negative.

    Parameters
    ----------
    names : what contracts are called, by lower-case address.
    """
    sent = rpc.call("eth_getTransactionByHash", transaction)
    steps = rpc.call("debug_traceTransaction", transaction, {"enableMemory": False, "disableStorage": True})[
        "structLogs"
    ]
    spent: Counter[tuple[str, str]] = Counter()
    spent["transaction", "base"] = BASE
    spent["transaction", "call data"] = call_data(sent["input"])
    frames = [_Frame(names.get(sent["to"], sent["to"]), int(steps[0]["gas"]), 0)]
    for step, following in zip(steps, [*steps[1:], None], strict=True):
        frame = frames[-1]
        frame.ended = int(step["gas"]) - int(step["gasCost"])
        deeper = following is not None and following["depth"] > step["depth"]
        if deeper and following is not None:
            address = "0x" + str(step["stack"][-2]).removeprefix("0x").rjust(40, "0")[-40:]
            frames.append(_Frame(names.get(address, address), int(following["gas"]), int(step["gas"])))
            continue
        if step["op"] not in _CALLS or following is None:
            for kind, gas in _charges(str(step["op"]), int(step["gasCost"])):
                spent[frame.name, kind] += gas
        else:
            # A precompile, or an account without code: whatever it did is part of the price.
            _call(spent, frame.name, int(step["gas"]) - int(following["gas"]))
        if following is not None and following["depth"] < step["depth"]:
            done = frames.pop()
            outside = done.caller_had - int(following["gas"])
            _call(spent, frames[-1].name, outside - (done.began - done.ended))
    used = int(rpc.call("eth_getTransactionReceipt", transaction)["gasUsed"], 16)
    spent["transaction", "refund"] = used - sum(spent.values())
    return spent


def by_kind(spent: Mapping[tuple[str, str], int]) -> dict[str, int]:
    """What `explain` gives, without regard to who spent it: gas by kind, in the order of `KINDS`."""
    return {kind: sum(gas for (_, each), gas in spent.items() if _KIND.get(each, each) == kind) for kind in KINDS}


def call_data(data: str) -> int:
    """Gas of a transaction's call data, 0x text."""
    return sum(4 if byte == 0 else 16 for byte in bytes.fromhex(data[2:]))


def _call(spent: Counter[tuple[str, str]], name: str, gas: int) -> None:
    spent[name, "cold accounts" if gas >= _COLD_ACCOUNT else "warm calls"] += gas


def _charges(op: str, cost: int) -> list[tuple[str, int]]:
    if op == "SLOAD":
        return [("cold slots" if cost == _COLD_SLOT else "warm slots", cost)]
    if op == "SSTORE":
        # A store into a slot that nobody has read pays for that too.
        cold = _COLD_SLOT if cost in _COLD_STORES else 0
        return [("cold slots", cold), ("stores", cost - cold)]
    if op in _TOUCHES:
        return [("cold accounts" if cost >= _COLD_ACCOUNT else "warm calls", cost)]
    return [("logs" if op.startswith("LOG") else "computing", cost)]
