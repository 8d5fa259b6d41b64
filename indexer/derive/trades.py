"""Trades with vaults: the tape, the series' totals, candles and the day's statistics."""

from __future__ import annotations

from indexer.decode.catalogue import Event
from indexer.derive.candles import add_trade
from indexer.derive.registry import on
from indexer.derive.state import State
from indexer.setup import VAULT
from optionix.instruments import DAY

_WAD = 10**18


@on(VAULT, "Bought")
def bought(state: State, event: Event) -> None:
    args = event.args
    _trade(state, event, args["buyer"], fee=args["fee"], performance_fee=args["performanceFee"])


@on(VAULT, "SoldBack")
def sold_back(state: State, event: Event) -> None:
    _trade(state, event, event.args["seller"], fee=0, performance_fee=0)


def _trade(state: State, event: Event, taker: str, *, fee: int, performance_fee: int) -> None:
    args = event.args
    is_buy = event.name == "Bought"
    series_id, amount, premium = args["series"], args["amount"], args["premium"]
    vault = state.vault.require(event.address)
    price = premium * 10 ** (18 - vault.asset_decimals) * _WAD // amount
    series = state.series.existing(series_id)
    series.volume += amount
    series.trades += 1
    series.last_price, series.last_trade_at = price, event.timestamp
    state.append(
        "trade",
        block_number=event.block_number,
        log_index=event.log_index,
        tx_hash=event.tx_hash,
        timestamp=event.timestamp,
        series_id=series_id,
        market=series.market,
        side=series.side,
        venue=event.address,
        taker=taker,
        receiver=args["receiver"],
        is_buy=is_buy,
        amount=amount,
        premium=premium,
        fee=fee,
        performance_fee=performance_fee,
        price=price,
        spot=args["spot"],
        volatility=args["volatility"],
    )
    add_trade(state, series_id, event.timestamp, price, amount)
    day = state.daily_stats.change(event.timestamp - event.timestamp % DAY, series.market, series.side)
    day.volume += amount
    day.notional += amount * args["spot"] // _WAD
    day.premium += premium
    day.fees += fee + performance_fee
    day.trades += 1
    state.topic(f"trade:{series.name}", f"series:{series.name}")
    _record(state, event, taker, is_buy, vault.asset, premium + fee)


def _record(state: State, event: Event, taker: str, is_buy: bool, token: str, assets: int) -> None:
    """The history of both sides. A buyer pays the fee on top of the premium."""
    args = event.args
    receiver, series_id, amount = args["receiver"], args["series"], args["amount"]
    state.record(
        event,
        taker,
        "buy" if is_buy else "sell",
        series_id=series_id,
        amount=amount,
        vault=event.address,
        token=token,
        assets=assets,
        counterparty=receiver,
    )
    if is_buy and receiver != taker:
        state.record(event, receiver, "transfer_in", series_id=series_id, amount=amount, counterparty=taker)
