"""Trades, with vaults and by signed orders: the tape, the series' totals, candles and the day's statistics."""

from __future__ import annotations

from dataclasses import dataclass

from indexer.decode.catalogue import Event
from indexer.derive import profit
from indexer.derive.candles import add_trade
from indexer.derive.due import Due
from indexer.derive.registry import on
from indexer.derive.state import State
from indexer.setup import VAULT
from optionix.instruments import DAY, Side

_WAD = 10**18


@dataclass(frozen=True, slots=True)
class Tape:
    """A trade as it goes on the tape; the columns of `trade` that its block and series do not give.

    Attributes
    ----------
    token : what the premium was paid in; `paid_premium` and the fees are its units.
    spot : WAD; 0 where no round of the feed was ever seen.
    """

    series_id: int
    taker: str
    receiver: str
    maker: str | None
    is_buy: bool
    is_match: bool
    amount: int
    token: str
    paid_premium: int
    paid_fee: int
    caller_fee: int
    performance_fee: int
    spot: int
    volatility: int | None


@on(VAULT, "Bought")
def bought(state: State, event: Event) -> None:
    args = event.args
    _with_vault(state, event, args["buyer"], fee=args["fee"], performance_fee=args["performanceFee"])


@on(VAULT, "SoldBack")
def sold_back(state: State, event: Event) -> None:
    _with_vault(state, event, event.args["seller"], fee=0, performance_fee=0)


def add_to_tape(state: State, event: Event, tape: Tape, seller: str) -> Due:
    """A trade's row, and what is summed from trades, in the settlement asset; what its seller has to deliver.

    Parameters
    ----------
    seller : who delivers, be it the Router.
    """
    series = state.series.existing(tape.series_id)
    premium, fee = (_settled_in(state, tape, assets) for assets in (tape.paid_premium, tape.paid_fee))
    asset_decimals = _decimals(state, series.market, Side(series.side))
    price = premium * 10 ** (18 - asset_decimals) * _WAD // tape.amount
    series.volume += tape.amount
    series.trades += 1
    series.last_trade_at = event.timestamp
    row = state.append(
        "trade",
        block_number=event.block_number,
        log_index=event.log_index,
        tx_hash=event.tx_hash,
        timestamp=event.timestamp,
        series_id=tape.series_id,
        market=series.market,
        side=series.side,
        venue=event.address,
        taker=tape.taker,
        receiver=tape.receiver,
        maker=tape.maker,
        is_buy=tape.is_buy,
        is_match=tape.is_match,
        amount=tape.amount,
        premium=premium,
        fee=fee,
        performance_fee=tape.performance_fee,
        price=price,
        spot=tape.spot,
        volatility=tape.volatility,
        premium_token=tape.token,
        paid_premium=tape.paid_premium,
        paid_fee=tape.paid_fee,
        caller_fee=tape.caller_fee,
    )
    series.last_price = price
    add_trade(state, tape.series_id, event.timestamp, price, tape.amount)
    day = state.daily_stats.change(event.timestamp - event.timestamp % DAY, series.market, series.side)
    day.volume += tape.amount
    day.notional += tape.amount * tape.spot // _WAD
    day.premium += premium
    day.fees += fee + tape.performance_fee
    day.trades += 1
    # Who buys pays the fee on top, who sells has it taken off; a vault pays its performance fee.
    due = Due(
        tape.amount,
        premium,
        buyer_fee=fee if tape.is_buy else 0,
        seller_fee=tape.performance_fee if tape.is_buy else fee,
    )
    if tape.is_buy and tape.taker == state.setup.router:
        due.for_whom += [(row, "taker"), (row, "receiver")]
    profit.traded(state, seller, tape.series_id, due)
    state.topic(f"trade:{series.name}", f"series:{series.name}")
    return due


def add_to_volume(
    state: State, event: Event, market: int, token: str, *, premium: int, fees: int, caller_fee: int = 0
) -> None:
    """What was paid in a token, exactly as paid: of the token's part, whatever the series is settled in."""
    paid = state.daily_volume.change(event.timestamp - event.timestamp % DAY, market, token)
    paid.volume += event.args["amount"]
    paid.premium += premium
    paid.fees += fees
    paid.caller_fees += caller_fee
    paid.trades += 1


def on_behalf_of(state: State, seller: str, series_id: int) -> str:
    """Whose contracts a seller sells: the Router does not sell its own."""
    return state.routed.get(series_id, seller) if seller == state.setup.router else seller


def _settled_in(state: State, tape: Tape, assets: int) -> int:
    """Units of the settlement asset that units of the token paid in are worth at the trade's spot, rounded down."""
    series = state.series.require(tape.series_id)
    side = Side(series.side)
    if tape.token == state.asset(series.market, side):
        return assets
    base, quote = (int(10 ** _decimals(state, series.market, each)) for each in (Side.CALL, Side.PUT))
    if side is Side.PUT:  # paid in base
        return assets * tape.spot * quote // (base * _WAD)
    return assets * base * _WAD // (quote * tape.spot) if tape.spot else 0


def _decimals(state: State, market: int, side: Side) -> int:
    row = state.market.require(market)
    return row.base_decimals if side is Side.CALL else row.quote_decimals


def _with_vault(state: State, event: Event, taker: str, *, fee: int, performance_fee: int) -> None:
    args = event.args
    is_buy = event.name == "Bought"
    vault = state.vault.require(event.address)
    seller = event.address if is_buy else taker
    if is_buy and taker == state.setup.router:
        taker = args["receiver"]
    elif not is_buy:
        taker = on_behalf_of(state, taker, args["series"])
    tape = Tape(
        series_id=args["series"],
        taker=taker,
        receiver=taker if args["receiver"] == state.setup.router else args["receiver"],
        maker=None,
        is_buy=is_buy,
        is_match=False,
        amount=args["amount"],
        token=vault.asset,
        paid_premium=args["premium"],
        paid_fee=fee,
        caller_fee=0,
        performance_fee=performance_fee,
        spot=args["spot"],
        volatility=args["volatility"],
    )
    add_to_tape(state, event, tape, seller)
    add_to_volume(state, event, vault.market, vault.asset, premium=args["premium"], fees=fee + performance_fee)
    _record(state, event, taker, is_buy, vault.asset, args["premium"] + fee)


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
