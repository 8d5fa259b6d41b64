"""Rolling the listing: expiries and strikes by the policy of `optionix.listing`."""

from __future__ import annotations

from keeper.actions import Action
from keeper.context import Context
from keeper.state import MarketRow
from optionix.chain.abi import load_abi
from optionix.chain.listing import SERIES_PER_TRANSACTION
from optionix.instruments import Series, Side
from optionix.listing import YEAR_SECONDS, expiries_to_list, strikes_to_add, strikes_to_list

_WAD = 10**18
DONE = frozenset({"AlreadyListed"})
UNREADABLE = frozenset({"StalePrice", "PriceOutOfRange", "SequencerDown"})
"""An expiry is listed once its feed can be read again; watching says that it cannot."""


async def listing(context: Context) -> list[Action]:
    """Missing expiries first; strikes of those that are listed. Strikes of a new expiry follow in the next run."""
    now = await context.now()
    actions: list[Action] = []
    for market in await context.state.markets():
        actions += await _market(context, market, now)
    return actions


async def _market(context: Context, market: MarketRow, now: int) -> list[Action]:
    abi, target = load_abi("Markets"), context.address("Markets")
    wanted = expiries_to_list(now, feed_max_age=market.feed_max_age)
    listed = await context.state.open_expiries(market.market, now)
    actions = [
        Action(
            key=f"expiry:{market.market}:{expiry}",
            description=f"list expiry {expiry} of {market.symbol}",
            target=target,
            data=abi.encode("listExpiry", market.market, expiry),
            expected=DONE | UNREADABLE,
        )
        for expiry in wanted
        if expiry not in listed
    ]
    spot = await context.state.spot(market.market)
    if spot is None:
        return actions
    # The anchor, not today's volatility: the tick of an expiry must not change from day to day.
    volatility = market.anchor / _WAD if market.anchor else 1.0
    strikes = await context.state.strikes(market.market, now)
    missing = []
    for expiry in wanted:
        if expiry not in listed:
            continue
        policy = strikes_to_list(spot[0], volatility, (expiry - now) / YEAR_SECONDS)
        for side in Side:
            present = strikes.get((int(side), expiry), set())
            if present and not _outgrown(present, policy):
                continue
            missing += [Series(market.market, side, expiry, s).id for s in strikes_to_add(present, policy, spot[0])]
    for start in range(0, len(missing), SERIES_PER_TRANSACTION):
        part = missing[start : start + SERIES_PER_TRANSACTION]
        actions.append(
            Action(
                key=f"series:{part[0]}:{part[-1]}:{len(part)}",
                description=f"list {len(part)} series of {market.symbol}",
                target=target,
                data=abi.encode("listSeries", part),
                expected=DONE,
            )
        )
    return actions


def _outgrown(present: set[int], policy: list[int]) -> bool:
    """Whether the wanted range leaves the listed one by more than its outermost strikes: the spot has moved."""
    return policy[1] < min(present) or policy[-2] > max(present)
