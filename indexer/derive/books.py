"""Books and their legs, from the first write to settlement, and redemptions.

An event says what is locked after it; the difference came from or went to the free balance.
"""

from __future__ import annotations

from indexer.decode.catalogue import Event
from indexer.derive import profit, rows
from indexer.derive.balances import credit
from indexer.derive.registry import on
from indexer.derive.state import State
from optionix.instruments import STRIKE_BITS

_HOUSE = "Clearinghouse"


@on(_HOUSE, "Written")
def written(state: State, event: Event) -> None:
    args = event.args
    account, series_id, receiver = args["account"], args["series"], args["receiver"]
    _change_leg(state, account, series_id, -args["amount"])
    _set_locked(state, account, series_id >> STRIKE_BITS, args["locked"])
    profit.delivered(state, account, receiver, series_id, args["amount"])
    if state.vault.get(account) is not None:
        return  # the vault's own event tells the trade
    state.record(event, account, "write", series_id=series_id, amount=args["amount"], counterparty=receiver)
    if receiver != account:
        state.record(event, receiver, "transfer_in", series_id=series_id, amount=args["amount"], counterparty=account)


@on(_HOUSE, "Closed")
def closed(state: State, event: Event) -> None:
    args = event.args
    account, series_id, holder = args["account"], args["series"], args["holder"]
    _change_leg(state, account, series_id, args["amount"])
    _set_locked(state, account, series_id >> STRIKE_BITS, args["locked"])
    profit.delivered(state, holder, account, series_id, args["amount"])
    if state.vault.get(account) is not None:
        return
    state.record(event, account, "close", series_id=series_id, amount=args["amount"], counterparty=holder)
    if holder != account:
        state.record(event, holder, "transfer_out", series_id=series_id, amount=args["amount"], counterparty=account)


@on(_HOUSE, "Placed")
def placed(state: State, event: Event) -> None:
    args = event.args
    _change_leg(state, args["account"], args["series"], args["amount"])
    _set_locked(state, args["account"], args["series"] >> STRIKE_BITS, args["locked"])
    state.record(event, args["account"], "place", series_id=args["series"], amount=args["amount"])


@on(_HOUSE, "TakenBack")
def taken_back(state: State, event: Event) -> None:
    args = event.args
    account, receiver = args["account"], args["receiver"]
    _change_leg(state, account, args["series"], -args["amount"])
    _set_locked(state, account, args["series"] >> STRIKE_BITS, args["locked"])
    profit.delivered(state, account, receiver, args["series"], args["amount"])
    state.record(event, account, "take_back", series_id=args["series"], amount=args["amount"], counterparty=receiver)


@on(_HOUSE, "BookNetted")
def book_netted(state: State, event: Event) -> None:
    account, key = event.args["account"], event.args["key"]
    state.book.change(account, key).kind = rows.NETTED
    _set_locked(state, account, key, event.args["locked"])
    state.record(event, account, "net", book_key=key)


@on(_HOUSE, "BookSettled")
def book_settled(state: State, event: Event) -> None:
    args = event.args
    account, key, strike = args["account"], args["key"], args["strike"]
    owed, released = args["owed"], args["released"]
    book = state.book.existing(account, key)
    first = key << STRIKE_BITS
    if strike:  # one leg of a plain book
        leg = _clear_leg(state, account, first | strike)
        profit.settled(state, account, first | strike, -leg, -owed)
        book.locked -= owed + released
    else:  # a whole netted book
        keys = state.leg.in_range((account,), "series_id", first, first + (1 << STRIKE_BITS))
        legs = [(series_id, _clear_leg(state, account, series_id)) for _, series_id in keys]
        profit.settled_book(state, account, [leg for leg in legs if leg[1]], -owed)
        book.locked = 0
    if book.leg_count == 0:
        book.kind = rows.SETTLED
    token = state.asset_of_key(key)
    # A book that is worth something is paid by the pool: it owes a negative amount.
    credit(state, account, token, released - min(owed, 0))
    state.record(
        event,
        account,
        "settle",
        series_id=first | strike if strike else None,
        book_key=key,
        token=token,
        assets=-owed,
    )


@on(_HOUSE, "Redeemed")
def redeemed(state: State, event: Event) -> None:
    args = event.args
    series_id, holder = args["series"], args["holder"]
    token = state.asset_of_key(series_id >> STRIKE_BITS)
    profit.settled(state, holder, series_id, -args["amount"], args["assets"])
    if args["toFreeBalance"]:
        credit(state, args["receiver"], token, args["assets"])
    state.record(
        event,
        holder,
        "redeem",
        series_id=series_id,
        amount=args["amount"],
        token=token,
        assets=args["assets"],
        counterparty=args["receiver"],
    )


def _change_leg(state: State, account: str, series_id: int, change: int) -> None:
    """Add to a signed leg, and keep the book's count of legs and the series' totals."""
    leg = state.leg.change(account, series_id)
    before, leg.amount = leg.amount, leg.amount + change
    book = state.book.change(account, series_id >> STRIKE_BITS)
    book.leg_count += (leg.amount != 0) - (before != 0)
    series = state.series.existing(series_id)
    series.written += max(-leg.amount, 0) - max(-before, 0)
    series.placed += max(leg.amount, 0) - max(before, 0)
    state.topic(f"series:{series.name}", f"account:{account}")


def _clear_leg(state: State, account: str, series_id: int) -> int:
    """Bring a leg to zero; what it was."""
    leg = state.leg.get(account, series_id)
    amount = leg.amount if leg is not None else 0
    if amount:
        _change_leg(state, account, series_id, -amount)
    return amount


def _set_locked(state: State, account: str, key: int, locked: int) -> None:
    book = state.book.change(account, key)
    credit(state, account, state.asset_of_key(key), book.locked - locked)
    book.locked = locked
