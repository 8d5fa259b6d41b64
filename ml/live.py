"""Predictions pushed to subscribers as server-sent events.

One task hears the indexer's changes. Each market that a change touches is predicted once, on a thread, however many
listen; while it is at work further changes of the market wait as one. A subscriber that reads slowly finds the newest
prediction, not all of them, and holds up nobody.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from functools import partial

import structlog
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from prometheus_client import Gauge, Histogram

from ml import answers, schemas
from ml.bars import BAR_SECONDS, BadBars
from ml.engine import RiskEngine
from ml.market_data import MarketInfo
from ml.registry import ModelRecord
from optionix.store.notify import ANY_TOPIC, BlockChange

log = structlog.get_logger("risk")

SUBSCRIBERS = Gauge("optionix_risk_subscribers", "Open streams of predictions")
PREDICTION_SECONDS = Histogram(
    "optionix_risk_prediction_seconds", "From a change to its prediction", buckets=(0.05, 0.1, 0.25, 0.5, 1, 2, 5)
)
BEAT_SECONDS = 15.0
"""A stream with nothing to say says so this often, so that a dead one is noticed."""
LOOK_SECONDS = 1.0
"""Between two looks for a trained model on disk."""
_DAYS = {1, 7, 30}


class Predictions:
    """The newest prediction of each market, made again when something that it depends on changes."""

    def __init__(self, engine: RiskEngine) -> None:
        self._engine = engine
        self._newest: dict[int, schemas.Prediction] = {}
        self._due: dict[int, float] = {}
        self._watched: Counter[MarketInfo] = Counter()
        self._wake = asyncio.Event()
        self._told = asyncio.Condition()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Follow the chain and the models for as long as the context is open."""
        loop = asyncio.get_running_loop()
        before = self._engine.on_selection

        def selected(record: ModelRecord) -> None:
            before(record)
            with contextlib.suppress(RuntimeError):  # the loop has ended: nobody is left to be told
                loop.call_soon_threadsafe(self._model_changed, record.asset)

        self._engine.on_selection = selected
        tasks = [asyncio.create_task(work()) for work in (self._follow, self._predict, self._take_installed)]
        try:
            yield
        finally:
            self._engine.on_selection = before
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def subscribe(self, market: int) -> AsyncIterator[schemas.Prediction | None]:
        """Predictions of a market, the newest first; None when nothing was new for a while.

        Raises
        ------
        NotIndexed
            For a market that there is not.
        """
        info = await asyncio.to_thread(self._engine.data.market, market)
        return self._of(info)

    async def _of(self, info: MarketInfo) -> AsyncIterator[schemas.Prediction | None]:
        self._watched[info] += 1
        SUBSCRIBERS.inc()
        seen: schemas.Prediction | None = None
        try:
            self._mark([info])
            while True:
                async with self._told:
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._told.wait_for(partial(self._is_new, info, seen)), BEAT_SECONDS)
                    newest = self._newest.get(info.market)
                yield None if newest is seen else newest
                seen = newest
        finally:
            SUBSCRIBERS.dec()
            self._watched[info] -= 1
            if not self._watched[info]:
                del self._watched[info]
                self._newest.pop(info.market, None)

    def _is_new(self, info: MarketInfo, seen: schemas.Prediction | None) -> bool:
        return self._newest.get(info.market) not in (None, seen)

    def _mark(self, markets: Iterable[MarketInfo]) -> None:
        for info in markets:
            self._due.setdefault(info.market, time.monotonic())
        if self._due:
            self._wake.set()

    def _model_changed(self, asset: str) -> None:
        self._mark(info for info in self._watched if info.symbol == asset)

    async def _follow(self) -> None:
        bar = 0
        async for change in self._engine.data.changes():
            closed = change.timestamp // BAR_SECONDS
            self._mark(info for info in self._watched if closed > bar or touches(change, info))
            bar = closed

    async def _take_installed(self) -> None:
        while True:
            try:
                await asyncio.to_thread(self._engine.take_installed)
            except OSError:
                log.exception("the models' folder cannot be read")
            await asyncio.sleep(LOOK_SECONDS)

    async def _predict(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            due, self._due = self._due, {}
            for market, since in due.items():
                try:
                    made = await asyncio.to_thread(predict, self._engine, market)
                except Exception:
                    # The tables cannot be read, or a market is gone: the next change tries again.
                    log.exception("no prediction", market=market)
                    continue
                PREDICTION_SECONDS.observe(time.monotonic() - since)
                async with self._told:
                    self._newest[market] = made
                    self._told.notify_all()


def touches(change: BlockChange, info: MarketInfo) -> bool:
    """Whether a change has a price, a listing, a surface or a trade of a market."""
    named = (f"spot:{info.market}", f"surface:{info.market}", f"market:{info.market}", ANY_TOPIC)
    return any(topic in named or topic.startswith(f"trade:{info.symbol}-") for topic in change.topics)


def predict(engine: RiskEngine, market: int) -> schemas.Prediction:
    """A market's prediction from what is indexed now; NotIndexed where there is no such market or no block."""
    block = engine.data.moment().block
    seen = forecasts = None
    with contextlib.suppress(BadBars):
        # Both parts of one view: a model that takes over between them would speak in one of them only.
        seen = engine.view(market)
        forecasts = answers.forecasts(engine, market, _DAYS, seen)
    surface = answers.surface(engine, market, seen)
    return schemas.Prediction(market=market, block=block, forecasts=forecasts, surface=surface)


def add_live(app: FastAPI, predictions: Predictions) -> None:
    """Add the stream to the application."""

    @app.get("/predictions/{market}", responses=answers.ERRORS, response_class=StreamingResponse)
    async def stream(market: int) -> StreamingResponse:
        """Server-sent events `prediction`: the newest at once, then one for every new bar, price and trade."""
        found = await predictions.subscribe(market)
        return StreamingResponse(_events(found), media_type="text/event-stream", headers={"cache-control": "no-store"})


async def _events(predictions: AsyncIterator[schemas.Prediction | None]) -> AsyncIterator[str]:
    async for prediction in predictions:
        if prediction is None:
            yield ": nothing new\n\n"
        else:
            yield f"event: prediction\nid: {prediction.block}\ndata: {prediction.model_dump_json()}\n\n"
