"""The methods on a real market, anonymously: what they tell, page by page, and that GET and POST agree."""

from __future__ import annotations

import itertools
import json
from decimal import ROUND_FLOOR, Decimal
from typing import Any

import pytest

from api.deribit import units
from api.deribit.methods import PUBLIC
from optionix.instruments import Side
from tests.api.deribit import calls
from tests.api.deribit.conftest import EARLY, EARLY_CALL, EARLY_PUT, LATER_CALL, LATER_PUT, Market
from tests.indexer.life import CALL, PUT
from tests.indexer.running import query
from tests.support.chain import START

TICK = Decimal("0.00000001")


def exactly(market: Market, method: str, **params: Any) -> Any:
    """An answer with its numbers as they are written."""
    text = market.http.get(f"/api/v2/public/{method}", params=params).text
    return json.loads(text, parse_float=Decimal)["result"]


def now_of(market: Market) -> int:
    return int(market.get("get_time"))


class TestTransports:
    def test_get_and_post_agree(self, market: Market) -> None:
        found = calls.sound(now_of(market))
        assert found.keys() == PUBLIC.keys()
        for method, params in found.items():
            got = market.get(method, **params)
            body = {"jsonrpc": "2.0", "id": 5, "method": f"public/{method}", "params": params}
            posted = market.http.post("/api/v2", json=body)
            assert posted.status_code == 200, posted.text
            assert (posted.json()["id"], posted.json()["result"]) == (5, got), method


class TestPlatform:
    def test_time_is_the_newest_block_s(self, market: Market) -> None:
        assert now_of(market) == market.ours("status")["market_time"] * 1000

    def test_index(self, market: Market) -> None:
        spot = float(market.ours("markets")["markets"][0]["spot"])
        told = market.get("get_index_price", index_name="eth_usd")
        assert told == {"index_price": spot, "estimated_delivery_price": spot}
        assert market.get("get_index_price_names") == ["eth_usd", "btc_usd"]


class TestInstruments:
    def test_by_currency_and_kind(self, market: Market) -> None:
        assert market.get("get_instruments", currency="BTC") == []
        assert market.get("get_instruments", kind="future") == []
        listed = market.get("get_instruments", currency="ETH", kind="option")
        assert len(listed) == 16 and listed == market.get("get_instruments")
        assert market.get("get_instrument", instrument_name=CALL) in listed
        assert len({each["instrument_id"] for each in listed}) == 16

    def test_what_expired(self, market: Market) -> None:
        expired = market.get("get_instruments", currency="ETH", expired="true")
        assert {each["instrument_name"] for each in expired} == {
            f"ETH-6MAR23-{strike}-{side}" for strike in (1500, 1600) for side in "CP"
        }
        assert {(each["state"], each["is_active"]) for each in expired} == {("delivered", False)}
        assert {each["expiration_timestamp"] for each in expired} == {EARLY * 1000}


class TestTicker:
    def test_one_that_was_delivered(self, market: Market) -> None:
        price = Decimal(market.ours(f"instruments/{EARLY_CALL}")["settlement_price"])
        assert price > 1600
        told = exactly(market, "ticker", instrument_name=EARLY_CALL)
        assert told["state"] == "delivered"
        assert told["delivery_price"] == told["estimated_delivery_price"] == price.quantize(TICK)
        assert told["mark_price"] == ((price - 1600) / price).quantize(TICK)
        assert told["best_ask_price"] is None and told["greeks"]["delta"] is None
        assert exactly(market, "ticker", instrument_name=EARLY_PUT)["mark_price"] == 0

    def test_a_halted_expiry_has_orders_alone(self, market: Market) -> None:
        book = market.get("get_order_book", instrument_name=CALL)
        orders = market.ours(f"books/{CALL}")
        assert sum(amount for _, amount in book["asks"]) == sum(float(each["fillable"]) for each in orders["asks"])
        assert len(book["bids"]) == len(orders["bids"]) == 1

    def test_a_taker_who_walks_the_book_pays_the_vault_s_own_price(self, market: Market) -> None:
        """All levels of the vault up to a size cost what the vault asks for that size at once."""
        levels = exactly(market, "get_order_book", instrument_name=LATER_PUT)["asks"]
        spot = Decimal(market.ours("markets")["markets"][0]["spot"])
        size = cost = Decimal(0)
        for price, amount in levels:
            size, cost = size + amount, cost + price * amount
            quote = market.ours(f"instruments/{LATER_PUT}/quote", action="buy", amount=str(size))
            asked = (Decimal(quote["total"]) - Decimal(quote["fee"])) / spot
            assert asked <= cost <= asked + size * TICK
        assert size == 100

    def test_depth(self, market: Market) -> None:
        whole = market.get("get_order_book", instrument_name=LATER_CALL)
        assert len(whole["asks"]) > 3
        some = market.get("get_order_book", instrument_name=LATER_CALL, depth=2)
        assert some == whole | {side: whole[side][:2] for side in ("bids", "asks")}


