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
from optionix.instruments import STRIKE_ONE, Series, Side
from optionix.pricing.reports import check_surface
from optionix.pricing.ssvi import PackedSlice
from optionix.store import models as tables
from tests.ml.market import CHAIN, EXPIRIES, NOW, WAD, fill_market


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


def _rows_of_a_market_that_trades(database: Engine, volatility: int, made_at: int) -> None:
    """A posted slice, the oracle's rules, a fill of a signed order and a vault's trade, both at one volatility."""
    expiry = EXPIRIES[-2]
    series = Series(1, Side.CALL, expiry, 1600 * STRIKE_ONE)
    with Session(database) as session, session.begin():
        session.add(
            tables.VolatilityOracle(
                chain_id=CHAIN, heartbeat=21_600, volatility_per_day=WAD // 2, carry_per_day=WAD // 5,
                max_move_seconds=86_400, threshold=1, signers=["0x01"],
            )
        )  # fmt: skip
        slice_ = {"theta": 300 * 10**12, "phi": 4 * 10**15, "rho": -2 * 10**11, "carry": 0}
        previous = {f"previous_{name}": 0 for name in (*slice_, "timestamp")}
        session.add(
            tables.Surface(
                chain_id=CHAIN, market=1, expiry=expiry, timestamp=NOW - 600, clipped=False, halted_until=0,
                block_number=1, **slice_, **previous,
            )
        )  # fmt: skip
        session.add(
            tables.SurfaceHistory(
                chain_id=CHAIN, block_number=1, log_index=1, market=1, expiry=expiry, timestamp=NOW - 86_500,
                clipped=False, **slice_,
            )
        )  # fmt: skip
        session.add(
            tables.Series(
                chain_id=CHAIN, series_id=series.id, market=1, side=Side.CALL, expiry=expiry, strike=series.strike,
                name="ETH-24MAR23-1600-C", listed_block=1, supply=WAD, placed=0, written=WAD, volume=WAD, trades=2,
                last_price=WAD, last_trade_at=made_at,
            )
        )  # fmt: skip
        for index, maker in enumerate(("0xmaker", None)):
            session.add(
                tables.Trade(
                    chain_id=CHAIN, block_number=90, log_index=index, tx_hash="0x0", timestamp=made_at,
                    series_id=series.id, market=1, side=Side.CALL, venue="0xe", taker="0xtaker", receiver="0xtaker",
                    maker=maker, is_buy=True, is_match=False, amount=WAD, premium=1, fee=0, performance_fee=0,
                    price=WAD // 50, spot=1565 * WAD, volatility=volatility, premium_token="0xcc", paid_premium=1,
                    paid_fee=0, caller_fee=0,
                )
            )  # fmt: skip


def test_surfaces_say_what_they_were_made_of_and_what_the_chain_would_do(client: TestClient, database: Engine) -> None:
    alone = schemas.SurfaceAnswer.model_validate_json(client.get("/surfaces/1").content)
    assert alone.sources is not None and alone.sources.venue is None and alone.sources.trades.used == 0
    assert all(entry.move is None for entry in alone.slices), "no oracle is indexed"
    at = next(entry for entry in alone.slices if entry.expiry == EXPIRIES[-2])
    _rows_of_a_market_that_trades(database, int(at.atm_vol * 1.1 * WAD), NOW - 1800)
    heard = schemas.SurfaceAnswer.model_validate_json(client.get("/surfaces/1").content)
    assert heard.sources is not None and not heard.refused, heard.reason
    trades = heard.sources.trades
    assert trades.used == 1 and trades.newest_age_seconds == trades.oldest_age_seconds == 1800, "a vault's is an echo"
    assert 0 < trades.share < 0.2 and 0 < trades.shift < 0.15
    moved = {entry.expiry: entry for entry in heard.slices}
    for entry in alone.slices:
        assert moved[entry.expiry].atm_vol > entry.atm_vol
        assert sum(moved[entry.expiry].weights.values()) == pytest.approx(1, abs=1e-5)
    verdicts = {expiry: entry.move for expiry, entry in moved.items()}
    posted = verdicts[EXPIRIES[-2]]
    assert posted is not None and posted.verdict.startswith("would be clipped") and not posted.accepted
    assert posted.posted_at == NOW - 600 and posted.limit == pytest.approx(0.5 * 600 / 86_400)
    assert any(f"expiry {EXPIRIES[-2]} would be clipped" in warning for warning in heard.warnings)
    others = [move for expiry, move in verdicts.items() if expiry != EXPIRIES[-2]]
    assert all(move is not None and move.verdict == "first report" for move in others)
    assert heard.confidence == min(entry.confidence for entry in heard.slices)


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
