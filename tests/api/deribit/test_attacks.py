"""Whatever is sent to `/api/v2` is answered or refused by name: nothing breaks it, and nothing is let in half."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest

from api.deribit.methods import PUBLIC
from tests.api.deribit import calls
from tests.api.deribit.conftest import CALL, Market

HUGE = 2**53
NO_TEXTS: tuple[Any, ...] = (7, 1.5, True, [], {}, ["ETH"], "", "E" * 101)
NO_NAMES: tuple[Any, ...] = (
    *NO_TEXTS, "\0", "ETH\0", "eth_usd'; drop table trade; --", "ETH-7MAR23-1600-C\n", "ETH-7MAR23-1e9-C", "%00",
    "ETH-7MAR23-" + "9" * 60 + "-C", "ETH-31FEB23-1600-C", "ΕTH", "\U0001f4a5",
)  # fmt: skip
NO_INTEGERS: tuple[Any, ...] = (
    -1, 1.5, 1e300, HUGE + 1, 2**64, -(2**63), True, [], {}, "", " 1", "+1", "1e3", "0x10", "NaN", "-Infinity", "٣",
    "9" * 21,
)  # fmt: skip
NO_FLAGS: tuple[Any, ...] = ("", "perhaps", "1", 0, 1, 2.0, [], {})
NO_PLACES: tuple[Any, ...] = (*NO_TEXTS, "1", "1.", ".1", "-1.0", "1.0.0", "9" * 19 + ".0", "0." + "9" * 40, "\0")
BROKEN = {
    "an open bracket": b"{",
    "nothing": b"",
    "NaN": b'{"method": "public/test", "params": {"depth": NaN}}',
    "infinity": b'{"method": "public/test", "params": {"depth": 1e999}}',
    "half a pair": b'{"method": "public/test", "params": {"currency": "\\ud800"}}',
    "no UTF-8": b'{"method": "public/\xff"}',
    "brackets to the brim": b"[" * 60_000,
    "objects to the brim": b'{"params":' * 6_000,
    "brackets that close": b'{"method": "public/test", "params": ' + b"[" * 20_000 + b"]" * 20_000 + b"}",
    "two documents": b'{"method": "public/test"}{"method": "public/test"}',
}
NO_REQUESTS: dict[str, Any] = {
    "a batch": [{"method": "public/test", "id": number} for number in range(1_000)],
    "an empty batch": [],
    "null": None,
    "a text": "public/test",
    "a method that is a list": {"method": ["public/test"]},
    "a method that is null": {"method": None},
    "an id that is an object": {"method": "public/test", "id": {}},
    "an id beyond 64 bits": {"method": "public/test", "id": 2**64},
    "a long id": {"method": "public/test", "id": "x" * 101},
    "params that are a text": {"method": "public/test", "params": "currency=ETH"},
    "params that are false": {"method": "public/test", "params": False},
}


def bad_values(name: str) -> tuple[Any, ...]:
    """What a parameter is not."""
    if name in ("client_name", "client_version"):
        return NO_TEXTS
    if name in calls.TEXTS:
        return NO_NAMES
    if name in calls.PLACES:
        return NO_PLACES
    if name in calls.FLAGS:
        return NO_FLAGS
    if name in calls.CHOICES:
        return (*NO_TEXTS, "\0", calls.CHOICES[name][0] + " ", calls.CHOICES[name][0].swapcase() + "x")
    return NO_INTEGERS


def post(market: Market, method: str, params: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    body = any_json({"jsonrpc": "2.0", "id": 1, "method": f"public/{method}", "params": params})
    answer = market.http.post("/api/v2", content=body)
    told: dict[str, Any] = answer.json()
    return answer.status_code, told


def any_json(content: object) -> bytes:
    """JSON of integers of any size."""
    return json.dumps(content).encode()


@pytest.mark.parametrize("method", PUBLIC)
class TestParameters:
    def test_each_that_makes_no_sense_is_refused_by_name(self, market: Market, method: str) -> None:
        params = calls.sound(int(market.get("get_time")))[method]
        for name in params:
            for value in bad_values(name):
                status, told = post(market, method, params | {name: value})
                assert status == 400, (name, value, told)
                error = told["error"]
                assert (error["code"], error["data"]["param"]) == (-32602, name), (name, value, error)
                assert told["id"] == 1 and error["data"]["reason"]

    def test_each_that_it_cannot_do_without_is_asked_for(self, market: Market, method: str) -> None:
        params = calls.sound(int(market.get("get_time")))[method]
        for name in calls.REQUIRED.get(method, set()):
            for given in ({key: value for key, value in params.items() if key != name}, params | {name: None}):
                _, told = post(market, method, given)
                error = told["error"]
                assert (error["code"], error["data"]) == (-32602, {"reason": "value required", "param": name})

    def test_the_largest_that_are_sound_are_answered(self, market: Market, method: str) -> None:
        """Bounds hold before the tables are asked: none of these may reach a column that is too small for it."""
        params = calls.sound(int(market.get("get_time")))[method]
        largest = {"count": 1000, "depth": 10_000, "start_id": "9" * 18 + "." + "9" * 9, "continuation": "9.9"}
        for name, value in params.items():
            if isinstance(value, bool) or (name not in largest and not isinstance(value, int)):
                continue
            most = largest.get(name, HUGE)
            more = {"end_timestamp": HUGE} if name == "start_timestamp" else {}
            status, told = post(market, method, params | {name: most} | more)
            bounded = method == "get_mark_price_history" and name == "end_timestamp"
            assert status == (400 if bounded else 200), (name, told)

    def test_parameters_of_nobody_are_ignored(self, market: Market, method: str) -> None:
        params = calls.sound(int(market.get("get_time")))[method]
        more = {"": 1, "\0": [], "__class__": {}, "x" * 5_000: "y" * 5_000} | {
            f"extra{each}": each for each in range(99)
        }
        assert post(market, method, params | more)[1]["result"] == post(market, method, params)[1]["result"]


class TestMessages:
    @pytest.mark.parametrize("what", BROKEN)
    def test_no_json(self, market: Market, what: str) -> None:
        answer = market.http.post("/api/v2", content=BROKEN[what])
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, -32700)

    @pytest.mark.parametrize("what", NO_REQUESTS)
    def test_no_request(self, market: Market, what: str) -> None:
        answer = market.http.post("/api/v2", content=any_json(NO_REQUESTS[what]))
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, 11050)
        assert "result" not in answer.json()

    def test_a_body_beyond_the_limit(self, market: Market) -> None:
        batch = orjson.dumps([{"method": "public/test", "id": number} for number in range(10_000)])
        assert market.http.post("/api/v2", content=batch).status_code == 413
        # Without a declared length.
        assert market.http.post("/api/v2", content=(batch for _ in range(3))).status_code == 413
        assert market.get("test")

    @pytest.mark.parametrize(
        "path",
        ["", "/", "/public", "/public/", "/public//test", "/public/test/", "/public/../private/buy", "/PUBLIC/test",
         "/public/__init__", "/public/%00", "/public/" + "x" * 4_000, "/public%0a/test", "/public/get_time;a=b"],
    )  # fmt: skip
    def test_a_path_of_nothing(self, market: Market, path: str) -> None:
        answer = market.http.get(f"/api/v2{path}")
        assert 400 <= answer.status_code < 500, answer.text
        assert b"Traceback" not in answer.content

    def test_another_verb(self, market: Market) -> None:
        for verb in ("PUT", "DELETE", "PATCH"):
            assert market.http.request(verb, "/api/v2/public/test").status_code == 405

    def test_the_last_of_two_parameters_counts(self, market: Market) -> None:
        answer = market.http.get("/api/v2/public/ticker?instrument_name=DOGE&instrument_name=" + CALL)
        assert answer.json()["result"]["instrument_name"] == CALL

    def test_a_query_that_is_no_utf8(self, market: Market) -> None:
        answer = market.http.get("/api/v2/public/ticker?instrument_name=%ff%fe%ed%a0%80")
        assert answer.json()["error"]["code"] == -32602
