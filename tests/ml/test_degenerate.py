"""Whatever the input is, no answer has a number that is not finite, and a bad input is said in each."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from sqlalchemy import Engine, update
from sqlalchemy.orm import Session

from ml import schemas
from ml.bars import BAR_SECONDS
from ml.engine import RiskEngine
from ml.live import predict
from ml.market_data import MarketData
from ml.registry import Registry
from ml.service import create_app
from ml.sources import RawBars
from optionix.instruments import format_expiry
from optionix.store import models as tables
from tests.ml.market import CHAIN, EXPIRIES, NOW, fill_market

ACCOUNT = "0x" + "ab" * 20
END = NOW // BAR_SECONDS * BAR_SECONDS


class Made:
    """A source that gives what a test put into it."""

    name = "made"

    def __init__(self) -> None:
        self.start, self.close = np.zeros(0, dtype=np.int64), np.zeros(0)

    def bars(self, asset: str, until: int) -> RawBars:
        return self.start, self.close

    def put(self, close: Any, end: int = END) -> None:
        self.close = np.asarray(close, dtype=np.float64)
        self.start = end - BAR_SECONDS * np.arange(len(self.close), 0, -1, dtype=np.int64)


@pytest.fixture
def source() -> Made:
    return Made()


@pytest.fixture
def client(database: Engine, source: Made, tmp_path: Path) -> Iterator[TestClient]:
    fill_market(database)
    engine = RiskEngine(MarketData(database, CHAIN), source, Registry(tmp_path / "models"), compare_all=False)
    client = TestClient(create_app(engine), raise_server_exceptions=False)
    client.engine = engine  # type: ignore[attr-defined]
    yield client
    engine.close()


def forget(client: TestClient) -> None:
    """The next answer is made from the bars alone."""
    engine: RiskEngine = client.engine  # type: ignore[attr-defined]
    engine._states.clear()
    engine._days.clear()


def strict(text: str) -> Any:
    """JSON without the words that Python's reader takes and nobody else's does."""

    def refuse(word: str) -> None:
        raise AssertionError(f"{word} in an answer")

    return json.loads(text, parse_constant=refuse)


def numbers(told: Any) -> Iterator[float]:
    if isinstance(told, dict):
        for value in told.values():
            yield from numbers(value)
    elif isinstance(told, list):
        for value in told:
            yield from numbers(value)
    elif isinstance(told, float):
        yield told


def every_answer(client: TestClient) -> dict[str, tuple[int, Any]]:
    """Every endpoint's status and strictly read answer."""
    legs = [{"instrument": name, "amount": amount} for name, amount in LEGS]
    asked = {path: client.get(path) for path in PATHS}
    asked["empty account"] = client.post("/risk/account", json={"chain_id": CHAIN, "account": ACCOUNT})
    asked["empty accounts"] = client.post("/risk/accounts", json={"chain_id": CHAIN, "accounts": [ACCOUNT]})
    asked["portfolio"] = client.post("/risk/portfolio", json={"chain_id": CHAIN, "legs": legs})
    nothing = {"chain_id": CHAIN, "legs": [{"instrument": LEGS[0][0], "amount": "0"}]}
    asked["empty portfolio"] = client.post("/risk/portfolio", json=nothing)
    found = {}
    for name, answer in asked.items():
        told = strict(answer.text)
        assert answer.status_code in (200, 503), (name, answer.text)
        assert all(np.isfinite(value) for value in numbers(told)), name
        found[name] = answer.status_code, told
    prediction = predict(client.engine, 1)  # type: ignore[attr-defined]
    strict(prediction.model_dump_json())
    return found


PATHS = (
    *("/forecasts/1", "/forecasts?markets=1,2", "/surfaces/1", "/surfaces?markets=1,2", "/regimes/1"),
    *("/models", "/healthz"),
)
LEGS = [
    (f"ETH-{format_expiry(EXPIRIES[4])}-{strike}", amount) for strike, amount in (("1600-C", "1"), ("1400-P", "-2.5"))
]
WALK = 1500 * np.exp(np.cumsum(np.random.default_rng(5).normal(0, 0.004, 60 * 48)))


def _with(values: Any, place: int, value: float) -> Any:
    changed = np.array(values)
    changed[place] = value
    return changed


