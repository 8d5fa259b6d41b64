"""A chain whose makers have books and funds of every kind, and the API over its tables."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.orders.message import OrderMessage
from optionix.client import Client
from optionix.instruments import Side
from optionix.orders import Order
from optionix.settings import Settings
from tests.indexer.life import CALL, LOWER_PUT, OTHER_CALL, PUT, World, world
from tests.indexer.running import index
from tests.support.chain import EXPIRY
from tests.support.postgres import migrated_database, throwaway_postgres

WAD = 10**18
PLAIN, NETTED, UNAPPROVED, TAKER = 5, 6, 7, 9


@dataclass
class Bench:
    """A chain, the API over its tables, and both brought to one block."""

    chain: World
    url: str
    api: TestClient

    def index(self) -> None:
        """Bring the tables to the head."""
        asyncio.run(index(self.chain, self.url))

    def post(self, order: Order, signature: bytes) -> Any:
        """Send an order in."""
        body = {"order": OrderMessage.of(order).model_dump(), "signature": "0x" + signature.hex()}
        return self.api.post("/v1/orders", json=body)

    def taken(self, order: Order, signature: bytes) -> dict[str, Any]:
        """The answer to an order that is taken in."""
        answer = self.post(order, signature)
        assert answer.status_code == 200, answer.text
        view: dict[str, Any] = answer.json()["order"]
        return view

    def order(self, order_hash: str) -> dict[str, Any]:
        """An order as it stands."""
        view: dict[str, Any] = self.api.get(f"/v1/orders/{order_hash}").json()["order"]
        return view

    def book(self, name: str = CALL) -> tuple[list[str], list[str]]:
        """Hashes of bids and asks, best first."""
        book = self.api.get(f"/v1/books/{name}").json()
        return [each["hash"] for each in book["bids"]], [each["hash"] for each in book["asks"]]


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """Makers with a plain book, a netted one, and one that approved nothing; a taker who has all of everything."""
    with throwaway_postgres() as server, migrated_database(server) as url, world() as chain:
        chain.fund()
        chain.trade()
        for number in (PLAIN, NETTED, TAKER):
            client = chain.client(number)
            client.deposit("WETH", "200" if number == TAKER else "3")
            client.deposit("USDC", "300000" if number == TAKER else "9000")
            client.ready_to_trade(selling=True)
        netted = chain.client(NETTED)
        netted.write(PUT, "1")
        netted.net("ETH", Side.PUT, EXPIRY)
        chain.client(PLAIN).write(CALL, "0.5")
        chain.client(UNAPPROVED).deposit("USDC", "500")
        for name in (CALL, OTHER_CALL, PUT, LOWER_PUT):
            chain.client(TAKER).write(name, "30")
        folder: Path = tmp_path_factory.mktemp("api")
        settings = Settings(database_url=url, data_dir=folder, risk_url="http://127.0.0.1:9", rpc_url=chain.anvil.url)
        with TestClient(create_app(settings)) as api:
            made = Bench(chain, url, api)
            made.index()
            yield made


NONCES = iter(range(1_000, 2**32))


def ask(client: Client, amount: str = "1", price: str = "0.03", **more: Any) -> tuple[Order, bytes]:
    """A signed order to write calls."""
    order = client.premium_order(CALL, amount, price, is_buy=False, use_book=True, **{"nonce": next(NONCES)} | more)
    return order, client.sign(order)


def bid(client: Client, amount: str = "1", price: str = "0.02", **more: Any) -> tuple[Order, bytes]:
    """A signed order to buy calls."""
    order = client.premium_order(CALL, amount, price, is_buy=True, **{"nonce": next(NONCES)} | more)
    return order, client.sign(order)
