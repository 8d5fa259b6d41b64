"""The service over HTTP: typed answers from indexed tables, and refusals that say why."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, delete, update
from sqlalchemy.orm import Session

from ml import schemas
from ml.engine import RiskEngine
from ml.market_data import MarketData
from ml.registry import Registry
from ml.service import create_app, health
from ml.sources import FeedHistory, Joined, ShippedHistory
from optionix.pricing.reports import check_surface
from optionix.pricing.ssvi import PackedSlice
from optionix.store import models as tables
from tests.ml.market import CHAIN, EXPIRIES, NOW, fill_market


@pytest.fixture
def engine(database: Engine, tmp_path: Path) -> Iterator[RiskEngine]:
    fill_market(database)
    data = MarketData(database, CHAIN)
    engine = RiskEngine(data, Joined(ShippedHistory(), FeedHistory(data)), Registry(tmp_path / "models"))
    yield engine
    engine.close()


@pytest.fixture
def client(engine: RiskEngine) -> TestClient:
    return TestClient(create_app(engine))


def test_forecasts_are_of_market_time_and_name_their_model(client: TestClient) -> None:
    answer = client.get("/forecasts/1?horizons=1,30")
    assert answer.status_code == 200
    forecasts = schemas.Forecasts.model_validate_json(answer.content)
    assert forecasts.as_of == NOW and forecasts.symbol == "ETH"
    assert [entry.days for entry in forecasts.horizons] == [1, 30]
    assert all(0.1 < entry.volatility < 3 and entry.q10 < entry.q50 < entry.q90 for entry in forecasts.horizons)
    assert forecasts.inputs.last_bar == NOW // 1800 * 1800
    assert not forecasts.degraded
    models = schemas.Models.model_validate_json(client.get("/models").content)
    assert forecasts.model.id in {entry.id for entry in models.models if entry.active}


def test_surfaces_have_a_slice_for_each_listed_expiry_in_contract_units(client: TestClient) -> None:
    surface = schemas.SurfaceAnswer.model_validate_json(client.get("/surfaces/1").content)
    assert not surface.refused, surface.reason
    assert [entry.expiry for entry in surface.slices] == [expiry for expiry in EXPIRIES if expiry > NOW]
    packed = {
        entry.expiry: PackedSlice(entry.theta, entry.phi, entry.rho, entry.carry, surface.as_of)
        for entry in surface.slices
    }
    assert all(check.ok for check in check_surface(packed))
    assert {check.name for check in surface.checks} >= {"butterfly", "calendar", "volatility range"}
    assert all(0 < entry.confidence <= 1 for entry in surface.slices)


def test_a_silent_feed_refuses_the_surface_and_degrades_the_forecast(
    client: TestClient, engine: RiskEngine, database: Engine
) -> None:
    later = NOW + 9 * 3600
    with Session(database) as session, session.begin():
        session.execute(update(tables.Checkpoint).values(block_timestamp=later))
    surface = schemas.SurfaceAnswer.model_validate_json(client.get("/surfaces/1").content)
    assert surface.refused and "stale" in surface.reason
    forecasts = schemas.Forecasts.model_validate_json(client.get("/forecasts/1").content)
    assert forecasts.degraded and forecasts.inputs.stale
    assert health(engine).status == "degraded"


def test_a_jump_in_the_last_bar_refuses_the_surface(client: TestClient, database: Engine) -> None:
    with Session(database) as session, session.begin():
        row = session.query(tables.FeedRound).order_by(tables.FeedRound.updated_at.desc()).first()
        assert row is not None
        session.execute(
            update(tables.FeedRound)
            .where(tables.FeedRound.market == 1, tables.FeedRound.updated_at >= NOW // 1800 * 1800 - 1800)
            .values(price=int(row.price) * 2)
        )
    surface = schemas.SurfaceAnswer.model_validate_json(client.get("/surfaces/1").content)
    assert surface.refused and "jump" in surface.reason


def test_no_history_at_all_refuses_with_the_reason(database: Engine, tmp_path: Path) -> None:
    fill_market(database)
    with Session(database) as session, session.begin():
        session.execute(delete(tables.FeedRound))
    data = MarketData(database, CHAIN)
    engine = RiskEngine(data, FeedHistory(data), Registry(tmp_path / "models"))
    client = TestClient(create_app(engine))
    surface = schemas.SurfaceAnswer.model_validate_json(client.get("/surfaces/1").content)
    assert surface.refused and "a week" in surface.reason and surface.slices == []
    answer = client.get("/forecasts/1")
    assert answer.status_code == 503
    assert schemas.Problem.model_validate_json(answer.content).code == "not_enough_history"
    engine.close()


def test_regimes_add_up_and_say_that_they_are_not_calibrated(client: TestClient) -> None:
    regime = schemas.RegimeAnswer.model_validate_json(client.get("/regimes/2").content)
    assert regime.symbol == "BTC" and not regime.calibrated
    assert sum(regime.probabilities.values()) == pytest.approx(1, abs=1e-3)
    assert regime.probabilities[regime.regime] == max(regime.probabilities.values())
    assert {"volatility_rank", "momentum_7d", "downside_7d", "term_structure"} <= {one.name for one in regime.drivers}


def test_unknown_markets_and_horizons_are_not_found(client: TestClient) -> None:
    for path in ("/forecasts/9", "/surfaces/9", "/regimes/9", "/forecasts/1?horizons=2"):
        answer = client.get(path)
        assert answer.status_code == 404 and answer.headers["content-type"] == "application/problem+json"
    assert client.get("/forecasts/1?horizons=x").status_code == 422


def test_the_full_selection_takes_over_and_is_found_again(engine: RiskEngine, tmp_path: Path) -> None:
    first = engine.asset_view("ETH", NOW)
    assert "boosted" not in first.record.candidates
    pending = engine._states["ETH"].pending
    assert pending is not None
    pending.result(timeout=60)
    second = engine.asset_view("ETH", NOW)
    assert "boosted" in second.record.candidates
    assert np.isfinite([entry.variance for entry in second.forecasts]).all()
    assert {first.record.id, second.record.id} <= {record.id for record in engine.registry}


def test_health_says_what_is_missing(engine: RiskEngine, database: Engine) -> None:
    assert health(engine).status == "ok"
    with Session(database) as session, session.begin():
        session.execute(delete(tables.Checkpoint))
    report = health(engine)
    assert report.status == "degraded" and "indexer" in report.detail
