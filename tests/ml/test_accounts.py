"""Risk of an account: greeks that agree with differences of value, scenarios, worst cases, findings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import numpy as np
import pytest
from click.testing import CliRunner
from fastapi.testclient import TestClient
from sqlalchemy import Connection, Engine, event, update
from sqlalchemy.orm import Session

from ml import risk_schemas as schemas
from ml.accounts import Around, Assessment
from ml.accounts import assess as assess_around
from ml.concentration import concentration
from ml.engine import RiskEngine
from ml.holdings import Holding, VaultRoom
from ml.market_data import MarketData
from ml.registry import Registry
from ml.scenarios import scenario, scenarios, volatility_factor
from ml.service import create_app
from ml.sources import RawBars, ShippedHistory
from ml.valuation import MarketState
from ml.worst_loss import worst_cases, worst_loss
from optionix.cli import cli
from optionix.instruments import Series, Side
from optionix.pricing.book import Leg, settlement_floor
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


def assess(holdings: list[Holding], markets: dict[int, MarketState], now: int) -> Assessment:
    """Without history, vaults and collateral."""
    decimals = {(1, Side.CALL): 18, (1, Side.PUT): 6}
    return assess_around(holdings, Around(markets, decimals), now)


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
    base = assess(MIXED, flat, NOW).exposures[0]

    def moved(spot: float) -> float:
        return assess(MIXED, {1: MarketState(1, "ETH", spot, flat[1].slices)}, NOW).exposures[0].value

    assert base.delta == pytest.approx((moved(1500.5) - moved(1499.5)), rel=1e-4)
    assert base.gamma == pytest.approx(moved(1501) - 2 * moved(1500) + moved(1499), rel=1e-3)
    later = assess(MIXED, flat, NOW + 3600).exposures[0].value
    assert base.theta / 24 == pytest.approx(later - base.value, rel=0.02)
    wider = {1: MarketState(1, "ETH", 1500.0, {EXPIRY: SsviSlice(0.0069 * 1.01**2, 1e-6, 0.0, 0.0, NOW)})}
    volatility = np.sqrt(0.0069 * 365 / 7)
    vega = assess(MIXED, wider, NOW).exposures[0].value - base.value
    assert base.vega * volatility == pytest.approx(vega, rel=0.02)


def test_a_hedged_position_has_nothing_to_lose() -> None:
    both = [holding(1500, Side.CALL, 1), holding(1500, Side.CALL, -1, place="book")]
    found = assess(both, state(), NOW)
    assert found.exposures[0].value == 0 and found.exposures[0].delta == 0
    assert np.allclose(found.scenarios[0].changes, 0)


def test_the_scenario_in_the_middle_changes_nothing_and_a_short_straddle_loses_on_both_sides() -> None:
    straddle = [holding(1500, Side.CALL, -1, place="book"), holding(1500, Side.PUT, -1, place="book")]
    scenario = assess(straddle, state(), NOW).scenarios[0]
    table = np.array(scenario.changes)
    middle = scenario.spot_moves.index(0.0)
    assert table[scenario.volatility_moves.index(0.0), middle] == pytest.approx(0, abs=1e-9)
    assert table[1, 0] < -100 and table[1, -1] < -100
    assert table[2, middle] < 0 < table[0, middle]
    far = np.array(scenario.extended)
    assert far[-1] == pytest.approx(-5 * 1500, rel=0.05), "a written call at six times the spot"
    binding = scenario.binding
    assert binding.spot_move == 5.0 and binding.share == 0.33 and binding.counted == pytest.approx(0.33 * far[-1])


def test_findings_say_what_is_short_soon_and_what_has_no_price() -> None:
    soon = NOW + 3 * 3600
    holdings = [
        holding(1500, Side.CALL, -1, soon, "book"),
        holding(1600, Side.CALL, 1, EXPIRY + DAY),
    ]
    found = assess(holdings, state(expiries=(soon, EXPIRY)), NOW)
    assert found.unpriced == ("1600C",)
    assert any("1600C" in finding.text for finding in found.findings)
    severities = [finding.severity for finding in found.findings]
    assert "critical" in severities
    assert any("expires in 3.0 hours" in finding.text for finding in found.findings)
    empty = assess([], {}, NOW)
    assert [finding.text for finding in empty.findings] == ["There are no open options."]
    assert severities == sorted(severities, key=["critical", "warning", "info"].index), "the gravest first"
    assert any("too short for a value at risk" in finding.text for finding in found.findings)


def test_the_grid_is_that_of_the_field() -> None:
    assert volatility_factor(0.5, 30, 0.8) == 1.5 and volatility_factor(-0.25, 30, 0.8) == 0.75
    assert volatility_factor(0.5, 7.5, 0.8) == pytest.approx(1 + 0.5 * 4**0.3)
    assert volatility_factor(-0.25, 120, 0.8) == pytest.approx(1 - 0.25 * 0.25**0.13)
    assert volatility_factor(0.5, 30, 0.2) == pytest.approx(2.5), "up to 50 % a year at least"
    assert volatility_factor(-0.25, 0.0, 0.8) == 0.05, "an hour before expiry and nearer"


def test_scenarios_are_the_same_wherever_they_are_run() -> None:
    pieces = [(state()[1], tuple(MIXED), NOW), (state(1600.0)[1], tuple(MIXED[:1]), NOW)]
    assert scenarios(pieces) == [scenario(*piece) for piece in pieces]


class TestWorstLoss:
    def test_a_written_call_loses_without_end(self) -> None:
        assert worst_loss(Side.CALL, [Leg(1500 * 10**8, -WAD)], 1) == (WAD, None, True)

    def test_a_condor_of_calls_loses_most_at_a_strike(self) -> None:
        legs = [Leg(k * 10**8, n * WAD) for k, n in ((1400, 1), (1500, -1), (1600, -1), (1700, 1))]
        assert worst_loss(Side.CALL, legs, 1) == (0, None, False)
        short = [Leg(leg.strike, -leg.amount) for leg in legs]
        loss, price, unbounded = worst_loss(Side.CALL, short, 1)
        assert (price, unbounded) == (1500 * WAD, False)
        assert loss == -settlement_floor(Side.CALL, short, 1500 * WAD, 1)

    def test_a_written_put_loses_most_at_zero(self) -> None:
        assert worst_loss(Side.PUT, [Leg(1500 * 10**8, -WAD)], 10**12) == (1500 * 10**6, 0, False)

    def test_more_legs_than_can_be_netted_cost_what_is_locked(self) -> None:
        many = [holding(1000 + 10 * place, Side.PUT, -1, place="book") for place in range(20)]
        (found,) = worst_cases(many, {Series(1, Side.PUT, EXPIRY, 1).book_key: 77}, {(1, Side.PUT): 6})
        assert (found.loss, found.locked, found.price) == (77, 77, None)


def test_what_the_vault_would_take_over() -> None:
    held, written = holding(1500, Side.CALL, 2), holding(1500, Side.PUT, -3, place="book")
    rooms = {
        (1, Side.CALL): VaultRoom(0, 18, False, {held.series_id: WAD}),
        (1, Side.PUT): VaultRoom(3000 * 10**6, 6, False, {}),
    }
    around = Around(state(), {(1, side): 18 for side in Side}, {}, rooms, {held.series_id: 9 * WAD})
    found = assess_around([held, written], around, NOW)
    assert [(entry.amount, entry.closable, entry.open_interest) for entry in found.closable] == [
        (2 * WAD, WAD, 9 * WAD),
        (-3 * WAD, 2 * WAD, 0),
    ]
    texts = [finding.text for finding in found.findings if "take over" in finding.text]
    assert len(texts) == 2 and any("1 of 2 contracts held" in text for text in texts)
    paused = Around(state(), around.decimals, {}, {key: replace(room, paused=True) for key, room in rooms.items()}, {})
    assert [entry.closable for entry in assess_around([held, written], paused, NOW).closable] == [0, 0]


def test_concentration_nets_what_cancels() -> None:
    parts = [
        (holding(1500, Side.CALL, 1), "ETH", 3.0),
        (holding(1500, Side.PUT, -1), "ETH", -3.0),
        (holding(1600, Side.CALL, 1, EXPIRY + DAY), "ETH", 1.0),
    ]
    found = {share.by: (share.name, share.share) for share in concentration(parts)}
    assert found["strike"] == ("ETH 1600", 1.0)
    assert found["side"] == ("ETH calls", pytest.approx(4 / 7))
    assert found["market"] == ("ETH", 1.0)


@pytest.fixture
def client(database: Engine, tmp_path: Path) -> Iterator[TestClient]:
    fill_market(database)
    engine = RiskEngine(MarketData(database, CHAIN), ShippedHistory(), Registry(tmp_path), compare_all=False)
    yield TestClient(create_app(engine))
    engine.close()


class NoBars:
    """A source without a bar of anything."""

    name = "none"

    def bars(self, asset: str, until: int) -> RawBars:
        return np.zeros(0, dtype=np.int64), np.zeros(0)


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
    (worst,) = found.worst_cases
    assert (worst.market, worst.side, worst.expiry, worst.locked) == (1, "CALL", EXPIRIES[-1], str(2 * WAD))
    assert (worst.loss, worst.price, worst.unbounded) == (str(2 * WAD), None, True)
    assert {(each.days, each.level) for each in found.tails} == {(1, 0.95), (1, 0.99), (10, 0.95), (10, 0.99)}
    assert all(each.expected_shortfall >= each.value_at_risk > 0 for each in found.tails)
    assert found.scenarios[0].binding.change < 0
    (entry,) = found.closable
    assert (entry.amount, entry.closable) == (str(-3 * WAD // 2), "0")
    assert found.unpriced == [] and found.findings


def risk_of(client: TestClient) -> schemas.AccountAnswer:
    answer = client.post("/risk/account", json={"chain_id": CHAIN, "account": ACCOUNT})
    return schemas.AccountAnswer.model_validate_json(answer.content)


def test_an_answer_says_how_old_the_spot_and_the_slices_are(client: TestClient, database: Engine) -> None:
    fill_account(database)
    rules = {"volatility_per_day": WAD, "carry_per_day": WAD, "max_move_seconds": DAY, "threshold": 1, "signers": []}
    with Session(database) as session, session.begin():
        session.add(tables.VolatilityOracle(chain_id=CHAIN, heartbeat=3 * 3600, **rules))
    (fresh,) = risk_of(client).inputs
    assert (fresh.market, fresh.symbol, fresh.heartbeat, fresh.stale, fresh.gappy) == (1, "ETH", 3 * 3600, False, False)
    assert fresh.slice_age == 60 and fresh.bars is not None and fresh.problems == []
    passed = 3 * 3600 - 59
    with Session(database) as session, session.begin():
        session.execute(update(tables.Checkpoint).values(block_timestamp=NOW + passed))
    found = risk_of(client)
    (old,) = found.inputs
    assert old.stale and old.slice_age == 3 * 3600 + 1 and old.spot_age == fresh.spot_age + passed
    said = " ".join(one.text for one in found.findings if one.severity == "warning")
    assert f"slice is {old.slice_age} s old" in said and f"last round is {old.spot_age} s old" in said


def test_an_answer_says_why_it_has_no_tails(database: Engine, tmp_path: Path) -> None:
    fill_account(database)
    fill_market(database)
    engine = RiskEngine(MarketData(database, CHAIN), NoBars(), Registry(tmp_path), compare_all=False)
    found = risk_of(TestClient(create_app(engine)))
    engine.close()
    assert found.tails == [] and found.inputs[0].bars is None
    assert any(found.inputs[0].problems[0] in one.text for one in found.findings)


def test_an_account_without_options_and_wrong_requests(client: TestClient) -> None:
    answer = client.post("/risk/account", json={"chain_id": CHAIN, "account": ACCOUNT})
    assert schemas.AccountAnswer.model_validate_json(answer.content).exposures == []
    assert client.post("/risk/account", json={"chain_id": 1, "account": ACCOUNT}).status_code == 404
    assert client.post("/risk/account", json={"chain_id": CHAIN, "account": "me"}).status_code == 422


def test_many_accounts_at_once(client: TestClient, database: Engine) -> None:
    fill_account(database)
    other = "0x" + "cd" * 20
    answer = client.post("/risk/accounts", json={"chain_id": CHAIN, "accounts": [ACCOUNT, other]})
    found = schemas.AccountsAnswer.model_validate_json(answer.content).accounts
    alone = client.post("/risk/account", json={"chain_id": CHAIN, "account": ACCOUNT})
    assert found[0] == schemas.AccountAnswer.model_validate_json(alone.content)
    assert found[1].account == other and found[1].exposures == []
    too_many = {"chain_id": CHAIN, "accounts": [ACCOUNT] * 101}
    assert client.post("/risk/accounts", json=too_many).status_code == 422
    assert client.post("/risk/accounts", json={"chain_id": CHAIN, "accounts": []}).status_code == 422


def test_all_is_of_one_block_while_the_next_is_written(client: TestClient, database: Engine) -> None:
    fill_account(database)
    before = client.post("/risk/accounts", json={"chain_id": CHAIN, "accounts": [ACCOUNT, ACCOUNT]}).json()
    written: list[str] = []

    def write_another(_: Connection, __: object, statement: str, *rest: object) -> None:
        """Once the block has been read, the indexer commits the next one."""
        if "checkpoint" in statement and not written:
            written.append(statement)
            with Session(database) as session, session.begin():
                session.execute(update(tables.Checkpoint).values(block_number=101))
                session.execute(update(tables.Leg).values(amount=-7 * WAD))
                session.execute(update(tables.Book).values(locked=7 * WAD))
                session.execute(update(tables.Surface).values(theta=tables.Surface.theta * 2))

    event.listen(database, "after_cursor_execute", write_another)
    found = client.post("/risk/accounts", json={"chain_id": CHAIN, "accounts": [ACCOUNT, ACCOUNT]}).json()
    event.remove(database, "after_cursor_execute", write_another)
    assert written and found == before
    later = client.post("/risk/accounts", json={"chain_id": CHAIN, "accounts": [ACCOUNT]}).json()["accounts"][0]
    assert later["block"] == 101 and later["worst_cases"][0]["locked"] == str(7 * WAD)


def name(strike: int, side: str) -> str:
    return Series(1, Side.parse(side), EXPIRIES[-1], strike * 10**8).name("ETH")


def test_a_portfolio_that_somebody_might_have(client: TestClient, database: Engine) -> None:
    fill_account(database)
    legs = [{"instrument": name(1500, "C"), "amount": "-2"}, {"instrument": name(1600, "C"), "amount": "2"}]
    answer = client.post("/risk/portfolio", json={"chain_id": CHAIN, "legs": legs})
    assert answer.status_code == 200
    found = schemas.PortfolioAnswer.model_validate_json(answer.content)
    (worst,) = found.worst_cases
    # A spread of calls loses 2 (1 - 1500 / 1600) base and no more, from the upper strike on.
    assert worst.loss == str(WAD // 8) and worst.locked == "0"
    assert len(found.exposures) == 1 and len(found.tails) == 4
    assert answer.text.count("NaN") == 0


@pytest.mark.parametrize(
    ("leg", "status", "said"),
    [
        ({"instrument": "ETH", "amount": "1"}, 422, "ETH"),
        ({"instrument": "DOGE-7MAR23-1500-C", "amount": "1"}, 422, "there is no market DOGE"),
        ({"instrument": "ETH-1JAN21-1500-C", "amount": "1"}, 422, "expired"),
        ({"instrument": "ETH-7MAR23-1500-C", "amount": "NaN"}, 422, "amount"),
        ({"instrument": "ETH-7MAR23-1500-C", "amount": "1e40"}, 422, "amount"),
        ({"instrument": "ETH-7MAR23-1500-C", "amount": "0.000000001"}, 422, "amount"),
        ({"instrument": "x" * 65, "amount": "1"}, 422, "instrument"),
    ],
)
def test_wrong_legs_are_told(client: TestClient, leg: dict[str, str], status: int, said: str) -> None:
    answer = client.post("/risk/portfolio", json={"chain_id": CHAIN, "legs": [leg]})
    assert answer.status_code == status and said in answer.text


def test_too_many_legs_are_refused(client: TestClient) -> None:
    legs = [{"instrument": name(1500, "C"), "amount": "1"}] * 201
    assert client.post("/risk/portfolio", json={"chain_id": CHAIN, "legs": legs}).status_code == 422
    assert client.post("/risk/portfolio", json={"chain_id": CHAIN, "legs": []}).status_code == 422


class TestCommands:
    @pytest.fixture(autouse=True)
    def served(self, client: TestClient, database: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
        """The commands ask this test's service."""
        fill_account(database)

        def request(method: str, url: str, **asked: object) -> httpx.Response:
            return client.request(method, "/" + url.split("/", 3)[3], json=asked["json"])

        monkeypatch.setattr(httpx, "request", request)

    def test_an_account_as_a_table_and_as_json(self) -> None:
        shown = CliRunner().invoke(cli, ["risk", "account", ACCOUNT])
        assert shown.exit_code == 0, shown.output
        for word in ("Greeks", "ETH by spot move", "Tails", "Worst losses of books", "without end", "At block 100"):
            assert word in shown.output
        told = CliRunner().invoke(cli, ["risk", "account", ACCOUNT, "--json"])
        schemas.AccountAnswer.model_validate_json(told.stdout[told.stdout.index("{\n") :])

    def test_a_portfolio(self) -> None:
        told = CliRunner().invoke(cli, ["risk", "portfolio", f"{name(1500, 'C')}=-2", f"{name(1600, 'C')}=2", "--json"])
        assert told.exit_code == 0, told.output
        answer = told.stdout[told.stdout.index("{\n") :]  # behind what the service in this process logs
        assert schemas.PortfolioAnswer.model_validate_json(answer).worst_cases[0].loss == str(WAD // 8)

    @pytest.mark.parametrize(
        ("words", "said"), [(["ETH-1JAN21-1500-C=1"], "expired"), (["ETH"], "is not a leg"), (["=1"], "is not a leg")]
    )
    def test_wrong_legs(self, words: list[str], said: str) -> None:
        done = CliRunner().invoke(cli, ["risk", "portfolio", *words])
        assert done.exit_code == 1 and said in done.output
