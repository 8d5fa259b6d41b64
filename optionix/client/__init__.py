"""The Python SDK: everything that a wallet can do on Optionix, from exact amounts to mined transactions.

with Client("local", key=local_account(5)) as client:
    print(client.quote("ETH-27NOV26-3000-C", "1").total_decimal)
    client.buy("ETH-27NOV26-3000-C", "1")
"""

from optionix.client.batches import Batches
from optionix.client.books import Books
from optionix.client.connection import NoKey
from optionix.client.exchange import Exchange, Filled, FillQuote
from optionix.client.lens import BookAfter, Estimate, Lens, OrderView
from optionix.client.markets import Chain, MarketData, MarketState, Offer
from optionix.client.routing import NATIVE, Payment, Routed, Routing, Swap
from optionix.client.values import BadAmount, Block, Book, Funds, Leg, Position, Quote, Trade, VaultState
from optionix.client.vaults import Vaults

__all__ = [
    "NATIVE",
    "BadAmount",
    "Block",
    "Book",
    "BookAfter",
    "Chain",
    "Client",
    "Estimate",
    "FillQuote",
    "Filled",
    "Funds",
    "Leg",
    "MarketState",
    "NoKey",
    "Offer",
    "OrderView",
    "Payment",
    "Position",
    "Quote",
    "Routed",
    "Swap",
    "Trade",
    "VaultState",
]


class Client(MarketData, Routing, Books, Vaults, Batches, Exchange, Lens):
    """One account on one network; see `optionix.client.connection.Connection` for the parameters."""