class TestTrades:
    def test_pages_by_id_join_to_the_whole(self, market: Market) -> None:
        whole = market.get("get_last_trades_by_currency", currency="ETH", count=1000)
        assert not whole["has_more"] and len(whole["trades"]) > 8
        found: list[dict[str, Any]] = []
        start = "0.0"
        while True:
            page = market.get("get_last_trades_by_currency", currency="ETH", count=3, start_id=start)
            found += page["trades"]
            if not page["has_more"]:
                break
            block, log = page["trades"][-1]["trade_id"].split(".")
            start = f"{block}.{int(log) + 1}"
        assert found == whole["trades"][::-1]
        assert market.get("get_last_trades_by_currency", currency="ETH", kind="future") == {
            "trades": [], "has_more": False
        }  # fmt: skip

    def test_order_and_bounds(self, market: Market) -> None:
        by = "get_last_trades_by_instrument"
        newest_first = market.get(by, instrument_name=LATER_CALL, count=100)["trades"]
        sequence = [each["trade_seq"] for each in newest_first]
        assert sequence == list(range(len(sequence), 0, -1)) and len(sequence) >= 4
        for params, expected in (
            ({"sorting": "asc"}, sequence[::-1]),
            ({"sorting": "desc"}, sequence),
            ({"start_seq": 2}, sequence[::-1][1:]),
            ({"start_seq": 2, "end_seq": 3}, [2, 3]),
            ({"end_seq": 3}, [3, 2, 1]),
            ({"start_seq": 3, "end_seq": 2}, []),
            ({"end_id": newest_first[1]["trade_id"]}, sequence[1:]),
            ({"start_id": newest_first[1]["trade_id"]}, sequence[:2][::-1]),
            ({"end_timestamp": newest_first[-1]["timestamp"]}, [1]),
            ({"end_timestamp": newest_first[-1]["timestamp"] - 1}, []),
            ({"start_timestamp": newest_first[0]["timestamp"] + 1}, []),
            ({"count": 1, "start_timestamp": START * 1000}, [1]),
        ):
            told = market.get(by, instrument_name=LATER_CALL, **({"count": 100} | params))
            assert [each["trade_seq"] for each in told["trades"]] == expected, params

    def test_every_figure_of_every_trade(self, market: Market) -> None:
        """Against the rows of the tables, in exact integers."""
        rows = query(market.database_url, "select t.*, s.name from trade t join series s using (chain_id, series_id)")
        told = {each["trade_id"]: each for each in exactly(
            market, "get_last_trades_by_currency", currency="ETH", count=1000
        )["trades"]}  # fmt: skip
        assert len(told) == len(rows)
        for row in rows:
            each = told[f"{row['block_number']}.{row['log_index']}"]
            side = Side(row["side"])
            price = units.base_price(side, int(row["price"]), int(row["spot"]), units.DOWN)
            assert each["price"] == price and price == price.quantize(TICK, ROUND_FLOOR)
            assert each["amount"] == each["contracts"] == Decimal(row["amount"]).scaleb(-18)
            assert (each["instrument_name"], each["timestamp"]) == (row["name"], row["timestamp"] * 1000)
            assert each["direction"] == ("buy" if row["is_buy"] else "sell")
            assert each["index_price"] == Decimal(row["spot"]).scaleb(-18)
            assert ("iv" in each) == (row["volatility"] is not None)
            assert Decimal("0.3") < each["mark_price"] / price < Decimal(3)

    def test_the_mark_of_a_trade_is_what_the_vault_started_from(self, market: Market) -> None:
        """A purchase pays the mark and the vault's spread on top: the native quote of its block has that mark."""
        market.chain.client(8).buy(LATER_PUT, "0.1")
        market.index()
        (trade,) = market.get("get_last_trades_by_instrument", instrument_name=LATER_PUT, count=1)["trades"]
        assert trade["mark_price"] < trade["price"]
        # The newest slice and price are still those of the trade; some seconds of decay are between.
        ticker = market.get("ticker", instrument_name=LATER_PUT)
        assert trade["mark_price"] == pytest.approx(ticker["mark_price"], rel=1e-4)

    def test_tick_directions(self, market: Market) -> None:
        for name in (CALL, PUT, LATER_CALL):
            trades = market.get("get_last_trades_by_instrument", instrument_name=name, sorting="asc", count=100)
            prices = [each["price"] for each in trades["trades"]]
            expected = [0]
            for before, price in itertools.pairwise(prices):
                expected.append(0 if price > before else 2)
            assert [each["tick_direction"] for each in trades["trades"]] == expected


