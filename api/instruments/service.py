"""One series: its ticker, quote and candles."""

from __future__ import annotations

from typing import Literal

from sqlalchemy import select

from api.candles import newest_candles
from api.errors import NotFound
from api.instruments.schemas import Candles, Instrument, QuoteView
from api.markets.service import chain_option, volumes_24h
from api.money import STRIKE_DECIMALS, WAD_DECIMALS, decimal_string
from api.reader import Reader
from api.valuation.repository import market_state
from api.valuation.service import Valuation
from optionix.instruments import Side
from optionix.pricing.payoff import WAD
from optionix.store.models import Candle, Market, Series


async def series_by_name(reader: Reader, name: str) -> tuple[Series, Market]:
    """A listed series with its market.

    Raises
    ------
    NotFound
        When no series has that name.
    """
    series = await reader.first(select(Series).where(Series.chain_id == reader.chain_id, Series.name == name))
    if series is None:
        raise NotFound(f"There is no series {name!r}. Names look like ETH-27NOV26-3000-C.")
    market = await reader.first(
        select(Market).where(Market.chain_id == reader.chain_id, Market.market == series.market)
    )
    if market is None:
        raise NotFound(f"The market of {name!r} is not indexed yet.")
    return series, market


async def instrument(reader: Reader, name: str) -> Instrument:
    """A series with its static facts and its ticker for one contract."""
    series, market = await series_by_name(reader, name)
    state = await market_state(reader, market)
    volumes = await volumes_24h(reader, market.market, state.time)
    settlement = state.expiries[series.expiry].settlement_price
    vault = state.vaults.get(series.side)
    return Instrument(
        block=await reader.head(),
        name=series.name,
        series_id=str(series.series_id),
        market=market.base_symbol,
        side=Side(series.side).name,
        strike=decimal_string(series.strike, STRIKE_DECIMALS),
        expiry=series.expiry,
        settlement_asset=state.asset(series.side)[0],
        settled=settlement is not None,
        settlement_price=decimal_string(settlement, WAD_DECIMALS) if settlement is not None else None,
        vault=vault.address if vault else None,
        ticker=chain_option(Valuation(state), series, WAD, volumes),
    )


async def quote(reader: Reader, name: str, action: Literal["buy", "sell"], amount: int) -> QuoteView:
    """The vault's quote for `amount` (WAD), or why there is none.

    Raises
    ------
    NotFound
        When the series or a vault for its side is not there.
    """
    series, market = await series_by_name(reader, name)
    state = await market_state(reader, market)
    valuation = Valuation(state)
    vault = state.vaults.get(series.side)
    if vault is None:
        raise NotFound(f"No vault quotes {name!r}.")
    priced = valuation.buy(series, amount) if action == "buy" else valuation.sell(series, amount)
    asset, _, decimals = state.asset(series.side)
    parts = ("mark", "spread", "skew", "use", "guard", "floor", "fee", "total", "collateral")
    figures = {part: decimal_string(getattr(priced.quote, part) if priced.quote else 0, decimals) for part in parts}
    return QuoteView(
        block=await reader.head(),
        name=series.name,
        action=action,
        vault=vault.address,
        amount=decimal_string(amount, WAD_DECIMALS),
        asset=asset,
        volatility=priced.value.volatility / WAD if priced.value else 0.0,
        delta=priced.value.delta / WAD if priced.value else 0.0,
        executable=priced.quote is not None,
        reason=str(priced.refusal) if priced.refusal else None,
        **figures,
    )


async def candles(reader: Reader, name: str, interval: str, limit: int) -> Candles:
    """Candles of a series' trades, oldest first."""
    series, _ = await series_by_name(reader, name)
    return Candles(
        block=await reader.head(),
        name=series.name,
        interval=interval,
        candles=await newest_candles(reader, Candle, Candle.series_id == series.series_id, interval, limit),
    )
