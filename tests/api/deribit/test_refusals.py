"""What is refused, and how: over GET and POST alike, anonymously, before a block is indexed."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

BAD_POSTS: dict[str, tuple[str, int, str]] = {
    "no JSON": ("{", -32700, "Parse error"),
    "a batch": ('[{"method": "public/test"}]', 11050, "bad_request"),
    "a number": ("7", 11050, "bad_request"),
    "no method": ('{"id": 1}', 11050, "bad_request"),
    "parameters by position": ('{"method": "public/test", "params": [1]}', 11050, "bad_request"),
    "an id that is a list": ('{"method": "public/test", "id": [1]}', 11050, "bad_request"),
    "an id that is true": ('{"method": "public/test", "id": true}', 11050, "bad_request"),
    "an id with a fraction": ('{"method": "public/test", "id": 1.5}', 11050, "bad_request"),
    "another version": ('{"jsonrpc": "1.0", "method": "public/test"}', 11050, "bad_request"),
}
REFUSED: dict[str, tuple[str, int, str, int]] = {
    "a method of nobody": ("public/get_weather", -32601, "Method not found", 400),
    "no scope": ("ticker", -32601, "Method not found", 400),
    "a private method": ("private/buy", 13009, "unauthorized", 401),
    "a sign-in": ("public/auth", 13004, "invalid_credentials", 400),
    "funding": ("public/get_funding_rate_value", 10033, "not_implemented", 400),
    "a subscription": ("public/subscribe", 10030, "must_be_websocket_request", 400),
    "a heartbeat": ("public/set_heartbeat", 10030, "must_be_websocket_request", 400),
}


class TestEnvelope:
    def test_times_and_network_are_told(self, client: TestClient) -> None:
        answer = client.get("/api/v2/public/test").json()
        assert answer.keys() == {"jsonrpc", "result", "usIn", "usOut", "usDiff", "testnet"}
        assert answer["jsonrpc"] == "2.0"
        assert answer["usDiff"] == answer["usOut"] - answer["usIn"] >= 0
        assert answer["testnet"] is True

    @pytest.mark.parametrize("request_id", [0, -7, 2**60, "", "abc", None])
    def test_an_id_comes_back_as_it_was(self, client: TestClient, request_id: Any) -> None:
        answer = client.post("/api/v2", json={"id": request_id, "method": "public/test"}).json()
        assert answer.get("id") == request_id
        assert type(answer.get("id")) is type(request_id)

    def test_get_and_post_agree(self, client: TestClient) -> None:
        parts = ("result", "testnet", "jsonrpc")
        got = client.get("/api/v2/public/test").json()
        posted = client.post("/api/v2", json={"method": "/public/test", "params": {}}).json()
        named = client.post("/api/v2/public/test", json={"params": {"unknown": 1}}).json()
        assert [got[part] for part in parts] == [posted[part] for part in parts] == [named[part] for part in parts]

    def test_another_method_in_the_body_than_in_the_path(self, client: TestClient) -> None:
        answer = client.post("/api/v2/public/test", json={"method": "public/status"})
        assert (answer.status_code, answer.json()["error"]["data"]["param"]) == (400, "method")


class TestRefusals:
    @pytest.mark.parametrize("what", BAD_POSTS)
    def test_a_message_that_is_no_request(self, client: TestClient, what: str) -> None:
        body, code, message = BAD_POSTS[what]
        answer = client.post("/api/v2", content=body)
        assert answer.status_code == 400
        assert (answer.json()["error"]["code"], answer.json()["error"]["message"]) == (code, message)

    @pytest.mark.parametrize("what", REFUSED)
    def test_a_method_that_is_not_answered(self, client: TestClient, what: str) -> None:
        method, code, message, status = REFUSED[what]
        for answer in (client.get(f"/api/v2/{method}"), client.post("/api/v2", json={"method": method, "id": 3})):
            assert answer.status_code == status
            assert (answer.json()["error"]["code"], answer.json()["error"]["message"]) == (code, message)

    def test_an_exception_on_demand(self, client: TestClient) -> None:
        answer = client.get("/api/v2/public/test", params={"expected_result": "exception"}).json()
        assert answer["error"]["code"] == 11050

    def test_before_the_first_block_the_caller_is_told_to_try_again(self, client: TestClient) -> None:
        answer = client.get("/api/v2/public/get_time")
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, 10040)

    def test_a_name_is_refused_by_its_form_or_because_nothing_has_it(self, client: TestClient) -> None:
        for name, code in (
            ("ETH-7MAR23-1600-X", -32602), ("ETH-07MAR23-1600-C", -32602), ("BTC-PERPETUAL", -32602),
            ("ETH-7MAR23-1600-C", 13020), ("XRP-7MAR23-0d5-C", 13020),
        ):  # fmt: skip
            answer = client.get("/api/v2/public/ticker", params={"instrument_name": name}).json()
            assert (answer["error"]["code"], answer["error"]["data"]["param"]) == (code, "instrument_name"), name

    def test_parameters_are_told_by_name(self, client: TestClient) -> None:
        for method, params, param in (
            ("ticker", {}, "instrument_name"),
            ("ticker", {"instrument_name": "A" * 101}, "instrument_name"),
            ("get_order_book", {"instrument_name": "ETH-7MAR23-1600-C", "depth": "deep"}, "depth"),
            ("get_order_book", {"instrument_name": "ETH-7MAR23-1600-C", "depth": "0"}, "depth"),
            ("get_order_book", {"instrument_name": "ETH-7MAR23-1600-C", "depth": "1e3"}, "depth"),
            ("get_order_book", {"instrument_name": "ETH-7MAR23-1600-C", "depth": "٣"}, "depth"),
            ("get_instruments", {"currency": "DOGE"}, "currency"),
            ("get_instruments", {"expired": "perhaps"}, "expired"),
            ("get_instruments", {"kind": "warrant"}, "kind"),
            ("get_book_summary_by_currency", {}, "currency"),
            ("get_index_price", {"index_name": "btc_eur"}, "index_name"),
        ):  # fmt: skip
            answer = client.get(f"/api/v2/public/{method}", params=params)
            assert answer.status_code == 400, (method, params)
            error = answer.json()["error"]
            assert (error["code"], error["message"], error["data"]["param"]) == (-32602, "Invalid params", param)
            assert error["data"]["reason"]
