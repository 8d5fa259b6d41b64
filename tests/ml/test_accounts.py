"""Risk of an account: greeks that agree with differences of value, scenarios, worst cases, findings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from ml import schemas
from ml.accounts import MarketState, assess
from ml.engine import RiskEngine
from ml.market_data import Holding, MarketData
from ml.registry import Registry
from ml.service import create_app
from ml.sources import ShippedHistory
from optionix.instruments import Series, Side
from optionix.pricing.ssvi import PackedSlice, SsviSlice
from optionix.store import models as tables
from tests.ml.market import CHAIN, EXPIRIES, NOW, WAD, fill_market

DAY = 86_400
EXPIRY = NOW + 7 * DAY
ACCOUNT = "0x" + "ab" * 20


def state(
    spot: float = 1500.0, volatility: float = 0.6, expiries: tuple[int, ...] = (EXPIRY,)
) -> dict[int, MarketState]:
    slices = {}
    for expiry in expiries:
        theta = volatility**2 * (expiry - NOW) / (365 * DAY)
        slices[expiry] = SsviSlice(theta, 0.8 / np.sqrt(theta), -0.2, 0.0, NOW)
    return {1: MarketState(1, "ETH", spot, slices)}


def holding(strike: int, side: Side, contracts: float, expiry: int = EXPIRY, place: str = "tokens") -> Holding:
    series = Series(1, side, expiry, strike * 10**8)
    return Holding(series.id, f"{strike}{side.letter}", 1, side, expiry, strike * 10**8, int(contracts * WAD), place)


MIXED = [
    holding(1500, Side.CALL, 2),
    holding(1600, Side.CALL, -3, place="book"),
    holding(1400, Side.PUT, -1.5, place="book"),
]


def test_greeks_are_differences_of_the_value() -> None:
    # Without a smile: the smile moves with the forward, and a difference would hold its slope too.
    flat = {1: MarketState(1, "ETH", 1500.0, {EXPIRY: SsviSlice(0.0069, 1e-6, 0.0, 0.0, NOW)})}
    base = assess(MIXED, {}, flat, NOW).exposures[0]

    def moved(spot: float) -> float:
        return assess(MIXED, {}, {1: MarketState(1, "ETH", spot, flat[1].slices)}, NOW).exposures[0].value

    assert base.delta == pytest.approx((moved(1500.5) - moved(1499.5)), rel=1e-4)
    assert base.gamma == pytest.approx(moved(1501) - 2 * moved(1500) + moved(1499), rel=1e-3)
    later = assess(MIXED, {}, flat, NOW + 3600).exposures[0].value
    assert base.theta / 24 == pytest.approx(later - base.value, rel=0.02)
    wider = {1: MarketState(1, "ETH", 1500.0, {EXPIRY: SsviSlice(0.0069 * 1.01**2, 1e-6, 0.0, 0.0, NOW)})}
    volatility = np.sqrt(0.0069 * 365 / 7)
    vega = assess(MIXED, {}, wider, NOW).exposures[0].value - base.value
    assert base.vega * volatility == pytest.approx(vega, rel=0.02)


def test_a_hedged_position_has_nothing_to_lose() -> None:
    both = [holding(1500, Side.CALL, 1), holding(1500, Side.CALL, -1, place="book")]
    found = assess(both, {}, state(), NOW)
    assert found.exposures[0].value == 0 and found.exposures[0].delta == 0
    assert np.allclose(found.scenarios[0].changes, 0)


def test_the_scenario_in_the_middle_changes_nothing_and_a_short_straddle_loses_on_both_sides() -> None:
    straddle = [holding(1500, Side.CALL, -1, place="book"), holding(1500, Side.PUT, -1, place="book")]
    scenario = assess(straddle, {}, state(), NOW).scenarios[0]
    table = np.array(scenario.changes)
    middle = scenario.spot_moves.index(0.0)
    assert table[scenario.volatility_moves.index(0.0), middle] == pytest.approx(0, abs=1e-9)
    assert table[1, 0] < -100 and table[1, -1] < -100
    assert table[2, middle] < 0 < table[0, middle]
    worst, spot, volatility = scenario.worst
    assert worst == table.min() and abs(spot) == 0.30 and volatility == 0.5


def test_findings_say_what_is_short_soon_and_what_has_no_price() -> None:
    soon = NOW + 3 * 3600
    holdings = [
        holding(1500, Side.CALL, -1, soon, "book"),
        holding(1600, Side.CALL, 1, EXPIRY + DAY),
    ]
    found = assess(holdings, {}, state(expiries=(soon, EXPIRY)), NOW)
    assert found.unpriced == ("1600C",)
    assert any("1600C" in finding.text for finding in found.findings)
    severities = [finding.severity for finding in found.findings]
    assert "critical" in severities
    assert any("expires in 3.0 hours" in finding.text for finding in found.findings)
    empty = assess([], {}, {}, NOW)
    assert [finding.text for finding in empty.findings] == ["There are no open options."]


@pytest.fixture
def client(database: Engine, tmp_path: Path) -> Iterator[TestClient]:
    fill_market(database)
    engine = RiskEngine(MarketData(database, CHAIN), ShippedHistory(), Registry(tmp_path), compare_all=False)
    yield TestClient(create_app(engine))
    engine.close()


def fill_account(engine: Engine) -> None:
    expiry = EXPIRIES[-1]
    call = Series(1, Side.CALL, expiry, 1500 * 10**8)
    theta = 0.36 * (expiry - NOW) / (365 * DAY)
    packed = PackedSlice(int(theta * 1e16), int(0.8 / theta**0.5 * 1e15), -(10**11), 0, NOW - 60)
    with Session(engine) as session, session.begin():
        session.add(
            tables.Series(
                chain_id=CHAIN,
                series_id=call.id,
                market=1,
                side=0,
                expiry=expiry,
                strike=call.strike,
                name=call.name("ETH"),
                listed_block=1,
                supply=0,
                placed=0,
                written=0,
                volume=0,
                trades=0,
            )
        )
        session.add(tables.Leg(chain_id=CHAIN, account=ACCOUNT, series_id=call.id, amount=-2 * WAD))
        session.add(tables.Position(chain_id=CHAIN, account=ACCOUNT, series_id=call.id, amount=WAD // 2))
        session.add(
            tables.Book(chain_id=CHAIN, account=ACCOUNT, book_key=call.book_key, kind=1, leg_count=1, locked=2 * WAD)
        )
        session.add(
            tables.Surface(
                chain_id=CHAIN,
                market=1,
                expiry=expiry,
                theta=packed.theta,
                phi=packed.phi,
                rho=packed.rho,
                carry=0,
                timestamp=packed.timestamp,
                clipped=False,
                previous_theta=0,
                previous_phi=0,
                previous_rho=0,
                previous_carry=0,
                previous_timestamp=0,
                halted_until=0,
                block_number=90,
            )
        )


def test_an_account_is_read_from_the_tables(client: TestClient, database: Engine) -> None:
    fill_account(database)
    answer = client.post("/risk/account", json={"chain_id": CHAIN, "account": ACCOUNT})
    assert answer.status_code == 200
    found = schemas.AccountAnswer.model_validate_json(answer.content)
    assert found.as_of == NOW and found.block == 100
    assert len(found.exposures) == 1 and found.exposures[0].delta < 0 and found.exposures[0].theta > 0
    assert found.worst_cases == [
        schemas.WorstCaseAnswer(market=1, side="CALL", expiry=EXPIRIES[-1], locked=str(2 * WAD))
    ]
    assert found.unpriced == [] and found.findings


def test_an_account_without_options_and_wrong_requests(client: TestClient) -> None:
    answer = client.post("/risk/account", json={"chain_id": CHAIN, "account": ACCOUNT})
    assert schemas.AccountAnswer.model_validate_json(answer.content).exposures == []
    assert client.post("/risk/account", json={"chain_id": 1, "account": ACCOUNT}).status_code == 404
    assert client.post("/risk/account", json={"chain_id": CHAIN, "account": "me"}).status_code == 422
