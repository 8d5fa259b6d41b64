"""The methods by name, and how a call becomes an answer."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

import structlog

from api.deribit import charts, market_data, platform, settlements, trades
from api.deribit.errors import (
    InternalError,
    InvalidCredentials,
    MethodNotFound,
    MustBeWebsocket,
    NotImplementedHere,
    Retry,
    RpcError,
    Unauthorized,
)
from api.deribit.params import Params
from api.deribit.rpc import Call
from api.errors import ApiError, Unavailable
from api.reader import Database, Reader

log = structlog.get_logger(__name__)

Method = Callable[[Reader, Params], Awaitable[object]]

PUBLIC: dict[str, Method] = {
    "get_time": platform.get_time,
    "status": platform.status,
    "test": platform.test,
    "hello": platform.hello,
    "get_currencies": platform.get_currencies,
    "get_index_price": platform.get_index_price,
    "get_index_price_names": platform.get_index_price_names,
    "get_instruments": market_data.get_instruments,
    "get_instrument": market_data.get_instrument,
    "ticker": market_data.ticker,
    "get_order_book": market_data.get_order_book,
    "get_book_summary_by_currency": market_data.get_book_summary_by_currency,
    "get_book_summary_by_instrument": market_data.get_book_summary_by_instrument,
    "get_last_trades_by_currency": trades.by_currency,
    "get_last_trades_by_currency_and_time": trades.by_currency_and_time,
    "get_last_trades_by_instrument": trades.by_instrument,
    "get_last_trades_by_instrument_and_time": trades.by_instrument_and_time,
    "get_tradingview_chart_data": charts.get_tradingview_chart_data,
    "get_mark_price_history": charts.get_mark_price_history,
    "get_historical_volatility": charts.get_historical_volatility,
    "get_last_settlements_by_currency": settlements.by_currency,
    "get_last_settlements_by_instrument": settlements.by_instrument,
    "get_delivery_prices": settlements.get_delivery_prices,
}
WEBSOCKET = frozenset({"subscribe", "unsubscribe", "unsubscribe_all", "set_heartbeat", "disable_heartbeat"})
SIGN_IN = frozenset({"auth", "exchange_token", "fork_token"})
ELSEWHERE = frozenset(
    {
        "get_announcements",
        "get_apr_history",
        "get_block_rfq_trades",
        "get_combo_details",
        "get_combo_ids",
        "get_combos",
        "get_contract_size",
        "get_expirations",
        "get_funding_chart_data",
        "get_funding_rate_history",
        "get_funding_rate_value",
        "get_index_chart_data",
        "get_order_book_by_instrument_id",
        "get_supported_index_names",
        "get_trade_volumes",
        "get_volatility_index_data",
    }
)
"""Public methods of Deribit's that are not answered here."""
_PRIVATE = re.compile(r"private/[a-z_]{1,64}")


async def answer(database: Database, call: Call) -> object:
    """What a call comes to, read from one snapshot of the tables.

    Raises
    ------
    RpcError
    """
    method = find(call.method)
    try:
        async with database.reader() as reader:
            return await method(reader, Params(call.params))
    except RpcError:
        raise
    except Unavailable as error:
        raise Retry(error.detail) from None
    except ApiError as error:
        log.exception("deribit_call_failed", method=call.method)
        raise InternalError(error.detail) from error
    except Exception:
        log.exception("deribit_call_failed", method=call.method)
        raise InternalError from None


def find(name: str) -> Method:
    """A method that any transport has.

    Raises
    ------
    RpcError
        Saying why there is none.
    """
    if _PRIVATE.fullmatch(name):
        raise Unauthorized("there are no accounts here: trade by transactions or by signed orders, see /v1/orders")
    scope, _, method = name.partition("/")
    if scope == "public":
        if method in PUBLIC:
            return PUBLIC[method]
        if method in WEBSOCKET:
            raise MustBeWebsocket("connect to /ws/api/v2")
        if method in SIGN_IN:
            raise InvalidCredentials("there are no credentials here: all public data needs none")
        if method in ELSEWHERE:
            raise NotImplementedHere
    raise MethodNotFound
