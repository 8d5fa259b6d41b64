"""ccxt's own class for Deribit, unmodified but for its URL, against a live stack of processes: its figures are ours."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import ccxt
import pytest

from api.money import decimal_string
from optionix.instruments import DAY
from optionix.pricing.payoff import WAD
from tests.api.deribit.conftest import EARLY_CALL, LATER, LATER_CALL, LATER_PUT, LiveMarket, Market
from tests.indexer.life import CALL, PUT
from tests.indexer.running import query as query_of
from tests.support.chain import EXPIRY, START

SYMBOLS = {
    CALL: "ETH/USD:ETH-230307-1600-C",
    PUT: "ETH/USD:ETH-230307-1600-P",
    LATER_CALL: "ETH/USD:ETH-230314-1600-C",
    LATER_PUT: "ETH/USD:ETH-230314-1600-P",
}
HALF_TICK = 5.01e-9


@pytest.fixture(scope="module")
def market(live: LiveMarket) -> LiveMarket:
    """The stack whose parts are all processes."""
    return live


@pytest.fixture(scope="module")
def exchange(market: Market) -> Iterator[ccxt.deribit]:
    client = ccxt.deribit({"enableRateLimit": False})
    client.urls["api"] = {"rest": market.url}
    client.session.trust_env = False
    yield client
    client.session.close()


def in_base(market: Market, name: str, price: str | None) -> float | None:
    """A native price per contract, told in base."""
    if price is None:
        return None
    return float(price) if name.endswith("C") else float(Decimal(price) / index_of(market))


def index_of(market: Market) -> Decimal:
    return Decimal(market.ours("markets")["markets"][0]["spot"])


def ours_of(market: Market, name: str) -> dict[str, Any]:
    ticker: dict[str, Any] = market.ours(f"instruments/{name}")["ticker"]
    return ticker


def vault_amount(market: Market, name: str) -> int:
    """What the vault has written of a series, WAD."""
    query = "select w.amount from vault_series w join series s using (chain_id, series_id) where s.name = %s"
    rows = query_of(market.database_url, query, name)
    return int(rows[0]["amount"]) if rows else 0


def vault_prices(market: Market, name: str, action: str, amount: int) -> list[float]:
    """The vault's price a contract for an amount, its fee apart, where there is one."""
    if amount == 0:
        return []
    contracts = decimal_string(amount, 18)
    quote = market.ours(f"instruments/{name}/quote", action=action, amount=contracts)
    if not quote["executable"]:
        return []
    fee = Decimal(quote["fee"]) * (1 if action == "buy" else -1)
    price = in_base(market, name, str((Decimal(quote["total"]) - fee) / Decimal(contracts)))
    return [] if price is None else [price]


class TestPlatform:
    def test_status_and_time(self, exchange: ccxt.deribit, market: Market) -> None:
        assert exchange.fetch_status()["status"] == "ok"
        assert exchange.fetch_time() == market.ours("status")["market_time"] * 1000

    def test_currencies(self, exchange: ccxt.deribit) -> None:
        assert exchange.fetch_currencies().keys() == {"ETH", "BTC"}

    def test_errors_are_taken_for_what_they_are(self, exchange: ccxt.deribit) -> None:
        with pytest.raises(ccxt.BadRequest, match="currency"):
            exchange.public_get_get_instruments({"currency": "DOGE"})
        with pytest.raises(ccxt.ExchangeError, match="13020"):
            exchange.public_get_ticker({"instrument_name": "ETH-7MAR23-1-C"})
        with pytest.raises(ccxt.NotSupported):
            exchange.public_get_get_funding_rate_value({"instrument_name": "ETH-PERPETUAL"})
        exchange.apiKey, exchange.secret = "key", "secret"
        with pytest.raises(ccxt.AuthenticationError):
            exchange.fetch_balance()


class TestMarkets:
    def test_all_that_is_live_is_listed(self, exchange: ccxt.deribit, market: Market) -> None:
        loaded = exchange.load_markets(True)
        names = {
            option["name"]
            for expiry in (EXPIRY, LATER)
            for row in market.ours("markets/ETH/chain", expiry=expiry)["rows"]
            for option in (row["call"], row["put"])
        }
        assert {each["id"] for each in loaded.values()} == names and len(names) == 16
        for name, symbol in SYMBOLS.items():
            each = loaded[symbol]
            assert each["id"] == name
            assert (each["base"], each["quote"], each["settle"]) == ("ETH", "USD", "ETH")
            assert (each["strike"], each["contractSize"]) == (1600, 1)
            assert each["optionType"] == ("call" if name.endswith("C") else "put")
            assert each["inverse"] and each["option"] and each["active"]
            assert (each["taker"], each["maker"]) == (0.0003, 0)
            assert each["precision"] == {"amount": 1e-8, "price": 1e-8}
            assert each["expiry"] == (EXPIRY if name in (CALL, PUT) else LATER) * 1000
            assert START * 1000 <= each["created"] < each["expiry"]

    def test_what_was_delivered_is_no_longer_listed(self, exchange: ccxt.deribit) -> None:
        assert EARLY_CALL not in {each["id"] for each in exchange.load_markets().values()}


