"""The stream keeps to its AsyncAPI document: every channel is read, and every message is held to its schema."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from jsonschema import Draft7Validator
from starlette.testclient import WebSocketTestSession

from api.documents import asyncapi_document
from api.stream.channels import kinds
from tests.api.order_bench import PLAIN, TAKER, Bench, ask, bench
from tests.api.stream_messages import validate_message
from tests.indexer.life import CALL
from tests.support.chain import EXPIRY

__all__ = ["bench"]

ROOT = Path(__file__).resolve().parents[2]
SPECIFICATION = ROOT / "node_modules/@asyncapi/specs/schemas/3.0.0-without-$id.json"


class TestDocument:
    def test_the_committed_document_is_the_one_at_hand(self) -> None:
        committed = json.loads((ROOT / "clients" / "asyncapi.json").read_text(encoding="utf-8"))
        assert committed == json.loads(json.dumps(asyncapi_document())), "run `make client`"

    def test_it_keeps_to_the_specification(self) -> None:
        document = json.loads(json.dumps(asyncapi_document()))
        specification = Draft7Validator(json.loads(SPECIFICATION.read_text(encoding="utf-8")))
        assert [error.message for error in specification.iter_errors(document)] == []
        del document["operations"]["answer"]["action"]
        assert list(specification.iter_errors(document)), "the specification's schema holds nothing to anything"

    def test_a_message_that_differs_is_seen(self) -> None:
        with pytest.raises(AssertionError, match="pong"):
            validate_message({"op": "pong", "more": 1})
        with pytest.raises(AssertionError, match="blocks"):
            validate_message({"channel": "blocks", "type": "update", "sequence": 1, "block": {}, "data": {}})


def channels_of(bench: Bench) -> set[str]:
    """One channel of each kind."""
    vault, account = bench.chain.deployment.vaults[0].address, bench.chain.client(TAKER).address
    values = {"symbol": "ETH", "expiry": str(EXPIRY), "name": CALL, "address": account.lower()}
    names = {".".join((kind.name, *(values[each] for each in kind.arguments))) for kind in kinds()}
    assert len(names) == len(kinds())
    return names - {f"vault.{account.lower()}"} | {f"vault.{vault.lower()}"}


class TestChannels:
    """Each kind gives a snapshot and, after an action that touches it, an update; each command has its answer."""

    @pytest.fixture
    def socket(self, bench: Bench) -> Iterator[WebSocketTestSession]:
        with bench.api.websocket_connect("/ws") as socket:
            channels = channels_of(bench)
            socket.send_json({"op": "subscribe", "channels": sorted(channels)})
            snapshots = [socket.receive_json() for _ in channels]
            assert {each["channel"] for each in snapshots} == channels
            assert {each["type"] for each in snapshots} == {"snapshot"}
            yield socket

    def kinds_changed(self, socket: WebSocketTestSession, wanted: set[str]) -> None:
        """Read on until each of these has had an update."""
        while wanted:
            message = socket.receive_json()
            assert message["type"] == "update"
            wanted = wanted - {message["channel"].partition(".")[0]}

    def test_a_price_moves_all_that_is_valued(self, bench: Bench, socket: WebSocketTestSession) -> None:
        bench.chain.post(1572)
        bench.index()
        self.kinds_changed(socket, {kind.name for kind in kinds()} - {"trades"})

    def test_a_trade_is_told(self, bench: Bench, socket: WebSocketTestSession) -> None:
        order, signature = ask(bench.chain.client(PLAIN))
        bench.chain.client(TAKER).fill(order, signature, "0.1")
        bench.index()
        self.kinds_changed(socket, {"trades", "chain", "ticker", "markets", "account", "book", "blocks"})

    def test_what_is_written_is_told(self, bench: Bench, socket: WebSocketTestSession) -> None:
        bench.chain.client(TAKER).write(CALL, "0.01")
        bench.index()
        self.kinds_changed(socket, {"chain", "ticker", "account"})

    def test_a_request_at_a_vault_is_told(self, bench: Bench, socket: WebSocketTestSession) -> None:
        bench.chain.client(8).request_deposit("ETH-C", "1")
        bench.index()
        self.kinds_changed(socket, {"vault", "vaults"})

    def test_commands_are_answered(self, bench: Bench, socket: WebSocketTestSession) -> None:
        commands = ({"op": "ping"}, {"op": "unsubscribe", "channels": sorted(channels_of(bench))}, {"op": "dance"})
        for command in commands:
            socket.send_json(command)
        answers: list[str] = []
        while len(answers) < len(commands):
            message = socket.receive_json()
            if "op" in message:
                answers.append(message["op"])
        assert answers == ["pong", "unsubscribed", "error"]
