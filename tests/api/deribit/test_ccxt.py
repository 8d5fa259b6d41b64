"""ccxt's own class for Deribit, unmodified but for its URL, against a running market: its figures are ours."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import ccxt
import pytest

from tests.api.deribit.conftest import LATER, Market
from tests.indexer.life import CALL, PUT
from tests.support.chain import EXPIRY

CALL_SYMBOL, PUT_SYMBOL = "ETH/USD:ETH-230307-1600-C", "ETH/USD:ETH-230307-1600-P"


@pytest.fixture(scope="module")
def exchange(market: Market) -> Iterator[ccxt.deribit]:
    client = ccxt.deribit({"enableRateLimit": False})
    client.urls["api"] = {"rest": market.url}
    client.session.trust_env = False
    yield client
    client.session.close()


def test_status_and_time(exchange: ccxt.deribit, market: Market) -> None:
    assert exchange.fetch_status()["status"] == "ok"
    assert exchange.fetch_time() == market.ours("status")["market_time"] * 1000


def test_markets(exchange: ccxt.deribit) -> None:
    loaded = exchange.load_markets(reload=True)
    assert len(loaded) == 16
    assert {each["expiry"] for each in loaded.values()} == {EXPIRY * 1000, LATER * 1000}
    market = loaded[CALL_SYMBOL]
    assert market["id"] == CALL
    assert (market["base"], market["quote"], market["settle"]) == ("ETH", "USD", "ETH")
    assert (market["strike"], market["optionType"], market["contractSize"]) == (1600, "call", 1)
    assert market["inverse"] and market["option"] and market["active"]
    assert market["taker"] == 0.0003


def test_a_ticker_of_a_call_is_ours_in_base(exchange: ccxt.deribit, market: Market) -> None:
    told, ours = exchange.fetch_ticker(CALL_SYMBOL), market.ours(f"instruments/{CALL}")["ticker"]
    assert told["markPrice"] == pytest.approx(float(ours["mark"]), abs=5.1e-9)
    assert Decimal(told["info"]["open_interest"]) == Decimal(ours["open_interest"])
    assert Decimal(told["info"]["stats"]["volume"]) == Decimal(ours["volume_24h"])


def test_a_ticker_of_a_put_is_ours_over_the_index(exchange: ccxt.deribit, market: Market) -> None:
    told, ours = exchange.fetch_ticker(PUT_SYMBOL), market.ours(f"instruments/{PUT}")["ticker"]
    index = Decimal(market.ours("markets")["markets"][0]["spot"])
    assert told["indexPrice"] == float(index)
    assert told["markPrice"] == pytest.approx(float(Decimal(ours["mark"]) / index), abs=5.1e-9)
