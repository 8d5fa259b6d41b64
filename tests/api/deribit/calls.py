"""A sound call of every method, with every parameter that the method reads; which of them it cannot do without."""

from __future__ import annotations

from typing import Any

from api.deribit import charts, settlements, trades
from api.deribit.names import ANY, KINDS
from tests.api.deribit.conftest import EARLY_CALL, LATER_CALL, LATER_PUT
from tests.indexer.life import CALL, PUT
from tests.support.chain import START

TEXTS = {"client_name", "client_version", "currency", "index_name", "instrument_name"}
PLACES = {"start_id", "end_id", "continuation"}
FLAGS = {"expired", "extended"}
CHOICES = {
    "kind": (*KINDS, "combo", ANY),
    "type": settlements.TYPES,
    "sorting": trades.SORTINGS,
    "resolution": tuple(charts.RESOLUTIONS),
    "expected_result": ("exception",),
}
REQUIRED: dict[str, set[str]] = {
    "hello": {"client_name", "client_version"},
    "get_index_price": {"index_name"},
    "get_instrument": {"instrument_name"},
    "ticker": {"instrument_name"},
    "get_order_book": {"instrument_name"},
    "get_book_summary_by_currency": {"currency"},
    "get_book_summary_by_instrument": {"instrument_name"},
    "get_last_trades_by_currency": {"currency"},
    "get_last_trades_by_currency_and_time": {"currency"},
    "get_last_trades_by_instrument": {"instrument_name"},
    "get_last_trades_by_instrument_and_time": {"instrument_name"},
    "get_tradingview_chart_data": {"instrument_name", "start_timestamp", "end_timestamp", "resolution"},
    "get_historical_volatility": {"currency"},
    "get_mark_price_history": {"instrument_name", "start_timestamp", "end_timestamp"},
    "get_last_settlements_by_currency": {"currency"},
    "get_last_settlements_by_instrument": {"instrument_name"},
    "get_delivery_prices": {"index_name"},
}


def sound(now: int) -> dict[str, dict[str, Any]]:
    """Calls by method at a market time in milliseconds."""
    times = {"start_timestamp": START * 1000, "end_timestamp": now}
    page = {"count": 2, "sorting": "desc", "start_id": "0.0", "end_id": "999999999.0"}
    sequence = {"start_seq": 1, "end_seq": 9}
    deliveries = {"count": 1, "type": "delivery", "search_start_timestamp": now, "continuation": "none"}
    return {
        "get_time": {},
        "status": {},
        "test": {},
        "hello": {"client_name": "a", "client_version": "1"},
        "get_currencies": {},
        "get_index_price": {"index_name": "eth_usd"},
        "get_index_price_names": {"extended": True},
        "get_instruments": {"currency": "any", "kind": "option", "expired": False},
        "get_instrument": {"instrument_name": EARLY_CALL},
        "ticker": {"instrument_name": LATER_PUT},
        "get_order_book": {"instrument_name": LATER_CALL, "depth": 5},
        "get_book_summary_by_currency": {"currency": "ETH", "kind": "option"},
        "get_book_summary_by_instrument": {"instrument_name": CALL},
        "get_last_trades_by_currency": {"currency": "ETH", "kind": "any", **page, **times},
        "get_last_trades_by_currency_and_time": {"currency": "ETH", "kind": "option", **page, **times},
        "get_last_trades_by_instrument": {"instrument_name": CALL, **page, **times, **sequence},
        "get_last_trades_by_instrument_and_time": {"instrument_name": CALL, **page, **times, **sequence},
        "get_tradingview_chart_data": {"instrument_name": PUT, "resolution": "5", **times},
        "get_historical_volatility": {"currency": "ETH"},
        "get_mark_price_history": {"instrument_name": LATER_PUT, **times},
        "get_last_settlements_by_currency": {"currency": "ETH", **deliveries},
        "get_last_settlements_by_instrument": {"instrument_name": EARLY_CALL, **deliveries},
        "get_delivery_prices": {"index_name": "eth_usd", "count": 3, "offset": 0},
    }
