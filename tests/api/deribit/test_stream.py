"""The WebSocket: calls, subscriptions and what they tell as the chain moves on, heartbeats."""

from __future__ import annotations

import asyncio

import pytest
import websockets

from api.deribit import session
from tests.api.deribit.conftest import EARLY_CALL, LATER_CALL, MAKER, Market
from tests.api.deribit.socket import connected
from tests.indexer.life import CALL


async def moved(market: Market) -> None:
    await asyncio.to_thread(market.index)


class TestCalls:
    async def test_a_call_is_answered_as_over_http(self, market: Market) -> None:
        async with connected(market) as socket:
            for method, params in (
                ("ticker", {"instrument_name": LATER_CALL}),
                ("get_instruments", {"currency": "ETH"}),
                ("get_order_book", {"instrument_name": CALL, "depth": 1}),
                ("get_last_trades_by_currency", {"currency": "ETH", "count": 3}),
            ):
                answer = await socket.call(f"public/{method}", **params)
                assert answer["result"] == market.get(method, **params), method

    async def test_what_is_refused(self, market: Market) -> None:
        async with connected(market) as socket:
            for method, params, code in (
                ("public/get_weather", {}, -32601),
                ("private/buy", {}, 13009),
                ("public/ticker", {}, -32602),
                ("public/ticker", {"instrument_name": "ETH-7MAR23-1234-C"}, 13020),
                ("public/subscribe", {}, -32602),
                ("public/subscribe", {"channels": "ticker"}, -32602),
                ("public/subscribe", {"channels": [f"quote.{number}" for number in range(501)]}, -32602),
                ("public/set_heartbeat", {"interval": 9}, -32602),
                ("public/set_heartbeat", {}, -32602),
            ):
                assert (await socket.call(method, **params))["error"]["code"] == code, (method, params)
            await socket.connection.send("{")
            assert (await socket.receive())["error"]["code"] == -32700
            await socket.connection.send('[{"method": "public/test", "id": 1}]')
            assert (await socket.receive())["error"]["code"] == 11050

    async def test_a_message_beyond_the_limit_ends_the_connection(self, market: Market) -> None:
        async with connected(market) as socket:
            await socket.connection.send("x" * (session.MOST_MESSAGE_BYTES + 1))
            with pytest.raises(websockets.ConnectionClosed):
                await socket.receive()
            assert socket.connection.close_code == 1009