class TestCharts:
    def test_bars_within_the_range_alone(self, market: Market) -> None:
        now = now_of(market)
        ask = {"instrument_name": LATER_CALL, "resolution": "1"}
        bars = market.get("get_tradingview_chart_data", start_timestamp=0, end_timestamp=now, **ask)
        assert bars["status"] == "ok" and len(bars["ticks"]) >= 2
        assert {len(column) for name, column in bars.items() if name != "status"} == {len(bars["ticks"])}
        (first, *between, last) = bars["ticks"]
        for start, end, expected in (
            (first, first, [first]),
            (first + 1, last - 1, between),
            (first + 1, last, [*between, last]),
            (first, first + 30_000, [first]),
            (last + 60_000, now + 60_000, []),
        ):
            told = market.get("get_tradingview_chart_data", start_timestamp=start, end_timestamp=end, **ask)
            assert told["ticks"] == expected
            assert told["status"] == ("ok" if expected else "no_data")

    def test_cost_is_what_was_paid(self, market: Market) -> None:
        now = now_of(market)
        bars = exactly(market, "get_tradingview_chart_data", instrument_name=LATER_CALL, resolution="1D",
                       start_timestamp=0, end_timestamp=now)  # fmt: skip
        trades = exactly(market, "get_last_trades_by_instrument", instrument_name=LATER_CALL, count=100)["trades"]
        paid = sum(each["price"] * each["amount"] for each in trades)
        assert bars["cost"] == [paid.quantize(TICK)]
        assert bars["volume"] == [sum(each["amount"] for each in trades)]

    def test_marks_end_with_the_present_one(self, market: Market) -> None:
        """The newest of the history, brought to a whole five minutes by new blocks, is the ticker's."""
        chain = market.chain
        chain.at(chain.now - chain.now % 300 + 600)
        market.index()
        now = now_of(market)
        assert now % 300_000 == 0
        for name in (LATER_CALL, LATER_PUT):
            marks = market.get("get_mark_price_history", instrument_name=name, start_timestamp=START * 1000,
                               end_timestamp=now)  # fmt: skip
            assert marks[-1][0] == now
            mark = market.get("ticker", instrument_name=name)["mark_price"]
            assert marks[-1][1] == pytest.approx(mark, abs=1.01e-8)
            steps = {later[0] - earlier[0] for earlier, later in itertools.pairwise(marks)}
            assert steps == {300_000} and len(marks) > 60

    def test_a_history_of_marks_is_bounded(self, market: Market) -> None:
        answer = market.http.get("/api/v2/public/get_mark_price_history", params={
            "instrument_name": CALL, "start_timestamp": 0, "end_timestamp": now_of(market)
        })  # fmt: skip
        assert answer.json()["error"]["data"]["param"] == "end_timestamp"


class TestSettlements:
    def test_deliveries(self, market: Market) -> None:
        price = Decimal(market.ours(f"instruments/{EARLY_CALL}")["settlement_price"])
        told = exactly(market, "get_last_settlements_by_currency", currency="ETH")
        by_name = {each["instrument_name"]: each for each in told["settlements"]}
        assert len(by_name) == 4 and told["continuation"] == "none"
        call = by_name[EARLY_CALL]
        assert (call["type"], call["index_price"]) == ("delivery", price.quantize(TICK))
        assert EARLY * 1000 < call["timestamp"] <= (EARLY + 120) * 1000
        assert call["mark_price"] == ((price - 1600) / price).quantize(TICK)
        assert call["position"] == 2, "of 2.5 contracts 0.5 were redeemed"
        assert call["session_profit_loss"] == pytest.approx(Decimal(2) * (price - 1600) / price, abs=TICK)
        assert by_name[EARLY_PUT]["mark_price"] == 0
        one = exactly(market, "get_last_settlements_by_instrument", instrument_name=EARLY_CALL)
        assert one["settlements"] == [call]

    def test_pages(self, market: Market) -> None:
        whole = market.get("get_last_settlements_by_currency", currency="ETH")["settlements"]
        found: list[Any] = []
        params: dict[str, Any] = {"currency": "ETH", "count": 3}
        for _ in range(3):
            page = market.get("get_last_settlements_by_currency", **params)
            found += page["settlements"]
            params["continuation"] = page["continuation"]
        assert found == whole and params["continuation"] == "none"

    def test_other_types_and_earlier_times_have_none(self, market: Market) -> None:
        none = {"settlements": [], "continuation": "none"}
        assert market.get("get_last_settlements_by_currency", currency="ETH", type="bankruptcy") == none
        assert market.get("get_last_settlements_by_currency", currency="BTC") == none
        assert market.get("get_last_settlements_by_instrument", instrument_name=CALL) == none
        before = (EARLY - 1) * 1000
        assert market.get("get_last_settlements_by_currency", currency="ETH", search_start_timestamp=before) == none

    def test_delivery_prices(self, market: Market) -> None:
        price = float(market.ours(f"instruments/{EARLY_CALL}")["settlement_price"])
        told = market.get("get_delivery_prices", index_name="eth_usd")
        assert told["records_total"] == 1
        assert told["data"] == [{"date": "2023-03-06", "delivery_price": pytest.approx(price)}]
        assert market.get("get_delivery_prices", index_name="eth_usd", offset=1)["data"] == []
