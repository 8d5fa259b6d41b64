"""Connections that ask too much, read nothing or speak nonsense are told so or dropped; others hear on."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Any

import pytest
import websockets
from websockets.asyncio.client import ClientConnection

from api.deribit import pace, session
from api.deribit.pace import Pace
from api.stream.hub import DROPPED
from tests.api.deribit.conftest import CALL, SECONDS, Market
from tests.api.deribit.socket import connected
from tests.api.deribit.test_attacks import BROKEN, NO_REQUESTS
from tests.indexer.running import until


class TestPace:
    def test_a_burst_then_so_much_a_second(self) -> None:
        now = 0.0
        allowed = Pace(lambda: now)
        assert [allowed.take() for _ in range(101)] == [True] * 100 + [False]
        now = 1.0
        assert [allowed.take() for _ in range(21)] == [True] * 20 + [False]
        now = 1_000.0
        assert [allowed.take() for _ in range(101)] == [True] * 100 + [False], "an hour of silence saves up no more"

    def test_channels_cost(self) -> None:
        allowed = Pace(lambda: 0.0)
        assert allowed.take(500) and not allowed.take(500)
        assert allowed.take(400) and not allowed.take(100)

    def test_the_most_channels_that_one_may_have_fit_into_a_burst(self) -> None:
        assert Pace(lambda: 0.0).take(session.MOST_CHANNELS)


@pytest.fixture
def no_refill(monkeypatch: pytest.MonkeyPatch) -> None:
    """A burst and nothing after it, however slow the machine is."""
    monkeypatch.setattr(pace, "PER_SECOND", 0.0)


@pytest.mark.usefixtures("no_refill")
class TestFloods:
    async def test_calls_beyond_the_burst_are_refused_and_others_are_not(self, market: Market) -> None:
        async with connected(market) as flood, connected(market) as other:
            answers = [await flood.call("public/get_time") for _ in range(120)]
            assert all("result" in each for each in answers[:100])
            assert {each["error"]["code"] for each in answers[100:]} == {10028}
            assert answers[-1]["error"]["message"] == "too_many_requests"
            assert (await other.call("public/get_time"))["result"]

    async def test_channels_are_not_read_over_and_over(self, market: Market) -> None:
        """Each subscription is answered with what its channels are now: asking again and again is paid for."""
        channels = [f"ticker.{CALL}.raw", f"book.{CALL}.raw", *(f"quote.no-{number}" for number in range(298))]
        async with connected(market) as socket:
            for _ in range(3):
                assert (await socket.call("public/subscribe", channels=channels))["result"] == channels[:2]
            refused = await socket.call("public/subscribe", channels=channels)
            assert refused["error"]["code"] == 10028
            assert (await socket.call("public/unsubscribe", channels=channels))["result"] == channels[:2]

    async def test_leaving_what_one_is_not_on(self, market: Market) -> None:
        channel = "deribit_price_index.eth_usd"
        async with connected(market) as flood, connected(market) as reader:
            await reader.call("public/subscribe", channels=[channel])
            await reader.told(channel)
            for number in range(40):
                answer = await flood.call(
                    "public/unsubscribe", channels=[channel, f"ticker.{number}.raw", "", "\0"] * 9
                )
                assert answer["result"] == []
                assert (await flood.call("public/unsubscribe_all"))["result"] == "ok"
            await asyncio.to_thread(market.chain.post, 1573.25)
            await asyncio.to_thread(market.index)
            assert (await reader.told(channel))["price"] == 1573.25
            assert not flood.kept

    async def test_who_reads_nothing_is_dropped_and_others_hear_on(self, market: Market) -> None:
        """Refusals are answers too: a flood of calls that nobody reads fills the queue of its sender alone."""
        url = market.url.replace("http", "ws") + "/ws/api/v2"
        channel = "deribit_price_index.eth_usd"
        async with connected(market) as reader:
            await reader.call("public/subscribe", channels=[channel])
            await reader.told(channel)
            dropped = DROPPED._value.get()
            # One message at most is taken from the connection before the client asks for it.
            async with websockets.connect(url, proxy=None, max_queue=1, ping_interval=None, close_timeout=1) as deaf:
                flood = asyncio.create_task(calling(deaf))
                await until(lambda: DROPPED._value.get() > dropped)
                flood.cancel()
                async with asyncio.timeout(SECONDS):
                    with pytest.raises(websockets.ConnectionClosed):
                        while True:
                            await deaf.recv()
            assert deaf.close_code in (1006, 1013)
            await asyncio.to_thread(market.chain.post, 1574.5)
            await asyncio.to_thread(market.index)
            assert (await reader.told(channel))["price"] == 1574.5


async def calling(connection: ClientConnection) -> None:
    """Calls without an end."""
    call = json.dumps({"id": "x" * 100, "method": "public/test", "params": {}})
    with contextlib.suppress(websockets.ConnectionClosed):
        while True:
            await connection.send(call)


class TestNonsense:
    async def test_every_message_is_refused_and_the_connection_stays(self, market: Market) -> None:
        async with connected(market) as socket:
            for what, body in BROKEN.items():
                text = body.decode(errors="replace")[:30_000]
                await socket.connection.send(text)
                assert (await socket.receive())["error"]["code"] in (-32700, -32601), what
            for what, message in NO_REQUESTS.items():
                await socket.connection.send(json.dumps(message)[:30_000])
                assert (await socket.receive())["error"]["code"] in (11050, -32700), what
            assert (await socket.call("public/test"))["result"]

    async def test_channels_that_are_no_list_of_texts(self, market: Market) -> None:
        async with connected(market) as socket:
            no_lists: tuple[Any, ...] = (None, 7, "ticker", {}, [1], [None], [["ticker"]], [CALL, {}], ["x"] * 501)
            for method in ("public/subscribe", "public/unsubscribe"):
                for bad in no_lists:
                    answer = await socket.call(method, channels=bad)
                    assert answer["error"]["code"] == -32602, (method, bad)
                    assert answer["error"]["data"]["param"] == "channels"
            for bad in (None, "x", 9, 86_401, 1.5, True, [], -1, 2**63):
                answer = await socket.call("public/set_heartbeat", interval=bad)
                assert (answer["error"]["code"], answer["error"]["data"]["param"]) == (-32602, "interval"), bad

    async def test_names_of_no_channel_are_left_out(self, market: Market) -> None:
        names = ["", ".", "\0", "ticker", f"ticker.{CALL}", f"ticker.{CALL}.", f"ticker.{CALL}.raw.raw", "x" * 9_000,
                 f"ticker.{CALL}\0.raw", "book.*.raw", f"book.{CALL}.none.0.raw", f"book.{CALL}.none.10000.raw",
                 f"book.{CALL}.none.-1.raw", "markprice.options.", "markprice.options.eth_usd;", "trades.any.any.raw",
                 "trades.option.%.raw", "deribit_price_index.ΕTH_usd", f"chart.trades.{CALL}.0"]  # fmt: skip
        async with connected(market) as socket:
            assert (await socket.call("public/subscribe", channels=names))["result"] == []
            assert (await socket.call("public/unsubscribe", channels=names))["result"] == []

    async def test_binary_messages_end_the_connection(self, market: Market) -> None:
        async with connected(market) as socket:
            await socket.connection.send(b'{"method": "public/test"}')
            with pytest.raises(websockets.ConnectionClosed):
                await socket.receive()
            assert socket.connection.close_code == 1003
