"""Rounds of the price feeds, the newest spot, and spot candles."""

from __future__ import annotations

from indexer.decode.catalogue import Event
from indexer.derive import rows
from indexer.derive.registry import on
from indexer.derive.state import State
from indexer.setup import FEED
from optionix.store.candles import KEPT

_WAD_DECIMALS = 18


@on(FEED, "AnswerUpdated")
def answer_updated(state: State, event: Event) -> None:
    args = event.args
    answer, decimals = args["current"], state.setup.feed_decimals[event.address]
    price = answer * 10 ** (_WAD_DECIMALS - decimals)
    for market in state.setup.feed_markets[event.address]:
        state.append(
            "feed_round",
            market=market,
            block_number=event.block_number,
            log_index=event.log_index,
            feed=event.address,
            round_id=args["roundId"],
            answer=answer,
            price=price,
            updated_at=args["updatedAt"],
        )
        # A feed may post what the contracts refuse (zero, negative); it is a round, but no price.
        if answer > 0:
            _new_price(state, event, market, price)


def _new_price(state: State, event: Event, market: int, price: int) -> None:
    time = event.args["updatedAt"]
    state.spot.add((market,), rows.Spot(price, event.address, event.args["roundId"], time, event.block_number))
    for seconds in KEPT:
        key = (market, seconds, time - time % seconds)
        if state.spot_candle.get(*key) is None:
            state.spot_candle.add(key, rows.SpotCandle(price, price, price, price))
        else:
            candle = state.spot_candle.existing(*key)
            candle.high = max(candle.high, price)
            candle.low = min(candle.low, price)
            candle.close = price
    state.topic(f"spot:{market}")