class TestSubscriptions:
    async def test_only_channels_that_there_are(self, market: Market) -> None:
        good = [f"ticker.{CALL}.raw", f"book.{CALL}.100ms", f"book.{CALL}.none.10.agg2", "markprice.options.eth_usd"]
        bad = ["ticker.ETH-7MAR23-1234-C.raw", f"ticker.{CALL}.5s", "ticker", "", "user.orders.any.any.raw",
               "deribit_price_index.doge_usd", "markprice.options.ETH_USD", f"book.{CALL}.3.10.raw"]  # fmt: skip
        async with connected(market) as socket:
            assert (await socket.call("public/subscribe", channels=bad + good + good))["result"] == good
            assert (await socket.call("public/unsubscribe", channels=bad + good[:1]))["result"] == good[:1]
            assert (await socket.call("public/unsubscribe_all"))["result"] == "ok"
            assert (await socket.call("public/unsubscribe", channels=good))["result"] == []

    async def test_each_channel_begins_with_what_it_is_now(self, market: Market) -> None:
        async with connected(market) as socket:
            channels = [f"ticker.{LATER_CALL}.raw", f"quote.{LATER_CALL}", f"book.{LATER_CALL}.none.10.100ms",
                        "deribit_price_index.eth_usd", "markprice.options.eth_usd"]  # fmt: skip
            assert (await socket.call("public/subscribe", channels=channels))["result"] == channels
            ticker = await socket.told(channels[0])
            assert ticker == market.get("ticker", instrument_name=LATER_CALL)
            quote = await socket.told(channels[1])
            assert quote == {name: ticker[name] for name in quote}
            depth, book = await socket.told(channels[2]), market.get("get_order_book", instrument_name=LATER_CALL)
            assert (depth["bids"], depth["asks"]) == (book["bids"][:10], book["asks"][:10])
            assert depth["change_id"] == book["change_id"]
            index = await socket.told(channels[3])
            assert (index["index_name"], index["price"]) == ("eth_usd", ticker["index_price"])
            marks = {each["instrument_name"]: each for each in await socket.told(channels[4])}
            assert EARLY_CALL not in marks
            assert marks[LATER_CALL]["mark_price"] == ticker["mark_price"]
            assert marks[LATER_CALL]["iv"] * 100 == pytest.approx(ticker["mark_iv"])

    async def test_a_trade_is_told_with_all_that_it_moves(self, market: Market) -> None:
        channels = [f"trades.{LATER_CALL}.raw", "trades.option.ETH.100ms", f"ticker.{LATER_CALL}.100ms",
                    f"book.{LATER_CALL}.raw", f"chart.trades.{LATER_CALL}.1"]  # fmt: skip
        async with connected(market) as socket:
            assert (await socket.call("public/subscribe", channels=channels))["result"] == channels
            before, book = await socket.told(channels[2]), await socket.told(channels[3])
            assert book["type"] == "snapshot" and "prev_change_id" not in book
            await asyncio.to_thread(market.chain.client(8).buy, LATER_CALL, "0.5")
            await moved(market)
            (trade,) = await socket.told(channels[0])
            assert [trade] == await socket.told(channels[1])
            assert (trade["direction"], trade["amount"]) == ("buy", 0.5)
            (last,) = market.get("get_last_trades_by_instrument", instrument_name=LATER_CALL, count=1)["trades"]
            assert trade == last
            after = await socket.told(channels[2])
            while after["last_price"] != trade["price"]:
                after = await socket.told(channels[2])
            assert after["open_interest"] == pytest.approx(before["open_interest"] + 0.5)
            now = market.get("get_order_book", instrument_name=LATER_CALL)
            kept = {side: {price: amount for _, price, amount in book[side]} for side in ("bids", "asks")}
            known = book["change_id"]
            while kept != {side: dict(now[side]) for side in kept}:
                change = await socket.told(channels[3])
                assert (change["type"], change["prev_change_id"]) == ("change", known)
                known = change["change_id"]
                for side, levels in kept.items():
                    apply(levels, change[side])
            bar = await socket.told(channels[4])
            while bar["close"] != trade["price"]:
                bar = await socket.told(channels[4])
            assert bar["tick"] == trade["timestamp"] - trade["timestamp"] % 60_000

    async def test_an_order_that_is_sent_in_is_told_between_blocks(self, market: Market) -> None:
        async with connected(market) as socket:
            book, other = f"book.{CALL}.raw", f"quote.{LATER_CALL}"
            await socket.call("public/subscribe", channels=[book, other])
            snapshot, _ = await socket.told(book), await socket.told(other)
            maker = market.chain.client(MAKER)
            await asyncio.to_thread(
                lambda: market.send(maker, CALL, "0.7", "0.0305", is_buy=False, use_book=True, nonce=77)
            )
            change = await socket.told(book)
            assert change["asks"] == [["new", 0.0305, 0.7]] and change["bids"] == []
            assert change["prev_change_id"] == snapshot["change_id"] < change["change_id"]
            assert not socket.kept

    async def test_a_second_subscriber_gets_a_snapshot_that_the_next_change_follows(self, market: Market) -> None:
        channel = f"book.{CALL}.agg2"
        async with connected(market) as first, connected(market) as second:
            await first.call("public/subscribe", channels=[channel])
            await first.told(channel)
            await asyncio.to_thread(market.chain.post, 1572.5)
            await moved(market)
            await second.call("public/subscribe", channels=[channel])
            snapshot = await second.told(channel)
            await asyncio.to_thread(market.chain.post, 1569.75)
            await moved(market)
            change = await second.told(channel)
            while change["prev_change_id"] < snapshot["change_id"]:
                change = await second.told(channel)
            assert change["prev_change_id"] == snapshot["change_id"]

    async def test_who_left_is_told_nothing(self, market: Market) -> None:
        channel = "deribit_price_index.eth_usd"
        async with connected(market) as socket, connected(market) as witness:
            for each in (socket, witness):
                await each.call("public/subscribe", channels=[channel])
                await each.told(channel)
            await socket.call("public/unsubscribe", channels=[channel])
            await asyncio.to_thread(market.chain.post, 1571.0)
            await moved(market)
            assert (await witness.told(channel))["price"] == 1571
            assert (await socket.call("public/test"))["result"] and not socket.kept


class TestHeartbeats:
    async def test_who_answers_stays_and_who_does_not_is_dropped(
        self, market: Market, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(session, "HEARTBEAT_UNIT", 0.02)
        async with connected(market) as socket:
            assert (await socket.call("public/set_heartbeat", interval=10))["result"] == "ok"
            for _ in range(2):
                assert await socket.receive() == {
                    "jsonrpc": "2.0", "method": "heartbeat", "params": {"type": "heartbeat"}
                }  # fmt: skip
                assert (await socket.receive())["params"]["type"] == "test_request"
                assert (await socket.call("public/test"))["result"]
            with pytest.raises(websockets.ConnectionClosed):
                while True:
                    await socket.receive()
            assert socket.connection.close_code == 1008

    async def test_heartbeats_end(self, market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(session, "HEARTBEAT_UNIT", 0.02)
        async with connected(market) as socket, connected(market) as witness:
            for each in (socket, witness):
                await each.call("public/set_heartbeat", interval=10)
            assert (await socket.call("public/disable_heartbeat"))["result"] == "ok"
            socket.kept.clear()
            while True:
                try:
                    await witness.receive()
                except websockets.ConnectionClosed:
                    break
            assert (await socket.call("public/test"))["result"] and not socket.kept


def apply(levels: dict[float, float], changes: list[tuple[str, float, float]]) -> None:
    """Keep one side of a book as clients do."""
    for action, price, amount in changes:
        assert action in ("new", "change", "delete") and (action != "new") == (price in levels)
        if action == "delete":
            del levels[price]
        else:
            levels[price] = amount
