"""What settles an expiry now: the proof by the feed's last round, or a fallback that is open where the proof fails."""

from __future__ import annotations

from dataclasses import dataclass

from optionix.chain.abi import load_abi
from optionix.chain.errors import ChainError, Reverted, RpcUnavailable
from optionix.chain.rpc import Rpc
from optionix.chain.transactions import call_contract

DAY = 86_400
LAST_ROUND_DELAY = DAY
"""Seconds past expiry from which the last positive round settles where the average cannot (the contracts' figure)."""
CHECKPOINT_DELAY = 8 * DAY
"""Seconds past expiry from which the last checkpoint settles where that round cannot be read either."""


class NoSettlingRound(ChainError):
    """The feed has no round that can settle the expiry, or not yet."""


@dataclass(frozen=True)
class SettlingCall:
    """A call of Markets that settles an expiry, or walks a part of a long window."""

    function: str
    args: tuple[int, ...]

    def __str__(self) -> str:
        rounds = "".join(f" at round {round_id}" for round_id in self.args[2:])
        return f"{self.function} market {self.args[0]} expiry {self.args[1]}{rounds}"


async def settling_call(rpc: Rpc, markets: str, market: int, expiry: int) -> SettlingCall:
    """The call that settles an expiry at the head, or takes the next step of it.

    The contract finds the round: at any block it accepts one, and one rule. Where none of the rules that are open goes
    through, the proof is returned: its refusal says why.

    Raises
    ------
    NoSettlingRound
        When no round is the last one (yet) and no fallback without a round is open.
    Reverted
        When the expiry is not over, unlisted, or settled.
    """
    block = await rpc.block()
    if block is None:
        raise RpcUnavailable(f"{rpc.name} has no head")
    late = int(block["timestamp"], 16) - expiry
    abi = load_abi("Markets")
    round_id = int(await call_contract(rpc, abi, markets, "lastRound", market, expiry))
    calls = []
    if round_id:
        calls.append(SettlingCall("settle", (market, expiry, round_id)))
    if round_id and late >= LAST_ROUND_DELAY:
        calls.append(SettlingCall("settleAtLastRound", (market, expiry, round_id)))
    if late >= CHECKPOINT_DELAY:
        calls.append(SettlingCall("settleAtCheckpoint", (market, expiry)))
    if not calls:
        raise NoSettlingRound(f"no round is proven to be the last one of market {market} at or before {expiry}")
    # Within the first day there is nothing to choose.
    for call in calls if len(calls) > 1 else ():
        try:
            await call_contract(rpc, abi, markets, call.function, *call.args)
        except Reverted:
            continue
        return call
    return calls[0]
