"""Currencies, indices and instruments by name.

An instrument is named as our series are, `BTC-27NOV26-90000-C`, strikes with `d` for the decimal point: this is
Deribit's own form. A market's index is `btc_usd`: the feed's price, with USD for the quote token.
"""

from __future__ import annotations

from api.deribit.errors import InstrumentNotFound, InvalidParams
from api.deribit.params import Params
from api.errors import NotFound
from api.instruments.service import series_by_name
from api.reader import Reader
from api.valuation.repository import markets
from optionix.instruments import InstrumentError, parse_name
from optionix.store.models import Market, Series

KINDS = ("option", "future", "spot", "future_combo", "option_combo")
"""Deribit's kinds of instruments, of which options alone are listed here."""
ANY = "any"
COUNTER = "USD"
"""Stands for the quote token, as strikes and indices are told in it."""


def index_name(symbol: str) -> str:
    """`btc_usd` for BTC."""
    return f"{symbol.lower()}_{COUNTER.lower()}"


async def market_of_currency(reader: Reader, params: Params) -> Market:
    """The market whose base is the parameter `currency`.

    Raises
    ------
    InvalidParams
        Where there is none.
    """
    currency = params.text("currency")
    for market in await markets(reader):
        if market.base_symbol == currency.upper():
            return market
    raise InvalidParams("invalid currency", "currency")


async def market_of_index(reader: Reader, params: Params) -> Market:
    """The market whose index is the parameter `index_name`.

    Raises
    ------
    InvalidParams
        Where there is none.
    """
    wanted = params.text("index_name")
    for market in await markets(reader):
        if index_name(market.base_symbol) == wanted:
            return market
    raise InvalidParams("invalid index name", "index_name")


async def series_of_instrument(reader: Reader, name: str) -> tuple[Series, Market]:
    """The series of an instrument.

    Raises
    ------
    InvalidParams
        For what is no name of an option.
    InstrumentNotFound
        For an option that is not listed.
    """
    try:
        parse_name(name)
    except InstrumentError:
        raise InvalidParams("wrong format", "instrument_name") from None
    try:
        return await series_by_name(reader, name)
    except NotFound:
        raise InstrumentNotFound("instrument not found", "instrument_name") from None


def lists_options(params: Params) -> bool:
    """Whether the parameter `kind` picks options, or everything."""
    return params.choice("kind", (*KINDS, "combo", ANY), ANY) in ("option", ANY)
