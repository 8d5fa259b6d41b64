"""Markets, expiries and the option chain."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR

from sqlalchemy import func, select

from api.errors import NotFound
from api.markets.schemas import (
    Chain,
    ChainOption,
    ChainRow,
    Expiries,
    ExpirySummary,
    Markets,
    MarketSummary,
    SliceView,
)
from api.money import STRIKE_DECIMALS, WAD_DECIMALS, decimal_string, per_contract
from api.reader import Reader
from api.valuation.repository import MarketState, market_by_symbol, market_state, markets
from api.valuation.service import Priced, Valuation
from optionix.instruments import Side, format_expiry
from optionix.pricing import marks as model
from optionix.pricing.payoff import WAD
from optionix.store.models import Market, Series, SpotCandle, Trade

DAY = 86_400
HOUR = 3_600


async def list_markets(reader: Reader) -> Markets:
    """Every market at a glance."""
    summaries = [await _summary(reader, market) for market in await markets(reader)]
    return Markets(block=await reader.head(), markets=summaries)


async def list_expiries(reader: Reader, symbol: str) -> Expiries:
    """The expiries of a market, nearest first; settled ones at the end of the list's past."""
    market = await market_by_symbol(reader, symbol)
    state = await market_state(reader, market)
    valuation = Valuation(state)
    counts = {
        row[0]: row[1]
        for row in await reader.rows(
            select(Series.expiry, func.count())
            .where(Series.chain_id == reader.chain_id, Series.market == market.market)
            .group_by(Series.expiry)
        )
    }
    return Expiries(
        block=await reader.head(),
        market=market.base_symbol,
        expiries=[
            ExpirySummary(
                expiry=expiry,
                name=format_expiry(expiry),
                series=counts.get(expiry, 0),
                settled=row.settlement_price is not None,
                settlement_price=_wad(row.settlement_price),
                atm_volatility=valuation.atm_volatility(expiry),
            )
            for expiry, row in sorted(state.expiries.items())
        ],
    )


async def option_chain(reader: Reader, symbol: str, expiry: int, amount: int = WAD) -> Chain:
    """The chain of one expiry with the vault's bid and ask for `amount` (WAD) of each series.

    Raises
    ------
    NotFound
        When the market or the expiry is not listed.
    """
    market = await market_by_symbol(reader, symbol)
    state = await market_state(reader, market)
    if expiry not in state.expiries:
        raise NotFound(f"{market.base_symbol} has no expiry at {expiry}. GET /v1/markets/{symbol}/expiries lists them.")
    valuation = Valuation(state)
    series = await reader.all(
        select(Series)
        .where(Series.chain_id == reader.chain_id, Series.market == market.market, Series.expiry == expiry)
        .order_by(Series.strike)
    )
    volumes = await volumes_24h(reader, market.market, state.time)
    rows: dict[int, dict[int, ChainOption]] = {}
    for each in series:
        rows.setdefault(each.strike, {})[each.side] = chain_option(valuation, each, amount, volumes)
    listed = state.expiries[expiry]
    forward = valuation.forward(expiry)
    return Chain(
        block=await reader.head(),
        market=market.base_symbol,
        expiry=expiry,
        expiry_name=format_expiry(expiry),
        seconds_left=max(expiry - state.time, 0),
        amount=decimal_string(amount, WAD_DECIMALS),
        spot=_wad(valuation.spot),
        spot_updated_at=state.spot.updated_at if state.spot else None,
        forward=forward / WAD if forward is not None else None,
        settled=listed.settlement_price is not None,
        settlement_price=_wad(listed.settlement_price),
        slice=slice_view(state, expiry),
        rows=[
            ChainRow(strike=decimal_string(strike, STRIKE_DECIMALS), call=sides.get(0), put=sides.get(1))
            for strike, sides in rows.items()
        ],
    )


