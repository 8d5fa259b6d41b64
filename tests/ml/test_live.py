"""Predictions pushed to subscribers: soon after a bar or a trade, once for all who listen, never held up by one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text, update
from sqlalchemy.orm import Session

from ml import live, schemas
from ml.bars import BAR_SECONDS
from ml.engine import RiskEngine
from ml.forecasts import Forecaster
from ml.live import Predictions, touches
from ml.market_data import MarketData, MarketInfo, NotIndexed
from ml.registry import Registry
from ml.service import create_app
from ml.sources import FeedHistory, Joined, ShippedHistory
from optionix.store import models as tables
from optionix.store.notify import CHANNEL, BlockChange
from tests.ml.market import CHAIN, NOW, WAD, fill_market

ETH = MarketInfo(1, "ETH")


@pytest.fixture
def engine(database: Engine, tmp_path: Path) -> Iterator[RiskEngine]:
    fill_market(database)
    data = MarketData(database, CHAIN)
    source = Joined(ShippedHistory(), FeedHistory(data))
    engine = RiskEngine(data, source, Registry(tmp_path / "models"), compare_all=False)
    yield engine
    engine.close()


def say(database: Engine, block: int, timestamp: int, topics: tuple[str, ...], price: int | None = None) -> None:
    """A block as the indexer writes it: rows and message in one transaction."""
    with Session(database) as session, session.begin():
        session.execute(update(tables.Checkpoint).values(block_number=block, block_timestamp=timestamp))
        if price is not None:
            session.add(
                tables.FeedRound(
                    chain_id=CHAIN, market=1, block_number=block, log_index=99, feed="0xf1",
                    round_id=(1 << 64) + block * 1000, answer=price // 10**10, price=price, updated_at=timestamp - 1,
                )
            )  # fmt: skip
            session.execute(
                update(tables.Spot).where(tables.Spot.market == 1).values(price=price, updated_at=timestamp - 1)
            )
        change = BlockChange(CHAIN, block, "0x02", timestamp, None, topics)
        session.execute(text("select pg_notify(:c, :p)"), {"c": CHANNEL, "p": change.payload()})


@asynccontextmanager
async def subscribed(predictions: Predictions) -> AsyncIterator[AsyncIterator[schemas.Prediction | None]]:
    found = await predictions.subscribe(1)
    try:
        yield found
    finally:
        await found.aclose()  # type: ignore[attr-defined]


async def told(found: AsyncIterator[schemas.Prediction | None], block: int) -> schemas.Prediction:
    """The first prediction of a block or later."""
    async with asyncio.timeout(60):
        async for prediction in found:
            if prediction is not None and prediction.block >= block:
                return prediction
    raise AssertionError("the stream ended")


def test_a_bar_and_a_trade_reach_every_subscriber_within_two_seconds(engine: RiskEngine, database: Engine) -> None:
    async def run() -> None:
        predictions = Predictions(engine)
        async with predictions.running(), subscribed(predictions) as one, subscribed(predictions) as other:
            first = await told(one, 100)
            await told(other, 100)
            assert first.forecasts is not None and not first.surface.refused
            price = int(engine.data.spot(1)[0] * WAD)
            took = []
            for number in (1, 2, 3):
                begun = time.monotonic()
                await asyncio.to_thread(say, database, 100 + number, NOW + number * BAR_SECONDS, ("spot:1",), price)
                heard = [await told(stream, 100 + number) for stream in (one, other)]
                took.append(time.monotonic() - begun)
                assert heard[0] == heard[1] and heard[0].forecasts is not None
                assert heard[0].forecasts.inputs.last_bar == first.forecasts.inputs.last_bar + number * BAR_SECONDS
                assert heard[0].forecasts.horizons != first.forecasts.horizons
            assert min(took) < 2, took
            await asyncio.to_thread(say, database, 104, NOW + 3 * BAR_SECONDS + 12, ("trade:ETH-27NOV26-3000-C",))
            assert (await told(one, 104)).block == 104

    asyncio.run(run())


def test_a_model_that_takes_over_is_pushed(engine: RiskEngine) -> None:
    async def run() -> None:
        predictions = Predictions(engine)
        async with predictions.running(), subscribed(predictions) as found:
            first = await told(found, 100)
            assert first.forecasts is not None
            record = engine.registry.find(first.forecasts.model.id)
            assert record is not None
            other = record.model_copy(update={"id": "eth-another"})
            state = engine._states["ETH"]
            await asyncio.to_thread(engine._take, state, other, Forecaster(other), full=True)
            second = await told(found, 100)
            assert second.forecasts is not None and second.forecasts.model.id == "eth-another"

    asyncio.run(run())


def test_a_slow_reader_finds_the_newest_and_nobody_leaves_anything_behind(
    engine: RiskEngine, database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "BEAT_SECONDS", 0.2)

    async def run() -> None:
        predictions = Predictions(engine)
        async with predictions.running():
            async with subscribed(predictions) as quick, subscribed(predictions) as slow:
                await told(slow, 100)
                for number in (101, 102, 103):
                    await asyncio.to_thread(say, database, number, NOW + number, ("surface:1",))
                    await told(quick, number)
                newest = await anext(slow)
                assert newest is not None and newest.block == 103
                assert await anext(slow) is None, "a quiet stream beats"
            assert not predictions._watched and not predictions._newest

    asyncio.run(run())


def test_what_touches_a_market() -> None:
    def change(*topics: str) -> BlockChange:
        return BlockChange(CHAIN, 1, "", 1, None, topics)

    for topic in ("spot:1", "surface:1", "market:1", "trade:ETH-27NOV26-3000-C", "*"):
        assert touches(change(topic), ETH), topic
    for topic in ("spot:2", "spot:11", "trade:ETHX-27NOV26-3000-C", "account:0x01"):
        assert not touches(change(topic), ETH), topic


def test_no_such_market_is_not_streamed(engine: RiskEngine) -> None:
    with pytest.raises(NotIndexed, match="no market 9"):
        asyncio.run(Predictions(engine).subscribe(9))
    with TestClient(create_app(engine)) as client:
        assert client.get("/predictions/9").status_code == 404


def test_batches_answer_what_they_can_and_name_the_rest(engine: RiskEngine) -> None:
    with TestClient(create_app(engine)) as client:
        forecasts = schemas.ManyForecasts.model_validate_json(client.get("/forecasts?markets=2,1,9,1").content)
        assert [entry.market for entry in forecasts.forecasts] == [2, 1]
        assert [(entry.market, "no market 9" in entry.problem) for entry in forecasts.problems] == [(9, True)]
        surfaces = schemas.ManySurfaces.model_validate_json(client.get("/surfaces?markets=1,9").content)
        assert [entry.market for entry in surfaces.surfaces] == [1] and len(surfaces.problems) == 1
        for bad in ("", "x", "1,", "-1", "1" * 12, ",".join(["1"] * 65)):
            for path in ("forecasts", "surfaces"):
                assert client.get(f"/{path}?markets={bad}").status_code == 422, (path, bad)
        assert client.get("/forecasts/1?horizons=" + ",".join(["1"] * 11)).status_code == 422
