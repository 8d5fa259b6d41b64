"""Volatility surfaces, spot candles and settlements."""

from __future__ import annotations

import numpy as np
from sqlalchemy import select

from api.candles import newest_candles
from api.markets.service import slice_view
from api.money import WAD_DECIMALS, decimal_string
from api.reader import Reader
from api.surfaces.schemas import Settlement, SettlementRule, Settlements, SpotCandles, Surface, SurfaceSlice
from api.valuation.repository import market_by_symbol, market_state, markets
from api.valuation.service import Valuation
from optionix.instruments import format_expiry
from optionix.pricing import ssvi
from optionix.pricing.vault import YEAR
from optionix.store.models import Expiry, SpotCandle

SETTLEMENT_RULES: tuple[SettlementRule, ...] = ("average", "last_round", "checkpoint")
"""As the contract numbers them."""
SMILE = np.linspace(-0.6, 0.6, 25)


async def surface(reader: Reader, symbol: str) -> Surface:
    """All live slices of a market with the smile that each gives."""
    market = await market_by_symbol(reader, symbol)
    state = await market_state(reader, market)
    valuation = Valuation(state)
    slices = []
    for expiry in sorted(state.surfaces):
        view, newest, atm = slice_view(state, expiry), valuation.slice_of(expiry), valuation.atm_volatility(expiry)
        if view is None or newest is None or atm is None:
            continue
        floats = newest.unpack()
        smile = ssvi.volatility(SMILE, floats.theta, floats.phi, floats.rho, (expiry - newest.timestamp) / YEAR)
        slices.append(
            SurfaceSlice(
                expiry=expiry,
                expiry_name=format_expiry(expiry),
                slice=view,
                atm_volatility=atm,
                smile=[(float(k), float(v)) for k, v in zip(SMILE, smile, strict=True)],
            )
        )
    return Surface(block=await reader.head(), market=market.base_symbol, slices=slices)


async def settlements(reader: Reader, limit: int) -> Settlements:
    """Settled expiries, newest first."""
    symbols = {market.market: market.base_symbol for market in await markets(reader)}
    rows = await reader.all(
        select(Expiry)
        .where(Expiry.chain_id == reader.chain_id, Expiry.settlement_price.is_not(None))
        .order_by(Expiry.expiry.desc(), Expiry.market)
        .limit(limit)
    )
    return Settlements(
        block=await reader.head(),
        settlements=[
            Settlement(
                market=symbols[row.market],
                expiry=row.expiry,
                expiry_name=format_expiry(row.expiry),
                price=decimal_string(row.settlement_price or 0, WAD_DECIMALS),
                settler=row.settler or "",
                rule=SETTLEMENT_RULES[row.settlement_rule or 0],
                block_number=row.settled_block or 0,
            )
            for row in rows
        ],
    )


async def spot_candles(reader: Reader, symbol: str, interval: str, limit: int) -> SpotCandles:
    """Candles of a market's feed, oldest first."""
    market = await market_by_symbol(reader, symbol)
    return SpotCandles(
        block=await reader.head(),
        market=market.base_symbol,
        interval=interval,
        candles=await newest_candles(reader, SpotCandle, SpotCandle.market == market.market, interval, limit),
    )
