"""Finding the one round that settles an expiry: the feed's last one dated at or before it."""

from __future__ import annotations

from optionix.chain.abi import AbiError, load_abi
from optionix.chain.errors import ChainError, Reverted
from optionix.chain.rpc import Rpc
from optionix.chain.transactions import call_contract

LATEST_DELAY = 60
"""Seconds past expiry from which the feed's newest round may count as the last one (the contracts' own figure)."""


class NoSettlingRound(ChainError):
    """The feed has no round that can settle the expiry, or not yet."""


async def last_round_at(rpc: Rpc, feed: str, expiry: int) -> int:
    """The proxy's id of the last round dated at or before `expiry`, in the live phase or the one before it.

    Reads a logarithmic number of rounds: ids are contiguous within a phase and dates do not fall.

    Raises
    ------
    NoSettlingRound
        When the feed has no round, or none that old in its last two phases.
    """
    try:
        latest = (await call_contract(rpc, load_abi("ReplayFeed"), feed, "latestRoundData"))[0]
    except Reverted as error:
        raise NoSettlingRound(f"the feed {feed} has no round") from error
    phase, newest = latest >> 64, latest & (1 << 64) - 1
    found = await _last_in_phase(rpc, feed, phase, newest, expiry)
    if found is None and phase > 1:
        # The live phase began after expiry: its predecessor's newest round is wherever reading stops.
        found = await _last_in_phase(rpc, feed, phase - 1, await _newest_of(rpc, feed, phase - 1), expiry)
    if found is None:
        raise NoSettlingRound(f"the feed {feed} has no round dated at or before {expiry}")
    return found


async def _last_in_phase(rpc: Rpc, feed: str, phase: int, newest: int, expiry: int) -> int | None:
    low, high = 0, newest
    while low < high:
        middle = (low + high + 1) // 2
        date = await _date(rpc, feed, phase << 64 | middle)
        if date is not None and date <= expiry:
            low = middle
        else:
            high = middle - 1
    return phase << 64 | low if low else None


async def _newest_of(rpc: Rpc, feed: str, phase: int) -> int:
    """Number of the newest round of a phase that is over."""
    high = 1
    while await _date(rpc, feed, phase << 64 | high) is not None:
        high *= 2
    low = high // 2
    while low + 1 < high:
        middle = (low + high) // 2
        if await _date(rpc, feed, phase << 64 | middle) is not None:
            low = middle
        else:
            high = middle
    return low


async def _date(rpc: Rpc, feed: str, round_id: int) -> int | None:
    """A round's date, or None where the feed has no such round: it reverts or answers zeros."""
    try:
        date = int((await call_contract(rpc, load_abi("ReplayFeed"), feed, "getRoundData", round_id))[3])
    except (Reverted, AbiError):
        return None
    return date or None
