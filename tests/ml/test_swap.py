"""Models change under a running service that is asked all the time: nothing is dropped, mixed or failed."""

from __future__ import annotations

import asyncio
import math
from pathlib import Path

import httpx
import orjson
from sqlalchemy import Engine

from ml.engine import RiskEngine
from ml.installed import FILE, install
from ml.market_data import MarketData
from ml.registry import Registry
from ml.sources import FeedHistory, Joined, ShippedHistory
from tests.ml.market import CHAIN, fill_market
from tests.ml.serving import served
from tests.ml.test_installed import changed

ASKING = 6
"""So many ask at once, each again as soon as it is answered."""
PATHS = ("/forecasts/1", "/forecasts/2", "/surfaces/1", "/forecasts?markets=1,2", "/regimes/2")
SWAPS = 2


def figures(told: object) -> tuple[float, ...]:
    """What an answer's model determines: the variances of a forecast."""
    assert isinstance(told, dict)
    return tuple(one["variance"] for one in told["horizons"])


async def load(url: str, models: Path) -> tuple[list[tuple[str, httpx.Response]], list[str]]:
    """Answers from the time that models change, and the priors that were taken."""
    answers: list[tuple[str, httpx.Response]] = []
    taken: list[str] = []
    done = asyncio.Event()
    limits = httpx.Limits(max_connections=ASKING + 4)
    async with httpx.AsyncClient(base_url=url, timeout=60, limits=limits, trust_env=False) as client:

        async def ask(number: int) -> None:
            while not done.is_set():
                for path in PATHS[number % len(PATHS) :] + PATHS[: number % len(PATHS)]:
                    answers.append((path, await client.get(path)))

        async def until(prior: str) -> None:
            async with asyncio.timeout(120):
                while (health := (await client.get("/healthz")).json())["prior"] != prior:
                    assert health["refused_model"] is None, health
                    await asyncio.sleep(0.05)
            taken.append(prior)

        asking = [asyncio.create_task(ask(number)) for number in range(ASKING)]
        for number in range(1, SWAPS + 1):
            await until(await asyncio.to_thread(install, changed(1 + number / 50), models))
            seen = len(answers)
            async with asyncio.timeout(120):
                while len(answers) < seen + 2 * ASKING:  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
        (models / FILE).write_bytes((models / FILE).read_bytes()[:1000])
        async with asyncio.timeout(120):
            while (health := (await client.get("/healthz")).json())["refused_model"] is None:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        assert health["status"] == "degraded" and health["prior"] == taken[-1]
        done.set()
        await asyncio.gather(*asking)
        metrics = (await client.get("/models")).json()
        assert {one["prior"] for one in metrics["models"] if one["active"]} == {taken[-1]}
    return answers, taken


def test_a_swap_under_load_drops_and_mixes_nothing(database: Engine, tmp_path: Path) -> None:
    fill_market(database)
    data = MarketData(database, CHAIN)
    source = Joined(ShippedHistory(), FeedHistory(data))
    engine = RiskEngine(data, source, Registry(tmp_path / "models"))
    with served(engine) as url:
        answers, taken = asyncio.run(load(url, tmp_path / "models"))
    engine.close()
    assert len(taken) == SWAPS and len(answers) > 200, len(answers)
    assert {answer.status_code for _, answer in answers} == {200}
    said: dict[str, set[tuple[float, ...]]] = {}
    for path, answer in answers:
        assert len(answer.content) == int(answer.headers["content-length"])
        told = orjson.loads(answer.content)
        if path == "/surfaces/1":
            assert told["model"]["id"].startswith("eth-") and not told["refused"], told["reason"]
        elif path.startswith("/forecasts"):
            for one in told.get("forecasts", [told]):
                assert one["model"]["id"].startswith(f"{one['symbol'].lower()}-")
                assert all(math.isfinite(value) for value in figures(one))
                said.setdefault(one["model"]["id"], set()).add(figures(one))
    # Of each asset at least one model for each swap, and one model never says two things.
    for symbol in ("eth-", "btc-"):
        assert sum(name.startswith(symbol) for name in said) >= SWAPS
    assert all(len(told) == 1 for told in said.values()), "an answer of one model with the figures of another"
