"""Posting volatility surfaces: what the risk service computes, checked again here, signed, and sent when it is due."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog

from keeper import metrics
from keeper.actions import Action
from keeper.context import Context, RiskUnavailable
from keeper.reports import post_call, report_of, sign_report
from keeper.state import MarketRow
from optionix.pricing.reports import (
    Bounds,
    atm_volatility,
    calendar_conflicts,
    check_report,
    largest_move,
    moves_too_far,
)
from optionix.pricing.ssvi import PackedSlice, SliceError

log = structlog.get_logger("keeper")

POST_SHARE = 0.2
"""A slice is due again when it is older than this share of the oracle's heartbeat ..."""
POST_MOVE = 0.01
"""... or when the volatility at the money moved by this much ..."""
MIN_POST_SHARE = 0.05
"""... and it is at least this share of the heartbeat old: a report costs gas, and its move is bounded by its age."""
CLIP_SHARE = 0.5
"""A move beyond the bound is not posted before the stored slice is this share of the heartbeat old. Until then its age
widens the vaults' spreads; after it the clipped slice and the halt that the oracle makes of it beat a dead one."""
MAX_ANSWER_SHARE = 0.2
"""An answer of the risk service older than this share of the heartbeat is stale."""
CUTOFF_SECONDS = 1800
"""Vaults stop trading an expiry this long before it, and the feed's maximum age besides."""
_WAD = 10**18
_WAIT = frozenset({"ReportNotNewer"})


class Doubtful(Exception):
    """A surface that must not be posted."""


@dataclass(frozen=True)
class Stored:
    """What the oracle holds: its bounds and the newest slice of each expiry (None where there is none).

    Attributes
    ----------
    slices : of the expiries that are wanted.
    binding : slices that a report must fit by the calendar conditions, of whatever expiry.
    """

    bounds: Bounds
    threshold: int
    signers: frozenset[str]
    slices: dict[int, PackedSlice | None]
    binding: dict[int, PackedSlice] = field(default_factory=dict)


async def surfaces(context: Context) -> list[Action]:
    """One report for each market that needs one."""
    now = await context.now()
    actions = []
    for market in await context.state.markets():
        times = await context.state.slice_times(market.market, now + cutoff(market))
        if not times:
            continue
        metrics.SURFACE_AGE.labels(market.symbol).set(now - min(times.values()))
        try:
            action = await _surface(context, market, sorted(times), now)
        except (Doubtful, RiskUnavailable) as error:
            metrics.DOUBTFUL.labels(market.symbol).inc()
            log.warning("surface not posted", symbol=market.symbol, reason=str(error))
            continue
        if action is not None:
            actions.append(action)
    return actions


def cutoff(market: MarketRow) -> int:
    """Seconds before an expiry from which nobody trades it, so that nobody needs its slice."""
    return CUTOFF_SECONDS + market.feed_max_age


async def _surface(context: Context, market: MarketRow, expiries: list[int], now: int) -> Action | None:
    stored = await read_stored(context, market.market, expiries)
    if all(entry is not None and now - entry.timestamp < _min_age(stored) for entry in stored.slices.values()):
        return None
    answer = await context.risk(f"/surfaces/{market.market}")
    # The head has moved while the answer was made, where market time runs fast by far.
    _, now = await context.head(fresh=True)
    timestamp, offered = read_answer(answer, now, stored.bounds.heartbeat)
    slices = choose(stored, offered, timestamp)
    metrics.HELD.labels(market.symbol).set(len(stored.slices.keys() - slices.keys()))
    if not due(stored, slices, timestamp):
        return None
    signers = [signer for signer in context.signers if signer.address.lower() in stored.signers]
    if len(signers) < stored.threshold:
        raise Doubtful(f"the oracle asks for {stored.threshold} signers, {len(signers)} of ours are among them")
    oracle = context.address("VolatilityOracle")
    report = report_of(market.market, timestamp, slices)
    signatures = await sign_report(report, oracle, context.chain_id, signers[: stored.threshold])
    return Action(
        key=f"surface:{market.market}",
        description=f"post {len(slices)} slices of {market.symbol} at {timestamp}",
        target=oracle,
        data=post_call(report, signatures),
        expected=_WAIT,
    )


async def read_stored(context: Context, market: int, expiries: list[int]) -> Stored:
    """The oracle's state for a market."""
    binding = await context.read("VolatilityOracle", "bindingExpiries", market)
    names = ("heartbeat", "volatilityPerDay", "carryPerDay", "maxMoveSeconds", "threshold", "signers")
    calls: list[tuple[str, tuple[Any, ...]]] = [(name, ()) for name in names]
    known = sorted({*expiries, *binding})
    calls += [("slice", (market, expiry)) for expiry in known]
    heartbeat, volatility, carry, seconds, threshold, signers, *slices = await context.read_many(
        "VolatilityOracle", calls
    )
    found: dict[int, PackedSlice | None] = {
        expiry: PackedSlice(**entry) if entry["timestamp"] else None
        for expiry, entry in zip(known, slices, strict=True)
    }
    return Stored(
        Bounds(heartbeat, volatility / _WAD, carry / _WAD, seconds),
        threshold,
        frozenset(address.lower() for address in signers),
        {expiry: found[expiry] for expiry in expiries},
        {expiry: entry for expiry in binding if (entry := found[expiry]) is not None},
    )


