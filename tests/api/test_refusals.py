"""What the API says when it cannot answer: a problem document with a stable code, never a trace."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

PROBLEM = "application/problem+json"
ADDRESS = "0x" + "ab" * 20


class TestBeforeTheFirstBlock:
    @pytest.mark.parametrize("path", ["/v1/status", "/v1/markets", "/v1/vaults", f"/v1/accounts/{ADDRESS}"])
    def test_it_is_unavailable_and_says_when_to_ask_again(self, client: TestClient, path: str) -> None:
        answer = client.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (503, PROBLEM)
        assert answer.json()["code"] == "unavailable"
        assert answer.headers["retry-after"] == "1"

    def test_contracts_are_unavailable_without_a_deployment(self, client: TestClient) -> None:
        assert client.get("/v1/contracts").status_code == 503


class TestBadInput:
    @pytest.mark.parametrize(
        "path",
        [
            "/v1/accounts/0x12",
            "/v1/vaults/nobody",
            "/v1/markets/ETH/chain",
            "/v1/markets/ETH/chain?expiry=-1",
            "/v1/markets/ETH/chain?expiry=1&amount=1e9",
            "/v1/instruments/ETH-1-C/quote?action=steal",
            "/v1/trades?limit=0",
            "/v1/spot/ETH/candles?interval=7m",
        ],
    )
    def test_it_is_refused_with_what_is_wrong(self, client: TestClient, path: str) -> None:
        answer = client.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (422, PROBLEM)
        body = answer.json()
        assert body["code"] == "invalid_request"
        assert body["faults"]

    def test_an_unknown_market_is_not_found(self, client: TestClient) -> None:
        answer = client.get("/v1/markets/DOGE/chain?expiry=1")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")

    def test_a_foreign_cursor_is_refused(self, client: TestClient) -> None:
        answer = client.get("/v1/trades?cursor=zzz")
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")

    def test_a_body_that_is_no_text_is_refused(self, client: TestClient) -> None:
        answer = client.post("/v1/auth/refresh", content=b"\xff", headers={"content-type": "application/json"})
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")

    def test_a_refused_method_is_told_all_that_are_not(self, client: TestClient) -> None:
        answer = client.put("/v1/orders")
        assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
        assert answer.headers["allow"] == "GET, POST"

    def test_an_unknown_path_is_not_found(self, client: TestClient) -> None:
        assert client.get("/v1/nothing").json()["code"] == "not_found"

    def test_a_body_over_the_limit_is_refused_before_it_is_read(self, client: TestClient) -> None:
        answer = client.post("/v1/markets", content=b"x" * 70_000)
        assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


class TestEnvelope:
    def test_a_sane_request_id_is_kept_and_another_replaced(self, client: TestClient) -> None:
        assert client.get("/v1/status", headers={"X-Request-Id": "trace-1"}).headers["x-request-id"] == "trace-1"
        given = "x" * 200
        replaced = client.get("/v1/status", headers={"X-Request-Id": given}).headers["x-request-id"]
        assert replaced != given
        assert len(replaced) == 32

    def test_security_headers_are_on_every_answer(self, client: TestClient) -> None:
        headers = client.get("/v1/status").headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "default-src 'self'" in headers["content-security-policy"]


class TestStream:
    def test_an_unknown_channel_is_named(self, client: TestClient) -> None:
        with client.websocket_connect("/ws") as socket:
            socket.send_json({"op": "subscribe", "channels": ["nonsense"]})
            answer = socket.receive_json()
        assert (answer["op"], answer["code"]) == ("error", "not_found")
        assert "nonsense" in answer["detail"]

    def test_a_ping_is_answered(self, client: TestClient) -> None:
        with client.websocket_connect("/ws") as socket:
            socket.send_json({"op": "ping"})
            assert socket.receive_json() == {"op": "pong"}

    def test_a_command_that_is_none_is_explained(self, client: TestClient) -> None:
        with client.websocket_connect("/ws") as socket:
            socket.send_text("hello")
            assert socket.receive_json()["code"] == "bad_command"
