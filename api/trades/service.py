"""Trades."""

from __future__ import annotations

from sqlalchemy import or_, select, tuple_

from api.money import WAD_DECIMALS, decimal_string, per_contract
from api.paging import decode_cursor, encode_cursor
from api.reader import Reader
from api.trades.schemas import Trade as TradeView
from api.trades.schemas import Trades
from api.valuation.repository import market_by_symbol, markets
from optionix.pricing.payoff import WAD
from optionix.store.models import Market, Series, Trade


async def list_trades(
    reader: Reader,
    *,
    market: str | None = None,
    series: str | None = None,
    account: str | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Trades:
    """Trades that fit every given filter, newest first."""
    query = (
        select(Trade, Series)
        .join(Series, (Series.chain_id == Trade.chain_id) & (Series.series_id == Trade.series_id))
        .where(Trade.chain_id == reader.chain_id)
        .order_by(Trade.block_number.desc(), Trade.log_index.desc())
        .limit(limit + 1)
    )
    if market is not None:
        query = query.where(Trade.market == (await market_by_symbol(reader, market)).market)
    if series is not None:
        query = query.where(Series.name == series)
    if account is not None:
        query = query.where(or_(Trade.taker == account, Trade.maker == account))
    if cursor is not None:
        query = query.where(tuple_(Trade.block_number, Trade.log_index) < decode_cursor(cursor))
    known = {row.market: row for row in await markets(reader)}
    rows = await reader.rows(query)
    views = [view(trade, named, known[trade.market]) for trade, named in rows[:limit]]
    last = rows[limit - 1][0] if len(rows) > limit else None
    return Trades(
        block=await reader.head(),
        trades=views,
        next_cursor=encode_cursor(last.block_number, last.log_index) if last else None,
    )


def view(trade: Trade, series: Series, market: Market) -> TradeView:
    """One trade as it is answered."""
    is_call = trade.side == 0
    decimals = market.base_decimals if is_call else market.quote_decimals
    in_base = trade.premium_token == market.base_token
    paid_symbol = market.base_symbol if in_base else market.quote_symbol
    paid_decimals = market.base_decimals if in_base else market.quote_decimals
    return TradeView(
        id=encode_cursor(trade.block_number, trade.log_index),
        block_number=trade.block_number,
        log_index=trade.log_index,
        transaction=trade.tx_hash,
        timestamp=trade.timestamp,
        name=series.name,
        series_id=str(trade.series_id),
        venue=trade.venue,
        taker=trade.taker,
        maker=trade.maker,
        matched=trade.is_match,
        action="buy" if trade.is_buy else "sell",
        amount=decimal_string(trade.amount, WAD_DECIMALS),
        premium=decimal_string(trade.premium, decimals),
        fee=decimal_string(trade.fee, decimals),
        price=per_contract(trade.premium, trade.amount, decimals, "ROUND_FLOOR"),
        asset=market.base_symbol if is_call else market.quote_symbol,
        spot=decimal_string(trade.spot, WAD_DECIMALS),
        volatility=None if trade.volatility is None else trade.volatility / WAD,
        paid_asset=paid_symbol,
        paid_premium=decimal_string(trade.paid_premium, paid_decimals),
        paid_fee=decimal_string(trade.paid_fee, paid_decimals),
    )
