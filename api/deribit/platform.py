"""Methods about the platform: its time, its state, its version, its currencies and indices."""

from __future__ import annotations

from decimal import Decimal

import optionix
from api.deribit import units
from api.deribit.errors import BadRequest, Retry
from api.deribit.names import index_name, market_of_index
from api.deribit.params import Params
from api.reader import Reader
from api.valuation.repository import market_state, markets
from optionix.store.models import Vault

LONG_NAMES = {"BTC": "Bitcoin", "ETH": "Ethereum"}
COIN_TYPES = {"BTC": "BITCOIN", "ETH": "ETHER"}
NO_FEE = Decimal(0)


async def get_time(reader: Reader, params: Params) -> int:
    """Market time: that of the newest block, milliseconds."""
    return (await reader.head()).timestamp * 1000


async def test(reader: Reader, params: Params) -> dict[str, str]:
    """Whether the API answers; an error on demand."""
    if params.choice("expected_result", ("exception",), "") == "exception":
        raise BadRequest("an exception was asked for", "expected_result")
    return {"version": optionix.__version__}


async def hello(reader: Reader, params: Params) -> dict[str, str]:
    """A client says what it is."""
    params.text("client_name")
    params.text("client_version")
    return {"version": optionix.__version__}


async def status(reader: Reader, params: Params) -> dict[str, object]:
    """Markets whose vaults do not trade are locked; signed orders fill there all the same."""
    await reader.head()
    locked = []
    listed = await markets(reader)
    for market in listed:
        vaults: list[Vault] = list((await market_state(reader, market)).vaults.values())
        if vaults and all(vault.trades_paused for vault in vaults):
            locked.append(index_name(market.base_symbol))
    state = "false" if not locked else "true" if len(locked) == len(listed) else "partial"
    return {"locked": state, "locked_indices": locked}


async def get_currencies(reader: Reader, params: Params) -> list[dict[str, object]]:
    """The bases of the markets. Nothing is deposited here: collateral lies in the contracts."""
    return [
        {
            "currency": market.base_symbol,
            "currency_long": LONG_NAMES.get(market.base_symbol, market.base_symbol),
            "coin_type": COIN_TYPES.get(market.base_symbol, market.base_symbol),
            "decimals": market.base_decimals,
            "min_confirmations": 0,
            "min_withdrawal_fee": NO_FEE,
            "withdrawal_fee": NO_FEE,
            "withdrawal_priorities": [],
            "network_currency": market.base_symbol,
            "network_fee": NO_FEE,
            "in_cross_collateral_pool": False,
        }
        for market in await markets(reader)
    ]


async def get_index_price_names(reader: Reader, params: Params) -> list[object]:
    """The indices of the markets."""
    names = [index_name(market.base_symbol) for market in await markets(reader)]
    if not params.flag("extended"):
        return list(names)
    return [
        {"name": name, "future_combo_creation_enabled": False, "option_combo_creation_enabled": False} for name in names
    ]


async def get_index_price(reader: Reader, params: Params) -> dict[str, object]:
    """The feed's newest price.

    Raises
    ------
    Retry
        Before the first.
    """
    state = await market_state(reader, await market_of_index(reader, params))
    if state.spot is None:
        raise Retry("the feed has not given a price yet", "index_name")
    price = units.quote_amount(state.spot.price)
    return {"index_price": price, "estimated_delivery_price": price}
