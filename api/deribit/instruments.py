"""Instruments: the static facts of a series."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Literal

from api.deribit import names, units
from optionix.instruments import Side

State = Literal["open", "settlement", "delivered"]
CONTRACT_SIZE = 1
NO_COMMISSION = Decimal(0)
_FRIDAY = 4
_ID_BYTES = 6


@dataclass(frozen=True)
class Listing:
    """A listed series.

    Attributes
    ----------
    symbol : the base's.
    strike : units of 1e-8 quote per base.
    listed_at, expiry : seconds.
    of_notional : the share of a contract's base that a taker pays as a fee at most, WAD.
    settled_at_price : the settlement price, WAD; None before it is known.
    """

    name: str
    series_id: int
    symbol: str
    side: Side
    strike: int
    expiry: int
    listed_at: int
    of_notional: int
    settled_at_price: int | None

    def state(self, time: int) -> State:
        """Whether it trades, waits for its settlement price, or has one."""
        if self.settled_at_price is not None:
            return "delivered"
        return "open" if time < self.expiry else "settlement"


def instrument(listing: Listing, time: int) -> dict[str, object]:
    """A listing as `get_instrument` answers it at a time."""
    return {
        "instrument_name": listing.name,
        "instrument_id": instrument_id(listing.series_id),
        "instrument_type": "reversed",
        "kind": "option",
        "option_type": "call" if listing.side is Side.CALL else "put",
        "strike": units.strike(listing.strike),
        "base_currency": listing.symbol,
        "quote_currency": listing.symbol,
        "settlement_currency": listing.symbol,
        "counter_currency": names.COUNTER,
        "price_index": names.index_name(listing.symbol),
        "contract_size": CONTRACT_SIZE,
        "tick_size": units.TICK,
        "tick_size_steps": [],
        "min_trade_amount": units.TICK,
        "taker_commission": units.fraction(listing.of_notional),
        "maker_commission": NO_COMMISSION,
        "creation_timestamp": listing.listed_at * 1000,
        "expiration_timestamp": listing.expiry * 1000,
        "settlement_period": settlement_period(listing.expiry),
        "is_active": listing.state(time) == "open",
        "state": listing.state(time),
        "rfq": False,
    }


def instrument_id(series_id: int) -> int:
    """A number of 48 bits for a series id of 128: its digest, which a client's JSON holds exactly."""
    return int.from_bytes(hashlib.sha256(series_id.to_bytes(32, "big")).digest()[:_ID_BYTES], "big")


def settlement_period(expiry: int) -> str:
    """`month` for the last Friday of one, `week` for other Fridays, else `day`."""
    day = datetime.fromtimestamp(expiry, UTC)
    if day.weekday() != _FRIDAY:
        return "day"
    return "week" if (day + timedelta(days=7)).month == day.month else "month"
