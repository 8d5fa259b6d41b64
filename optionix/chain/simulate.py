"""What transactions would do, before they are signed: one `eth_call` of the Simulator in the account's own place.

It relies on `eth_call`'s third argument, the state override, with `code` for an account (geth, erigon, nethermind,
besu, reth and anvil know it). The code becomes a proxy to the Simulator for the length of the call; an account
that has code of its own keeps it at another address, to which everything else is passed on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from optionix.chain.abi import decode_revert, load_abi
from optionix.chain.deployment import Deployment
from optionix.chain.errors import Reverted
from optionix.chain.rpc import BlockingRpc

ORIGINAL = str(to_checksum_address(keccak(text="optionix.simulator.original")[-20:]))
"""Where the code of an account that has one is put."""
RISING = 2**256 - 1
"""Stands for a settlement price that rises without limit."""


@dataclass(frozen=True)
class Call:
    """A transaction that an account would send."""

    target: str
    data: str
    value: int = 0


@dataclass(frozen=True)
class Watch:
    """What to look at: tokens, books by their keys, vaults. The tokens of books are watched anyway."""

    tokens: Sequence[str] = ()
    books: Sequence[int] = ()
    vaults: Sequence[str] = ()


@dataclass(frozen=True)
class Simulation:
    """What calls would do.

    Attributes
    ----------
    done : how many go through.
    refusal : the contract's own error of the first that does not.
    results : what each answers, 0x text.
    gas_used : by the calls alone, without a transaction's own cost.
    costs, outcomes, before, afterwards : as ISimulator has them, by field name.
    """

    done: int
    refusal: Reverted | None
    results: tuple[str, ...]
    gas_used: int
    costs: tuple[Mapping[str, Any], ...]
    outcomes: tuple[Mapping[str, Any], ...]
    before: Mapping[str, Any]
    afterwards: Mapping[str, Any]


def simulation_code(simulator: str) -> str:
    """An account's code for the length of a call: a minimal proxy (ERC-1167) to the Simulator."""
    return f"0x363d3d373d3d3d363d73{simulator.removeprefix('0x').lower()}5af43d82803e903d91602b57fd5bf3"


def simulate(
    rpc: BlockingRpc,
    deployment: Deployment,
    account: str,
    calls: Sequence[Call],
    watch: Watch,
    *,
    block: str = "latest",
    block_override: Mapping[str, str] | None = None,
) -> Simulation:
    """Make calls in an account's name, one after the other, and keep nothing of them.

    Parameters
    ----------
    block : whose state it is done in.
    block_override : number and time of the block that it is done in, as `eth_call`'s fourth argument has them, to ask
        for a block that is still to come.

    Raises
    ------
    RpcError
        Where the node knows no state overrides.
    """
    abi = load_abi("Simulator")
    data = abi.encode(
        "simulate",
        [(call.target, call.value, bytes.fromhex(call.data.removeprefix("0x"))) for call in calls],
        (list(watch.tokens), list(watch.books), list(watch.vaults)),
    )
    override: dict[str, dict[str, str]] = {account: {"code": simulation_code(deployment.address("Simulator"))}}
    code = str(rpc.call("eth_getCode", account, block))
    if code != "0x":
        override[ORIGINAL] = {"code": code}
    extra = [block_override] if block_override else []
    answer = rpc.call("eth_call", {"from": account, "to": account, "data": data}, block, override, *extra)
    found = abi.decode("simulate", answer)
    refusal = decode_revert("0x" + found["refusal"].hex()) if found["done"] < len(calls) else None
    return Simulation(
        done=found["done"],
        refusal=refusal,
        results=tuple("0x" + result.hex() for result in found["results"]),
        gas_used=found["gasUsed"],
        costs=found["costs"],
        outcomes=found["outcomes"],
        before=found["before"],
        afterwards=found["afterwards"],
    )
