"""A chain, the indexer and the risk service together: how soon subscribers hear of a bar and of a trade, and whether
what the service says of the chain is what the chain does."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import httpx
import pytest
from sqlalchemy import Engine

from ml import schemas
from ml.bars import BAR_SECONDS
from ml.engine import RiskEngine
from ml.market_data import MarketData
from ml.posted import moves
from ml.registry import Registry
from ml.sources import FeedHistory, Joined, ShippedHistory
from optionix.pricing.ssvi import PackedSlice
from tests.indexer.life import CALL, World, world
from tests.indexer.running import following, until, until_at_head
from tests.ml.market import CHAIN
from tests.ml.serving import served
from tests.support.chain import EXPIRY

PROMISE_SECONDS = 2.0


@pytest.fixture(scope="module")
def lived() -> Iterator[World]:
    with world() as made:
        made.fund()
        for index in (6, 7):
            made.client(index).deposit("WETH", "8")
            made.client(index).ready_to_trade(selling=True)
        yield made


@dataclass
class Heard:
    """Predictions with the time at which each arrived."""

    stream: list[tuple[float, schemas.Prediction]] = field(default_factory=list)

    async def first(self, such: Callable[[schemas.Prediction], bool]) -> float:
        """When the first prediction of a kind arrived, waiting for it."""
        found: list[float] = []

        def seen() -> bool:
            found[:] = [at for at, prediction in self.stream if such(prediction)][:1]
            return bool(found)

        await until(seen, 60)
        return found[0]


@asynccontextmanager
async def listening(url: str) -> AsyncIterator[Heard]:
    """A subscriber of market 1."""
    heard = Heard()
    async with httpx.AsyncClient(base_url=url, timeout=60, trust_env=False) as client:

        async def read() -> None:
            async with client.stream("GET", "/predictions/1") as stream:
                async for line in stream.aiter_lines():
                    if line.startswith("data: "):
                        told = schemas.Prediction.model_validate_json(line.removeprefix("data: "))
                        heard.stream.append((time.monotonic(), told))

        task = asyncio.create_task(read())
        try:
            await until(lambda: bool(heard.stream), 60)
            yield heard
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def last_bar(prediction: schemas.Prediction) -> int:
    assert prediction.forecasts is not None
    return prediction.forecasts.inputs.last_bar


def trades(prediction: schemas.Prediction) -> int:
    assert prediction.surface.sources is not None, prediction.surface.reason
    return prediction.surface.sources.trades.used


def test_a_bar_and_a_trade_on_the_chain_are_heard_within_two_seconds(
    lived: World, database: Engine, tmp_path: Path
) -> None:
    data = MarketData(database, CHAIN)
    engine = RiskEngine(
        data, Joined(ShippedHistory(), FeedHistory(data)), Registry(tmp_path / "models"), compare_all=False
    )
    address = database.url.render_as_string(hide_password=False)
    took: dict[str, list[float]] = {"bar": [], "trade": []}

    async def run(url: str) -> None:
        async with following(lived, address) as sync:
            await until_at_head(sync, lived)
            async with listening(url) as heard:
                _, first = heard.stream[0]
                assert not first.surface.refused and trades(first) == 0, first.surface.reason
                for number in range(1, 4):
                    boundary = (lived.now // BAR_SECONDS + 1) * BAR_SECONDS
                    begun = time.monotonic()
                    await asyncio.to_thread(lived.at, boundary)
                    took["bar"].append(await heard.first(lambda one, at=boundary: last_bar(one) == at) - begun)  # type: ignore[misc]
                    await asyncio.to_thread(lived.post, 1565 + number)
                wanted = round(first.surface.slices[0].atm_vol * 1.05, 4)
                for number in range(1, 4):
                    begun = await asyncio.to_thread(fill, str(wanted), number)
                    took["trade"].append(await heard.first(lambda one, n=number: trades(one) == n) - begun)  # type: ignore[misc]
                _, last = heard.stream[-1]
                assert last.surface.sources is not None and last.surface.sources.trades.share > 0
                assert last.surface.slices[0].weights["trades"] > 0

    def fill(volatility: str, nonce: int) -> float:
        """A signed order is filled; when the block of the fill was asked for."""
        maker, taker = lived.client(6), lived.client(7)
        order = maker.volatility_order(
            CALL, "0.1", volatility, is_buy=False, use_book=True, nonce=nonce,
            min_spot="1000", max_spot="2000", max_feed_age=10_000,
        )  # fmt: skip
        signature = maker.sign(order)
        begun = time.monotonic()
        taker.fill(order, signature)
        return begun

    with served(engine) as url:
        asyncio.run(run(url))
    engine.close()
    print({kind: [round(seconds, 3) for seconds in times] for kind, times in took.items()})
    for kind, times in took.items():
        assert 0 < median(times) < PROMISE_SECONDS, f"{kind}: {times}"


def test_what_the_oracle_would_do_is_what_it_does(lived: World, database: Engine) -> None:
    """A report that fits, one that is clipped, one that fits again: said before, from the tables alone."""
    address = database.url.render_as_string(hide_password=False)
    data = MarketData(database, CHAIN)

    async def run() -> None:
        async with following(lived, address) as sync:
            for volatility, expected in ((0.605, True), (0.9, False), (0.615, True)):
                await until_at_head(sync, lived)
                oracle = data.oracle(1, [EXPIRY])
                assert oracle is not None
                at = lived.now + 3600
                await asyncio.to_thread(lived.at, at - 1)
                theta = int(volatility**2 * (EXPIRY - at) / (365 * 86_400) * 10**16)
                told = moves(oracle, {EXPIRY: PackedSlice(theta, 10**15, -(10**11), 0, at)}, at)[EXPIRY]
                await asyncio.to_thread(lived.post_surface, volatility)
                await until_at_head(sync, lived)
                after = data.oracle(1, [EXPIRY])
                assert after is not None and after.posted[EXPIRY].clipped is not expected
                assert (told.verdict == "fits") is expected, (volatility, told)

    asyncio.run(run())
