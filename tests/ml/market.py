"""Rows of an indexed market: two markets whose feeds replayed real prices for two days."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from ml.sources import ShippedHistory
from optionix.store import models as tables
from tests.ml.walks import REPLAY_START

CHAIN = 31337
NOW = REPLAY_START + 2 * 86_400 + 700
"""Market time: two days and some minutes after the chain began."""
EXPIRIES = [REPLAY_START + 8 * 3600 + 86_400 * days for days in (1, 2, 3, 4, 11, 18, 25, 53)]
SYMBOLS = {1: "ETH", 2: "BTC"}
WAD = 10**18


def fill_market(engine: Engine) -> None:
    """Two markets with their expiries, and the rounds of two days: one at each half hour's end and its middle."""
    with Session(engine) as session, session.begin():
        session.add(
            tables.Checkpoint(
                chain_id=CHAIN,
                block_number=100,
                block_hash="0x01",
                block_timestamp=NOW,
                finalized_number=36,
                head_number=100,
                head_timestamp=NOW,
                derivation=1,
                updated_at=datetime.now(UTC),
            )
        )
        for market, symbol in SYMBOLS.items():
            session.add(
                tables.Market(
                    chain_id=CHAIN,
                    market=market,
                    base_token=f"0xb{market}",
                    base_decimals=18,
                    quote_token="0xcc",
                    quote_decimals=6,
                    base_symbol=symbol,
                    quote_symbol="USDC",
                    feed_version=1,
                    anchor=6 * WAD // 10,
                )
            )
            for expiry in EXPIRIES:
                session.add(tables.Expiry(chain_id=CHAIN, market=market, expiry=expiry, feed_version=1, listed_block=1))
            _rounds(session, market, symbol)


def _rounds(session: Session, market: int, symbol: str) -> None:
    start, close = ShippedHistory().bars(symbol, NOW)
    number = 0
    for opened, price in zip(start, close, strict=True):
        if opened < REPLAY_START:
            continue
        for offset in (900, 1799):
            number += 1
            moment = int(opened) + offset
            answer = int(price * 10**8)
            session.add(
                tables.FeedRound(
                    chain_id=CHAIN,
                    market=market,
                    block_number=number,
                    log_index=market,
                    feed=f"0xf{market}",
                    round_id=(1 << 64) + number,
                    answer=answer,
                    price=answer * 10**10,
                    updated_at=moment,
                )
            )
    session.add(
        tables.Spot(
            chain_id=CHAIN,
            market=market,
            price=answer * 10**10,
            feed=f"0xf{market}",
            round_id=(1 << 64) + number,
            updated_at=moment,
            block_number=number,
        )
    )