@pytest.mark.parametrize("name", SYMBOLS)
class TestPrices:
    def test_ticker(self, exchange: ccxt.deribit, market: Market, name: str) -> None:
        told, ours = exchange.fetch_ticker(SYMBOLS[name]), ours_of(market, name)
        assert told["symbol"] == SYMBOLS[name]
        assert told["timestamp"] == market.ours("status")["market_time"] * 1000
        assert told["markPrice"] == pytest.approx(in_base(market, name, ours["mark"]), abs=HALF_TICK)
        assert told["indexPrice"] == float(index_of(market))
        assert told["baseVolume"] == float(ours["volume_24h"])
        trades = market.ours("trades", series=name)["trades"]
        prices = [base_price(trade) for trade in trades]
        assert told["last"] == pytest.approx(prices[0], abs=2 * HALF_TICK)
        assert told["high"] == pytest.approx(max(prices), abs=2 * HALF_TICK)
        assert told["low"] == pytest.approx(min(prices), abs=2 * HALF_TICK)

    def test_best_prices(self, exchange: ccxt.deribit, market: Market, name: str) -> None:
        told, book = exchange.fetch_ticker(SYMBOLS[name]), market.ours(f"books/{name}")
        asks = [order_price(market, each) for each in book["asks"]]
        bids = [order_price(market, each) for each in book["bids"]]
        asks += vault_prices(market, name, "buy", WAD)
        bids += vault_prices(market, name, "sell", min(vault_amount(market, name), WAD))
        assert told["ask"] == pytest.approx(min(asks), abs=2 * HALF_TICK)
        assert told["bid"] == (pytest.approx(max(bids), abs=2 * HALF_TICK) if bids else None)

    def test_greeks(self, exchange: ccxt.deribit, market: Market, name: str) -> None:
        told, ours = exchange.fetch_greeks(SYMBOLS[name]), ours_of(market, name)
        to_quote = float(index_of(market)) if name.endswith("C") else 1.0
        assert told["delta"] == ours["delta"]
        assert told["gamma"] == ours["gamma"]
        assert told["vega"] == pytest.approx(ours["vega"] * to_quote, rel=1e-12)
        assert told["theta"] == pytest.approx(ours["theta"] * to_quote, rel=1e-12)
        assert (told["rho"] > 0) == name.endswith("C")
        assert told["markImpliedVolatility"] == pytest.approx(ours["volatility"] * 100, rel=1e-12)
        chain = market.ours("markets/ETH/chain", expiry=LATER if "14MAR" in name else EXPIRY)
        assert told["underlyingPrice"] == pytest.approx(chain["forward"], abs=1e-8)
        assert told["bidImpliedVolatility"] is None or told["bidImpliedVolatility"] < told["askImpliedVolatility"]

    def test_option_and_interest(self, exchange: ccxt.deribit, market: Market, name: str) -> None:
        told, ours = exchange.fetch_option(SYMBOLS[name]), ours_of(market, name)
        ticker = exchange.fetch_ticker(SYMBOLS[name])
        for field, other in (
            ("bidPrice", "bid"),
            ("askPrice", "ask"),
            ("markPrice", "markPrice"),
            ("lastPrice", "last"),
        ):
            assert told[field] == ticker[other]
        if told["bidPrice"] is not None:
            assert told["midPrice"] == pytest.approx((told["bidPrice"] + told["askPrice"]) / 2)
        assert told["openInterest"] == float(ours["open_interest"])
        assert exchange.fetch_open_interest(SYMBOLS[name])["openInterestAmount"] == told["openInterest"]

    def test_order_book(self, exchange: ccxt.deribit, market: Market, name: str) -> None:
        told, ticker = exchange.fetch_order_book(SYMBOLS[name]), exchange.fetch_ticker(SYMBOLS[name])
        assert told["asks"][:1] == [[ticker["ask"], ticker["askVolume"]]]
        assert told["bids"][:1] == ([[ticker["bid"], ticker["bidVolume"]]] if ticker["bid"] else [])
        assert told["asks"] == sorted(told["asks"]) and told["bids"] == sorted(told["bids"], reverse=True)
        assert not told["bids"] or told["bids"][0][0] < told["asks"][0][0]
        assert exchange.fetch_order_book(SYMBOLS[name], 1)["asks"] == told["asks"][:1]
        assert told["nonce"] > 0

    def test_trades(self, exchange: ccxt.deribit, market: Market, name: str) -> None:
        ours = market.ours("trades", series=name)["trades"]
        for told in (exchange.fetch_trades(SYMBOLS[name]), exchange.fetch_trades(SYMBOLS[name], since=START * 1000)):
            assert [each["id"] for each in told] == [each["id"] for each in reversed(ours)]
            for each, mine in zip(told, reversed(ours), strict=True):
                assert each["price"] == pytest.approx(base_price(mine), abs=2 * HALF_TICK)
                assert each["amount"] == float(mine["amount"])
                assert each["side"] == mine["action"]
                assert each["timestamp"] == mine["timestamp"] * 1000
                assert each["info"]["index_price"] == pytest.approx(float(mine["spot"]))
                if mine["volatility"] is not None:
                    assert each["info"]["iv"] == pytest.approx(mine["volatility"] * 100)
            assert [each["info"]["trade_seq"] for each in told] == list(range(1, len(ours) + 1))
        assert [each["id"] for each in exchange.fetch_trades(SYMBOLS[name], limit=1)] == [ours[0]["id"]]

    def test_ohlcv(self, exchange: ccxt.deribit, market: Market, name: str) -> None:
        trades = market.ours("trades", series=name)["trades"][::-1]
        for timeframe, seconds in (("1m", 60), ("1h", 3600), ("1d", DAY)):
            told = exchange.fetch_ohlcv(SYMBOLS[name], timeframe, since=(START - DAY) * 1000)
            made: dict[int, list[tuple[float, float]]] = {}
            for each in trades:
                start = each["timestamp"] - each["timestamp"] % seconds
                made.setdefault(start * 1000, []).append((base_price(each), float(each["amount"])))
            assert [bar[0] for bar in told] == list(made)
            for bar, group in zip(told, made.values(), strict=True):
                prices = [price for price, _ in group]
                expected = [prices[0], max(prices), min(prices), prices[-1], sum(amount for _, amount in group)]
                assert bar[1:] == pytest.approx(expected, abs=2 * HALF_TICK)


