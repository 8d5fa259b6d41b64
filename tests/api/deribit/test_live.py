"""A stack whose parts are processes: a block reaches a WebSocket client with nobody's help, and the guide works."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path

from api.deribit import charts, pace, session
from api.deribit.channels import Channel, parse
from api.deribit.errors import RpcError
from api.deribit.methods import PUBLIC, WEBSOCKET
from api.middleware.limits import MAX_BODY_BYTES
from tests.api.deribit.conftest import LATER_CALL, LATER_PUT, LiveMarket
from tests.api.deribit.socket import connected

DOCUMENT = (Path(__file__).resolve().parents[3] / "docs" / "deribit.md").read_text(encoding="utf-8")


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


class TestDocument:
    """docs/deribit.md says what is there, and what it shows works as it is written."""

    def test_programs_run(self, live: LiveMarket) -> None:
        programs = [at(live, each) for each in re.findall(r"```python\n(.*?)```", DOCUMENT, re.DOTALL)]
        assert len(programs) == 2
        environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        for program in programs:
            done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True,
                                  timeout=120)  # fmt: skip
            assert done.returncode == 0, done.stderr
            assert len(done.stdout.splitlines()) == 3 and "ETH" in done.stdout.upper()

    def test_calls_are_answered(self, live: LiveMarket) -> None:
        calls = re.findall(r"^curl (?:-d '(.+)' )?\"(.+)\"$", DOCUMENT, re.MULTILINE)
        assert len(calls) == DOCUMENT.count("\ncurl ") == 3
        for body, url in calls:
            answer = live.http.post(at(live, url), content=body) if body else live.http.get(at(live, url))
            assert answer.status_code == 200 and answer.json()["result"], url

    def test_every_method_is_named(self) -> None:
        rows = section("Methods")
        assert set(re.findall(r"`(\w+)`", rows)) == PUBLIC.keys() | WEBSOCKET

    def test_every_channel_is_one(self) -> None:
        named = [name for row in table("Channels") for name in re.findall(r"`([^`]+)`", row[0])]
        kinds = {type(parse(name)) for name in named}
        assert type(None) not in kinds
        every = {each for kind in Channel.__subclasses__() for each in (kind.__subclasses__() or [kind])}
        assert kinds == every

    def test_every_code_is_told(self) -> None:
        codes = [int(code) for row in table("Errors and limits") for code in row[0].split(", ")]
        assert sorted(codes) == sorted(each.code for each in RpcError.__subclasses__())

    def test_limits_are_those_of_the_code(self) -> None:
        said = " ".join(section("Errors and limits").split())
        for text in (
            f"A body has at most {MAX_BODY_BYTES // 1024} kB",
            f"a message on the WebSocket {session.MOST_MESSAGE_BYTES // 1024} kB",
            f"at most {session.MOST_CHANNELS} channels and may call {pace.BURST:g} times at once and "
            f"{pace.PER_SECOND:g} times a second",
        ):
            assert text in said
        histories = section("Methods")
        assert f"newest {charts.MOST_BARS:,} bars" in histories
        assert f"up to {charts.MOST_MARK_SECONDS // 86_400} days" in histories


def at(live: LiveMarket, text: str) -> str:
    """A text of the document with this stack's address."""
    host = live.url.removeprefix("http://")
    assert "127.0.0.1:8000" in text
    return text.replace("127.0.0.1:8000", host)


def section(title: str) -> str:
    """What stands under a heading."""
    return DOCUMENT.split(f"\n## {title}\n")[1].split("\n## ")[0]


def table(title: str) -> list[list[str]]:
    """The rows of a section's table, without its head."""
    rows = [line.strip("| ").split(" | ") for line in section(title).splitlines() if line.startswith("|")]
    return rows[2:]