SERIES: dict[str, Any] = {
    "nothing": [],
    "one bar": [1500.0],
    "flat week": np.full(8 * 48, 1500.0),
    "flat year": np.full(365 * 48, 1500.0),
    "flat, then one move": _with(np.full(60 * 48, 1500.0), -1, 1501.0),
    "walk, then flat": np.concatenate([WALK, np.full(40 * 48, WALK[-1])]),
    "a jump to a thousandth": np.concatenate([WALK, WALK[-1] / 1000 * np.ones(5)]),
    "a jump to a billion times": np.concatenate([WALK, WALK[-1] * 1e9 * np.ones(5)]),
    "jumps back and forth": np.where(np.arange(60 * 48) % 2, 1e-6, 1e6),
    "tiny prices": WALK * 1e-300,
    "huge prices": WALK * 1e300,
    "not numbers": np.where(np.arange(60 * 48) % 3, WALK, np.nan),
    "infinite, zero and negative": _with(_with(_with(WALK, 7, np.inf), 90, 0.0), 200, -5.0),
    "a week": WALK[: 7 * 48],
}


@pytest.mark.filterwarnings("error::RuntimeWarning:ml.surfaces", "error::RuntimeWarning:ml.blend")
def test_no_history_makes_an_answer_with_a_number_that_is_none(client: TestClient, source: Made) -> None:
    for name, close in SERIES.items():
        source.put(close)
        forget(client)
        found = every_answer(client)
        status, forecasts = found["/forecasts/1"]
        _, surface = found["/surfaces/1"]
        if name in ("nothing", "one bar"):
            assert status == 503 and forecasts["code"] == "not_enough_history", name
            assert surface["refused"] and "a week" in surface["reason"], name
        if name.startswith(("flat", "jumps", "a jump", "tiny", "huge", "walk", "not")):
            assert surface["refused"] and surface["reason"], (name, surface)
        if name == "a week":
            assert status == 200 and forecasts["degraded"]


def test_gaps_and_age_are_said_in_every_answer(client: TestClient, source: Made, database: Engine) -> None:
    source.put(WALK)
    kept = np.arange(len(WALK)) < len(WALK) - 40
    kept |= np.arange(len(WALK)) >= len(WALK) - 3
    source.start, source.close = source.start[kept], source.close[kept]
    found = every_answer(client)
    for path in ("/forecasts/1", "/surfaces/1", "/regimes/1"):
        assert found[path][1]["inputs"]["gappy"] is True, path
    portfolio = found["portfolio"][1]
    (of_market,) = portfolio["inputs"]
    assert of_market["gappy"] and of_market["bars"]["gappy"] and not of_market["stale"]
    assert any(one["severity"] == "warning" and "gappy" in one["text"] for one in portfolio["findings"])
    assert found["/surfaces/1"][1]["refused"] and "gappy" in found["/surfaces/1"][1]["reason"]
    assert found["/forecasts/1"][1]["degraded"] and "gappy" in found["/forecasts/1"][1]["problems"][0]
    assert found["/healthz"][1]["status"] == "degraded"
    source.put(WALK, END - 5 * BAR_SECONDS)
    found = every_answer(client)
    for path in ("/forecasts/1", "/surfaces/1", "/regimes/1"):
        assert found[path][1]["inputs"]["stale"] is True, path
    (of_market,) = found["portfolio"][1]["inputs"]
    assert of_market["stale"] and of_market["bars"]["stale"] and "newest bar" in " ".join(of_market["problems"])
    assert "stale" in found["/surfaces/1"][1]["reason"]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    pieces=st.lists(
        st.tuples(st.integers(1, 600), st.sampled_from([0.0, 1e-12, 1e-4, 0.01, 0.5, 8.0])), min_size=1, max_size=5
    ),
    level=st.floats(1e-9, 1e12),
    seed=st.integers(0, 2**32 - 1),
)
def test_whatever_the_prices_were(
    client: TestClient, source: Made, pieces: list[tuple[int, float]], level: float, seed: int
) -> None:
    random = np.random.default_rng(seed)
    moves = np.concatenate([random.normal(0, size, count) for count, size in pieces])
    source.put(level * np.exp(np.clip(np.cumsum(moves), -500, 500)))
    forget(client)
    for path in ("/forecasts/1", "/surfaces/1", "/regimes/1"):
        answer = client.get(path)
        assert answer.status_code in (200, 503), (path, answer.text)
        assert all(np.isfinite(value) for value in numbers(strict(answer.text)))


def test_a_spot_that_is_no_price_is_refused(client: TestClient, source: Made, database: Engine) -> None:
    source.put(WALK)
    for price in (0, 1, 2**255):
        with Session(database) as session, session.begin():
            session.execute(update(tables.Spot).values(price=price))
        every_answer(client)


def test_an_answer_cannot_be_made_with_a_number_that_is_none() -> None:
    for value in (float("nan"), float("inf")):
        with pytest.raises(ValidationError):
            schemas.DriverAnswer(name="trend", value=value, meaning="")