class TestCurrency:
    def test_tickers_and_option_chain(self, exchange: ccxt.deribit) -> None:
        tickers, chain = exchange.fetch_tickers(params={"code": "ETH"}), exchange.fetch_option_chain("ETH")
        assert tickers.keys() == chain.keys() == set(exchange.load_markets())
        for name in SYMBOLS.values():
            one, option = exchange.fetch_ticker(name), exchange.fetch_option(name)
            for field in ("bid", "ask", "last", "markPrice", "baseVolume", "quoteVolume", "high", "low"):
                assert tickers[name][field] == one[field], field
            for field in ("bidPrice", "askPrice", "markPrice", "openInterest", "underlyingPrice", "lastPrice"):
                assert chain[name][field] == option[field], field

    def test_tickers_of_some_symbols(self, exchange: ccxt.deribit) -> None:
        assert exchange.fetch_tickers([SYMBOLS[CALL], SYMBOLS[PUT]]).keys() == {SYMBOLS[CALL], SYMBOLS[PUT]}

    def test_volatility_history(self, exchange: ccxt.deribit, market: Market) -> None:
        """Against the definition, worked out again from the native candles of the index."""
        told = exchange.fetch_volatility_history("ETH")
        assert len(told) >= 3
        candles = market.ours("spot/ETH/candles", interval="1h", limit=1000)["candles"]
        closes = {each["start"]: float(each["close"]) for each in candles}
        first = min(closes)
        for each in told:
            prices, last = [], closes[first]
            for hour in range(first, each["timestamp"] // 1000, 3600):
                last = closes.get(hour, last)
                prices.append(last)
            returns = [Decimal(b / a).ln() ** 2 for a, b in itertools.pairwise(prices)]
            expected = 100 * float((sum(returns) / len(returns) * 365 * 24).sqrt())
            assert each["volatility"] == pytest.approx(expected, rel=1e-9)


def base_price(trade: dict[str, Any]) -> float:
    """A native trade's price in base, at the index of its own moment."""
    price = Decimal(trade["price"])
    return float(price if trade["asset"] == "ETH" else price / Decimal(trade["spot"]))


def order_price(market: Market, order: dict[str, Any]) -> float:
    """A signed order's price in base."""
    price = Decimal(order["price"])
    return float(price if order["asset"] == "ETH" else price / index_of(market))
