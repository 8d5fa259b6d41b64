"""Realised profit of accounts by series, at average cost, in exact integers.

An account's contracts of a series are one signed amount: tokens held, plus what is placed in its books, minus what it
has written. They change hands by transfers, by writing and by closing, which say nothing of a price; what a trade came
to is said by the event of the trade, just before its delivery. So a trade is kept until its seller has delivered, and
each delivery takes its share of premium and fees; a delivery without a trade has no price.

Contracts come at their cost (or, written, at their proceeds) and go at the average of what is there, rounded down, the
last of them with all that is left: over a life nothing is lost to rounding. Whatever comes without a price comes at a
cost of zero and is counted as `unpriced`; whatever goes without a price takes its cost along and realises nothing.
"""

from __future__ import annotations

from indexer.derive import rows
from indexer.derive.due import Due
from indexer.derive.state import State
from optionix.instruments import STRIKE_UNIT_WAD, Series, Side

_WAD = 10**18


def traded(state: State, seller: str, series_id: int, due: Due) -> None:
    """A trade was made, and its seller is about to deliver."""
    state.due[seller, series_id] = due


def delivered(state: State, giver: str, taker: str, series_id: int, amount: int) -> None:
    """Contracts changed hands: by a transfer, by writing to somebody, or by closing with somebody's tokens."""
    if amount == 0:
        return
    if taker == state.setup.router:
        # The Router takes contracts only to sell them in the same call: it is their owner who sells.
        state.routed[series_id] = giver
        return
    due = state.due.get((giver, series_id))
    giver = state.routed.get(series_id, giver) if giver == state.setup.router else giver
    if due is None or amount > due.amount:
        if giver != taker:
            _change(state.account_profit.change(giver, series_id), -amount, None)
            _change(state.account_profit.change(taker, series_id), amount, None)
        return
    part = due.take(amount)
    for row, column in due.for_whom:
        row[column] = taker
    seller = state.account_profit.change(giver, series_id)
    seller.premium_received += part.premium
    seller.fees += part.seller_fee
    _change(seller, -amount, part.premium - part.seller_fee)
    buyer = state.account_profit.change(taker, series_id)
    buyer.premium_paid += part.premium
    buyer.fees += part.buyer_fee
    _change(buyer, amount, -part.premium - part.buyer_fee)


def settled(state: State, account: str, series_id: int, change: int, value: int) -> None:
    """Contracts ended at the settlement price.

    Parameters
    ----------
    change : what that adds to the account's contracts: tokens that were redeemed and placed longs below zero, written
        contracts above.
    value : token units that the account got for them; below zero what it owed.
    """
    if change:
        row = state.account_profit.change(account, series_id)
        row.payout += value
        _change(row, change, value)


def settled_book(state: State, account: str, legs: list[tuple[int, int]], value: int) -> None:
    """A whole netted book ended: what it came to, rounded once, is split over its legs.

    Each leg gets what it is worth on its own, rounded down, the last one the rest.

    Parameters
    ----------
    legs : series id and signed amount of each leg that is not zero.
    value : token units that the book was worth; below zero what it owed.
    """
    left = value
    for place, (series_id, amount) in enumerate(legs):
        part = left if place == len(legs) - 1 else _worth(state, series_id, amount)
        left -= part
        settled(state, account, series_id, -amount, part)


def _worth(state: State, series_id: int, amount: int) -> int:
    """What signed contracts are worth at the settlement price, rounded down."""
    series = Series.from_id(series_id)
    price = state.expiry.require(series.market, series.expiry).settlement_price or 0
    market = state.market.require(series.market)
    strike = series.strike * STRIKE_UNIT_WAD
    if series.side is Side.CALL:
        inside = max(price - strike, 0)
        return int(amount * inside // (price * 10 ** (18 - market.base_decimals))) if inside else 0
    return int(amount * max(strike - price, 0) // (_WAD * 10 ** (18 - market.quote_decimals)))


def _change(row: rows.AccountProfit, change: int, value: int | None) -> None:
    """Add to an account's contracts.

    Parameters
    ----------
    value : what the account got for it, below zero what it paid; None without a price.
    """
    sign = 1 if change > 0 else -1
    held = -sign * row.amount  # what goes the other way, and ends first
    ending = min(abs(change), held) if held > 0 else 0
    opening = abs(change) - ending
    ended = None if value is None else value * ending // abs(change)
    if ending:
        _end(row, ending, held, ended)
    if opening and value is None:
        row.unpriced += opening
    elif opening and value is not None and ended is not None:
        row.cost -= value - ended
    row.amount += change


def _end(row: rows.AccountProfit, ending: int, held: int, value: int | None) -> None:
    """Take `ending` of `held` contracts out at the average."""
    cost, unpriced = row.cost, row.unpriced
    if ending < held:
        cost = cost * ending // held if cost >= 0 else -(-cost * ending // held)
        unpriced = unpriced * ending // held
    row.cost -= cost
    row.unpriced -= unpriced
    if value is None:
        row.cost_moved += cost
        return
    row.realised += value - cost
    row.unpriced_ended += unpriced
