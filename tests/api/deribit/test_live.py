"""The WebSocket of a stack whose parts are processes: a block on the chain reaches a client with nobody's help."""

from __future__ import annotations

import asyncio

from tests.api.deribit.conftest import LATER_CALL, LATER_PUT, LiveMarket
from tests.api.deribit.socket import connected


class TestLive:
    async def test_each_channel_tells_what_a_trade_and_a_price_move(self, live: LiveMarket) -> None:
        index, marks = "deribit_price_index.eth_usd", "markprice.options.eth_usd"
        ticker, book = f"ticker.{LATER_CALL}.raw", f"book.{LATER_CALL}.raw"
        depth, trades = f"book.{LATER_CALL}.none.20.100ms", f"trades.{LATER_CALL}.raw"
        channels = [index, marks, ticker, book, depth, trades]
        async with connected(live) as socket:
            assert (await socket.call("public/subscribe", channels=channels))["result"] == channels
            opened = {channel: await socket.told(channel) for channel in channels[:-1]}
            assert opened[ticker] == live.get("ticker", instrument_name=LATER_CALL)
            await asyncio.to_thread(live.chain.post, 1577.5)
            told = await socket.told(index)
            assert (told["index_name"], told["price"]) == ("eth_usd", 1577.5)
            moved = {each["instrument_name"]: each["mark_price"] for each in await socket.told(marks)}
            before = {each["instrument_name"]: each["mark_price"] for each in opened[marks]}
            assert moved.keys() == before.keys()
            assert moved[LATER_CALL] > before[LATER_CALL] and moved[LATER_PUT] < before[LATER_PUT]
            await asyncio.to_thread(live.chain.client(8).buy, LATER_CALL, "0.5")
            (trade,) = await socket.told(trades)
            assert (trade["direction"], trade["amount"], trade["index_price"]) == ("buy", 0.5, 1577.5)
            await asyncio.to_thread(live.index)
            (newest,) = live.ours("trades", series=LATER_CALL, limit=1)["trades"]
            assert (trade["trade_id"], trade["amount"]) == (newest["id"], float(newest["amount"]))
            now = live.get("get_order_book", instrument_name=LATER_CALL)
            while opened[ticker]["last_price"] != trade["price"]:
                opened[ticker] = await socket.told(ticker)
            levels = {side: {price: amount for _, price, amount in opened[book][side]} for side in ("bids", "asks")}
            known = opened[book]["change_id"]
            while levels != {side: dict(now[side]) for side in levels}:
                change = await socket.told(book)
                assert (change["type"], change["prev_change_id"]) == ("change", known)
                known = change["change_id"]
                for side, kept in levels.items():
                    for action, price, amount in change[side]:
                        kept.pop(price, None) if action == "delete" else kept.update({price: amount})
            while [opened[depth]["bids"], opened[depth]["asks"]] != [now["bids"], now["asks"]]:
                opened[depth] = await socket.told(depth)

    async def test_calls_are_answered_as_over_http(self, live: LiveMarket) -> None:
        async with connected(live) as socket:
            for method, params in (
                ("get_order_book", {"instrument_name": LATER_PUT}),
                ("get_book_summary_by_currency", {"currency": "ETH"}),
                ("get_instrument", {"instrument_name": LATER_CALL}),
            ):
                answer = await socket.call(f"public/{method}", **params)
                assert answer["result"] == live.get(method, **params)