def read_answer(answer: Mapping[str, Any], now: int, heartbeat: int) -> tuple[int, dict[int, PackedSlice]]:
    """Time and slices of the risk service's answer.

    Raises
    ------
    Doubtful
        When it refuses, is malformed, old or from the future.
    """
    try:
        refused, timestamp = bool(answer["refused"]), int(answer["as_of"])
        if refused:
            raise Doubtful(f"the risk service refuses: {answer['reason']}")
        slices = {
            int(entry["expiry"]): PackedSlice(
                int(entry["theta"]), int(entry["phi"]), int(entry["rho"]), int(entry["carry"]), timestamp
            )
            for entry in answer["slices"]
        }
    except (KeyError, TypeError, ValueError, SliceError) as error:
        raise Doubtful(f"the risk service's answer cannot be read: {error!r}") from error
    if timestamp > now:
        raise Doubtful(f"the risk service answers for {timestamp}, {timestamp - now} s after the head")
    if now - timestamp > MAX_ANSWER_SHARE * heartbeat:
        raise Doubtful(f"the risk service answers for {timestamp}, {now - timestamp} s before the head")
    return timestamp, slices


def choose(stored: Stored, offered: Mapping[int, PackedSlice], timestamp: int) -> dict[int, PackedSlice]:
    """The offered slices of the wanted expiries that may be posted beside those that stay.

    Raises
    ------
    Doubtful
        When none is left, or when the state after the report would fail a check.
    """
    chosen: dict[int, PackedSlice] = {}
    clipped: set[int] = set()
    reasons = []
    for expiry, old in sorted(stored.slices.items()):
        new = offered.get(expiry)
        if new is None:
            reasons.append(f"expiry {expiry} is missing")
        elif old is not None and new.timestamp <= old.timestamp:
            reasons.append(f"expiry {expiry} is not newer")
        elif old is not None and moves_too_far(stored.bounds, old, new, expiry):
            if new.timestamp - old.timestamp < CLIP_SHARE * stored.bounds.heartbeat:
                reasons.append(f"expiry {expiry} moves by {largest_move(old, new, expiry):.3f}, beyond the bound")
                continue
            clipped.add(expiry)
            chosen[expiry] = new
        else:
            chosen[expiry] = new
    reasons += _fit(stored, offered, chosen, clipped)
    if not chosen:
        raise Doubtful("; ".join(reasons) or "nothing is listed")
    if reasons:
        log.info("slices held back", reasons=reasons)
    failed = [check for check in check_report(chosen, stored.binding, clipped) if not check.ok]
    if failed:
        raise Doubtful("; ".join(f"{check.name}: {check.detail}" for check in failed))
    return chosen


def _fit(
    stored: Stored, offered: Mapping[int, PackedSlice], chosen: dict[int, PackedSlice], clipped: set[int]
) -> list[str]:
    """Makes `chosen` fit the stored slices that stay, and says what was left out for it.

    A slice that nobody trades any more (its expiry is past the cutoff) is reported again where it is in the way of
    others. One that is held back for its move stays, and what does not fit it waits with it.
    """
    reasons: list[str] = []
    staying = {expiry: entry for expiry, entry in stored.binding.items() if expiry not in clipped}
    while True:
        compared = {expiry: entry for expiry, entry in chosen.items() if expiry not in clipped}
        conflicts = [
            (near, far)
            for near, far in calendar_conflicts(compared, staying)
            if not (near in compared and far in compared)
        ]
        if not conflicts:
            return reasons
        near, far = conflicts[0]
        posted, stays = (near, far) if near in compared else (far, near)
        again = offered.get(stays)
        untraded, old = stays not in stored.slices, stored.binding[stays]
        newer = again is not None and again.timestamp > old.timestamp
        if untraded and again is not None and newer and not moves_too_far(stored.bounds, old, again, stays):
            chosen[stays] = again
            continue
        del chosen[posted]
        reasons.append(f"expiry {posted} does not fit the stored slice of {stays}")


def due(stored: Stored, slices: Mapping[int, PackedSlice], timestamp: int) -> bool:
    """Whether a report is worth its gas now."""
    for expiry, new in slices.items():
        # one beyond the cutoff rides along and makes nothing due
        old = stored.slices.get(expiry, new)
        if old is None or timestamp - old.timestamp >= POST_SHARE * stored.bounds.heartbeat:
            return True
        moved = abs(atm_volatility(new, expiry) - atm_volatility(old, expiry))
        if timestamp - old.timestamp >= _min_age(stored) and moved >= POST_MOVE:
            return True
    return False


def _min_age(stored: Stored) -> float:
    return MIN_POST_SHARE * stored.bounds.heartbeat
