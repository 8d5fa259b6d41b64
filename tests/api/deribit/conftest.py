"""A market that was traded on a real chain, its tables, and the API over HTTP as any client meets it."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from api.app import create_app
from api.orders.message import OrderMessage
from optionix.client import Client
from optionix.settings import Settings
from tests.api.serving import served_api
from tests.faults.process import Process
from tests.indexer.life import CALL, LOWER_PUT, PUT, World, world
from tests.indexer.running import index, query
from tests.support.chain import EXPIRY, START, STRIKES
from tests.support.ports import free_base
from tests.support.postgres import migrated_database, throwaway_postgres

EARLY, LATER = START + 8 * 3600, EXPIRY + 7 * 86_400
EARLY_CALL, EARLY_PUT = "ETH-6MAR23-1600-C", "ETH-6MAR23-1600-P"
LATER_CALL, LATER_PUT = "ETH-14MAR23-1600-C", "ETH-14MAR23-1600-P"
MAKER, TAKER, BUYER, KEEPER = 5, 6, 8, 9
START_SECONDS = 60.0
SECONDS = 60.0


@dataclass
class Market:
    """A chain, its tables and the API over HTTP."""

    chain: World
    database_url: str
    url: str
    http: httpx.Client

    def index(self) -> None:
        """Bring the tables to the head."""
        asyncio.run(index(self.chain, self.database_url))

    def get(self, method: str, **params: Any) -> Any:
        """What a method answers over GET."""
        answer = self.http.get(f"/api/v2/public/{method}", params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()["result"]

    def ours(self, path: str, **params: Any) -> Any:
        """What the native API answers."""
        answer = self.http.get(f"/v1/{path}", params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def send(self, maker: Client, name: str, amount: str, price: str, **terms: Any) -> None:
        """A signed order, sent in."""
        order = maker.premium_order(name, amount, price, **terms)
        body = {"order": OrderMessage.of(order).model_dump(), "signature": "0x" + maker.sign(order).hex()}
        answer = self.http.post("/v1/orders", json=body)
        assert answer.status_code == 200, answer.text


@contextmanager
def served(settings: Settings) -> Iterator[str]:
    """The API in a thread of its own; its URL."""
    port = free_base()
    server = uvicorn.Server(uvicorn.Config(create_app(settings), host="127.0.0.1", port=port, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        pause = threading.Event()
        for _ in range(int(START_SECONDS / 0.05)):
            if server.started or not thread.is_alive():
                break
            pause.wait(0.05)
        assert server.started
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(START_SECONDS)


def play(chain: World) -> None:
    """An expiry that was traded and settled, one that is halted, one that the vaults quote."""
    chain.fund()
    chain.list_series(EARLY, STRIKES[1:3])
    chain.list_series(LATER, STRIKES[1:4])
    for expiry in (EARLY, LATER):
        chain.post_surface(0.6, expiry)
    buyer, other, keeper = chain.client(BUYER), chain.client(7), chain.client(KEEPER)
    chain.trade()
    buyer.buy(EARLY_CALL, "2")
    other.buy(EARLY_CALL, "0.5")
    other.buy(EARLY_PUT, "1.5")
    for hour, price in enumerate((1580, 1562, 1590, 1575, 1583), start=3):
        chain.at(START + hour * 3600 - 600)
        chain.post(price)
    for step in range(7):
        chain.at(EARLY - 1900 + 300 * step)
        chain.post(1600 + 5 * step)
    keeper.transact("Markets", "checkpoint", 1, EARLY)
    chain.at(EARLY + 61)
    keeper.settle("ETH", EARLY)
    other.redeem(EARLY_CALL)
    chain.post(1571.25)
    chain.post_surface(0.62, LATER)
    buyer.buy(LATER_CALL, "3")
    chain.at(chain.now + 75)
    other.buy(LATER_CALL, "0.25")
    buyer.sell(LATER_CALL, "1")
    other.buy(LATER_PUT, "0.4")
    maker, taker = chain.client(MAKER), chain.client(TAKER)
    for client in (maker, taker):
        client.deposit("WETH", "8")
        client.deposit("USDC", "40000")
        client.ready_to_trade(selling=True)
    chain.at(chain.now + 75)
    ask = maker.premium_order(LATER_CALL, "2", "0.09", is_buy=False, use_book=True, nonce=1)
    taker.fill(ask, maker.sign(ask), "0.75")


def settings_over(chain: World, database_url: str, folder: Path) -> Settings:
    """Settings of an API over tables of a chain."""
    return Settings(database_url=database_url, data_dir=folder, risk_url="http://127.0.0.1:9", rpc_url=chain.anvil.url)


def send_orders(made: Market) -> None:
    """Signed orders of all kinds into the books."""
    maker = made.chain.client(MAKER)
    sells: dict[str, Any] = {"use_book": True, "is_buy": False}
    made.send(maker, CALL, "1", "0.031", nonce=2, **sells)
    made.send(maker, CALL, "0.5", "47.5", nonce=3, premium_token="USDC", **sells)
    made.send(maker, CALL, "0.4", "0.011", is_buy=True, nonce=4)
    made.send(maker, PUT, "0.5", "0.04", nonce=5, premium_token="WETH", **sells)
    made.send(maker, PUT, "0.25", "31", nonce=6, is_buy=True)
    made.send(maker, LOWER_PUT, "2", "7.5", nonce=7, is_buy=True)
    made.send(maker, LATER_CALL, "0.3", "0.0285", nonce=8, **sells)
    made.send(maker, LATER_CALL, "0.2", "0.0265", is_buy=True, nonce=9)


@pytest.fixture(scope="session")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Market]:
    """Three expiries of ETH with vaults, trades of both kinds, and signed orders on both sides."""
    with throwaway_postgres() as server, migrated_database(server) as database_url, world() as chain:
        play(chain)
        asyncio.run(index(chain, database_url))
        settings = settings_over(chain, database_url, tmp_path_factory.mktemp("deribit"))
        with served(settings) as url, httpx.Client(base_url=url, trust_env=False, timeout=SECONDS) as http:
            made = Market(chain, database_url, url, http)
            send_orders(made)
            yield made


class LiveMarket(Market):
    """The same with every part a process of its own: the indexer brings the tables to the head, unasked."""

    def index(self) -> None:
        """Wait for the indexer."""
        head = self.chain.rpc.call("eth_getBlockByNumber", "latest", False)["hash"]
        end = time.monotonic() + SECONDS
        while not query(self.database_url, "select 1 from block where hash = %s", head):
            assert time.monotonic() < end, "the indexer does not follow"
            time.sleep(0.02)


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveMarket]:
    """A running stack: anvil, Postgres, `python -m indexer` and `python -m api`."""
    with throwaway_postgres() as server, migrated_database(server) as database_url, world() as chain:
        play(chain)
        folder = tmp_path_factory.mktemp("live")
        settings = settings_over(chain, database_url, folder)
        told = ("database_url", "data_dir", "risk_url", "rpc_url")
        with (
            Process(chain, database_url, folder).running(),
            served_api({name: getattr(settings, name) for name in told}, folder / "api.log") as url,
            httpx.Client(base_url=url, trust_env=False, timeout=SECONDS) as http,
        ):
            made = LiveMarket(chain, database_url, url, http)
            made.index()
            send_orders(made)
            yield made