def chain_option(valuation: Valuation, series: Series, amount: int, volumes: dict[int, int]) -> ChainOption:
    """One series with its quotes, greeks and interest."""
    ask, bid = valuation.buy(series, amount), valuation.sell(series, amount)
    value = ask.value or bid.value
    _, _, decimals = valuation.state.asset(series.side)
    greeks = _greeks(valuation, series) if value is not None else None
    # A vault that never wrote a series cannot buy it back: that alone is no reason to call it untradable.
    refusal = ask.refusal
    return ChainOption(
        series_id=str(series.series_id),
        name=series.name,
        bid=_price(bid, amount, decimals, ROUND_FLOOR),
        ask=_price(ask, amount, decimals, ROUND_CEILING),
        mark=decimal_string(value.mid, WAD_DECIMALS) if value else None,
        volatility=value.volatility / WAD if value else None,
        delta=value.delta / WAD if value else None,
        gamma=float(greeks.gamma) if greeks else None,
        vega=value.vega / WAD / 100 if value else None,
        theta=float(greeks.theta) if greeks else None,
        open_interest=decimal_string(series.written, WAD_DECIMALS),
        volume_24h=decimal_string(volumes.get(series.series_id, 0), WAD_DECIMALS),
        reason=str(refusal) if refusal else None,
    )


def slice_view(state: MarketState, expiry: int) -> SliceView | None:
    """The newest slice as floats."""
    surface = state.surfaces.get(expiry)
    if surface is None or surface.timestamp == 0:
        return None
    return SliceView(
        theta=surface.theta / 1e16,
        phi=surface.phi / 1e15,
        rho=surface.rho / 1e12,
        carry=surface.carry / 1e9,
        timestamp=surface.timestamp,
        halted=surface.halted_until > state.time,
    )


async def volumes_24h(reader: Reader, market: int, time: int) -> dict[int, int]:
    """Contracts (WAD) traded by series in the last day of market time."""
    rows = await reader.rows(
        select(Trade.series_id, func.sum(Trade.amount))
        .where(Trade.chain_id == reader.chain_id, Trade.market == market, Trade.timestamp > time - DAY)
        .group_by(Trade.series_id)
    )
    return {int(row[0]): int(row[1]) for row in rows}


async def _summary(reader: Reader, market: Market) -> MarketSummary:
    state = await market_state(reader, market)
    valuation = Valuation(state)
    live = sorted(expiry for expiry in state.expiries if expiry > state.time)
    interest = await reader.rows(
        select(func.coalesce(func.sum(Series.written), 0)).where(
            Series.chain_id == reader.chain_id, Series.market == market.market, Series.expiry > state.time
        )
    )
    volumes = await volumes_24h(reader, market.market, state.time)
    return MarketSummary(
        market=market.market,
        symbol=market.base_symbol,
        base=market.base_symbol,
        quote=market.quote_symbol,
        base_token=market.base_token,
        quote_token=market.quote_token,
        spot=_wad(valuation.spot),
        spot_updated_at=state.spot.updated_at if state.spot else None,
        spot_change_24h=await _change(reader, market.market, state, valuation.spot),
        expiries=live,
        open_interest=decimal_string(interest[0][0], WAD_DECIMALS),
        volume_24h=decimal_string(sum(volumes.values()), WAD_DECIMALS),
        atm_volatility=_headline_volatility(valuation, live, state.time),
    )


def _headline_volatility(valuation: Valuation, live: Sequence[int], time: int) -> float | None:
    for expiry in live:
        if expiry >= time + DAY:
            return valuation.atm_volatility(expiry)
    return None


async def _change(reader: Reader, market: int, state: MarketState, spot: int | None) -> float | None:
    """Against the last hourly close a day ago, or the first there is when the feed is younger."""
    if spot is None:
        return None
    candle = await reader.first(
        select(SpotCandle)
        .where(
            SpotCandle.chain_id == reader.chain_id,
            SpotCandle.market == market,
            SpotCandle.interval_seconds == HOUR,
            SpotCandle.start >= state.time - DAY - HOUR,
        )
        .order_by(SpotCandle.start)
    )
    return spot / candle.open - 1 if candle and candle.open else None


def _greeks(valuation: Valuation, series: Series) -> model.Marks | None:
    newest, spot = valuation.slice_of(series.expiry), valuation.spot
    if newest is None or spot is None:
        return None
    return model.mark(
        spot / WAD, series.strike / 1e8, Side(series.side), newest.unpack(), series.expiry, valuation.state.time
    )


def _price(priced: Priced, amount: int, decimals: int, rounding: str) -> str | None:
    if priced.quote is None or priced.quote.total == 0:
        return None
    return per_contract(priced.quote.total, amount, decimals, rounding)


def _wad(value: int | None) -> str | None:
    return None if value is None else decimal_string(value, WAD_DECIMALS)
