"""Signed orders on the Exchange: what was filled and cancelled, and the trades that they came to."""

from __future__ import annotations

from indexer.decode.catalogue import Event
from indexer.derive.registry import on
from indexer.derive.state import State
from indexer.derive.trades import Tape, add_to_tape, add_to_volume, on_behalf_of
from indexer.setup import EXCHANGE
from optionix.instruments import STRIKE_BITS, split_book_key
from optionix.orders import Taker


@on(EXCHANGE, "OrderFilled")
def order_filled(state: State, event: Event) -> None:
    args = event.args
    row = state.order_state.change(args["maker"], args["nonce"])
    row.order_hash, row.filled = args["orderHash"], args["filled"]
    row.updated_block, row.updated_at = event.block_number, event.timestamp
    state.append(
        "order_fill",
        block_number=event.block_number,
        log_index=event.log_index,
        tx_hash=event.tx_hash,
        timestamp=event.timestamp,
        maker=args["maker"],
        nonce=args["nonce"],
        order_hash=args["orderHash"],
        amount=args["amount"],
        filled=args["filled"],
    )
    state.topic(f"order:{args['maker']}", f"account:{args['maker']}")


@on(EXCHANGE, "OrderCancelled")
def order_cancelled(state: State, event: Event) -> None:
    args = event.args
    row = state.order_state.change(args["maker"], args["nonce"])
    row.cancelled = True
    row.updated_block, row.updated_at = event.block_number, event.timestamp
    state.record(event, args["maker"], "cancel_order")
    state.topic(f"order:{args['maker']}")


@on(EXCHANGE, "NonceFloorSet")
def nonce_floor_set(state: State, event: Event) -> None:
    maker = event.args["maker"]
    state.nonce_floor.change(maker).floor = event.args["floor"]
    state.record(event, maker, "cancel_orders")
    state.topic(f"order:{maker}")


@on(EXCHANGE, "FeesSet")
def fees_set(state: State, event: Event) -> None:
    fees = event.args["fees"]
    row = state.exchange.change()
    row.of_notional, row.of_premium, row.of_caller = fees["ofNotional"], fees["ofPremium"], fees["ofCaller"]


@on(EXCHANGE, "Traded")
def traded(state: State, event: Event) -> None:
    """A fill, told from its taker, or a match, told from its buyer: whoever pays the fee on top of the premium."""
    args = event.args
    token, key = args["premiumToken"], args["series"] >> STRIKE_BITS
    if state.part.has(token):
        add_to_volume(
            state,
            event,
            split_book_key(key)[0],
            token,
            premium=args["premium"],
            fees=args["fee"],
            caller_fee=args["callerFee"],
        )
    if not state.part.has(state.asset_of_key(key)):
        return
    is_buy = args["taker"] != Taker.SELLER
    buyer, seller = args["buyer"], on_behalf_of(state, args["seller"], args["series"])
    taker, maker = (buyer, seller) if is_buy else (seller, buyer)
    market = state.series.require(args["series"]).market
    newest = state.spot.get(market)
    tape = Tape(
        series_id=args["series"],
        taker=taker,
        receiver=taker,
        maker=maker,
        is_buy=is_buy,
        is_match=args["taker"] == Taker.NONE,
        amount=args["amount"],
        token=token,
        paid_premium=args["premium"],
        paid_fee=args["fee"],
        caller_fee=args["callerFee"],
        performance_fee=0,
        spot=args["spot"] or (newest.price if newest else 0),
        volatility=None,
    )
    due = add_to_tape(state, event, tape, args["seller"])
    if args["callerFee"]:
        state.record(event, args["caller"], "match", token=tape.token, assets=tape.caller_fee)
    # Both sides have a history; a seller's fee is taken out of what it gets.
    paid = tape.paid_premium + (tape.paid_fee if is_buy else 0)
    proceeds = tape.paid_premium - (0 if is_buy else tape.paid_fee)
    for account, kind, assets, other in ((buyer, "buy", paid, seller), (seller, "sell", proceeds, buyer)):
        row = state.record(
            event,
            account,
            kind,
            series_id=tape.series_id,
            amount=tape.amount,
            token=tape.token,
            assets=assets,
            counterparty=other,
        )
        if due.for_whom:
            due.for_whom.append((row, "account" if account == buyer else "counterparty"))
